"""What a run would read of a source on the web, told from its first pages."""

from collections.abc import Iterable, Iterator
from contextlib import closing

from gabarito.artifacts.fingerprint import input_digests
from gabarito.core.records import Document
from gabarito.core.text import in_number
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import ATTENTION, FileResult
from gabarito.ingest.web_sources.manners import WebSource
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.counters import summary_of

PAGES = 3
"""How many pages are fetched: enough to see whether there is text in them."""

MOST_LISTED = 200
"""How many addresses are looked at to find so many that the settings do not leave out."""


def check_pages(
    config: IngestConfig, source: WebSource, number: int, sample: Sample
) -> Iterator[CheckResult]:
    """Fetch and read the first pages of the source of this number, and add them to the sample.

    Raises:
        DataError: if the source lists nothing, or none of the pages is a document.
        ServiceError: if it is out of reach.
    """
    setting = f"ingest.sources.{number}"
    input_digests(source, setting)  # a file of addresses is there
    from gabarito.ingest.find_all import pages_of
    from gabarito.ingest.look import Preview  # the formats' libraries take seconds
    from gabarito.ingest.web_sources.fetcher import Fetcher
    from gabarito.ingest.web_sources.kept_pages import NothingKept

    sample.is_open = True
    documents: list[Document] = []
    preview = Preview(config, documents.append)
    with closing(Fetcher.of(source, config, NothingKept(), set())) as fetch:
        reports = list(preview.read(_first(pages_of(source, fetch, number))))
    pages = sum(report.is_wanted for report in reports)
    of_them = f"its first {pages} {in_number(pages, 'pages')}" if pages > 1 else "its first page"
    preview.outcomes.refuse_nothing([source.place], f"{setting}, by {of_them}")
    sample.add(documents, 1.0)
    summary = summary_of({name: n for name, n in preview.figures.items() if name != "pages"})
    yield CheckResult("documents", f"{source.place}: {of_them}: {summary}")
    for one in reports:
        if one.outcome in ATTENTION:
            cure = f"; {one.cure}" if one.cure else ""
            said = f"{source.place}: {one.source}: {one.rejected}{cure}"
            yield CheckResult("documents", said, is_warning=True)


def _first(found: Iterable[SourceFile | FileResult]) -> Iterator[SourceFile | FileResult]:
    """Yield what is found until there are a few pages among it."""
    pages = 0
    for number, one in enumerate(found, start=1):
        yield one
        pages += isinstance(one, SourceFile) or one.outcome.outcome in ATTENTION
        if pages == PAGES or number == MOST_LISTED:
            return
