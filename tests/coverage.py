"""A coverage as tests need it where it does not matter what it says."""

from gabarito.core.coverage import Coverage, DocumentCoverage, Part


def coverage(sentences: int = 60, title: str = "The bridge") -> Coverage:
    """Return the coverage of one document, so many of whose 100 sentences support a fact."""
    part, half = Part(count=sentences, total=100), Part(count=1, total=2)
    document = DocumentCoverage(
        document="d" * 16,
        title=title,
        facts=min(sentences, 6),
        sentences=part,
        figures=half,
        names=half,
        missing=("1987",),
    )
    one = Part(count=1, total=1)
    return Coverage(
        documents=one,
        passages=Part(count=2, total=3),
        sentences=part,
        figures=half,
        names=half,
        by_document=(document,),
    )
