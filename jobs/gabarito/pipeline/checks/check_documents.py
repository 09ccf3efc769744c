"""What a run would read of a source, told from some of its files: a folder may hold thousands."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from gabarito.artifacts.fingerprint import input_digests
from gabarito.core.records import Document
from gabarito.core.text import in_number
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.file_report import FileReport, kept_of_formats
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.outcomes import ATTENTION
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.ingest.web_sources.manners import WebSource
from gabarito.pipeline.checks.check_pages import check_pages
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.schema import PartialPipeline

NAMED = 3
"""How many files are named as examples."""


def check_documents(
    pipeline: PartialPipeline, number: int, sample: Sample
) -> Iterator[CheckResult]:
    """Read some files of the source of this number, and add what they hold to the sample.

    Raises:
        DataError: if none of them is a document.
    """
    source = pipeline.ingest.sources[number]
    if isinstance(source, WebSource):
        yield from check_pages(pipeline.ingest, source, number, sample)
        return
    input_digests(source, f"ingest.sources.{number}")  # all of it is there
    if isinstance(source, PairsSource):
        yield from _pairs(pipeline.ingest, f"ingest.sources.{number}", source, sample)
        return
    setting = f"ingest.sources.{number}.path"
    from gabarito.ingest.look import Preview  # the formats' libraries take seconds

    found = find_files((source,), setting)
    wanted = [file for file in found if file.is_wanted] or found
    documents: list[Document] = []
    preview = Preview(pipeline.ingest, documents.append)
    reports = preview.read_some(wanted)
    of_them = f"{len(wanted):,} {in_number(len(wanted), 'files')}"
    if len(reports) < len(wanted):
        of_them = f"{len(reports):,} of its {of_them} (a sample)"
        setting = f"{setting}, by {of_them}"
    preview.outcomes.refuse_nothing([source.place], setting)
    sample.add(documents, _share_read(reports, wanted, pipeline.ingest))
    summary = summary_of({name: n for name, n in preview.figures.items() if name != "files"})
    yield CheckResult("documents", f"{source.place}: {of_them}: {summary}")
    yield CheckResult("documents", f"{source.place}: {kept_of_formats(reports)} kept")
    yield from _doubts(source.place, wanted, reports, pipeline.ingest)
    yield from _found_pairs(source.place, wanted, pipeline.ingest)


def sample_of_sources(pipeline: PartialPipeline) -> Sample | None:
    """Return documents of all files; None where what reads them is not installed.

    Nothing is fetched: how much there is on the web is open.

    Raises:
        DataError: as ``check_documents``.
    """
    sample = Sample()
    try:
        for number, source in enumerate(pipeline.ingest.sources):
            if isinstance(source, WebSource):
                sample.is_open = True
                continue
            for _ in check_documents(pipeline, number, sample):
                """What is found there is said by ``gabarito check``."""
    except ModuleNotFoundError:
        return None
    return sample


def _share_read(
    reports: Sequence[FileReport], files: Sequence[SourceFile], config: IngestConfig
) -> float:
    """Return which share was read of what is in formats that are read, by its size."""
    names = {one.source for one in reports}
    readable = [file for file in files if config.reads(file.suffix)]
    total = sum(file.size for file in readable)
    return sum(file.size for file in readable if file.name in names) / total if total else 1.0


def _pairs(
    config: IngestConfig, setting: str, source: PairsSource, sample: Sample
) -> Iterator[CheckResult]:
    """Read all rows of a source of pairs: each of them is somebody's work."""
    from gabarito.ingest.pairs.read_pairs import dropped_rows, read_pairs

    read = read_pairs(config, {setting: source})
    read.refuse_nothing(f"{setting}: {source.path!r}")
    sample.pairs += len(read.pairs)
    summary = summary_of(read.figures)
    yield CheckResult("documents", f"{source.path}: {summary}")
    for said in dropped_rows(read.rejections):
        yield CheckResult("documents", f"{source.path}: dropped: {said}", is_warning=True)


def _found_pairs(
    path: str, wanted: Sequence[SourceFile], config: IngestConfig
) -> Iterator[CheckResult]:
    """Tell of tables that are read as documents, and hold what would be trained as it stands."""
    from gabarito.ingest.pairs.found_pairs import find_pairs

    for found in find_pairs(wanted, config):
        said = (
            f"{path}: {found.file.name} holds questions and answers, and is read as a document; "
            "leave it out there (exclude), and add to ingest.sources, so that they are trained as "
            f"they stand: {found.entry(found.file.place)}"
        )
        yield CheckResult("documents", said, is_warning=True)


def _doubts(
    path: str, wanted: Sequence[SourceFile], reports: Sequence[FileReport], config: IngestConfig
) -> Iterator[CheckResult]:
    """Warn of files that cannot be read, and of documents that look wrong.

    What is out of reach or oddly named is known of all files, the rest of those that were read.
    """
    unread = Counter(file.suffix or "no ending" for file in wanted if not config.reads(file.suffix))
    endings = {ending: str(number) for ending, number in unread.most_common()}
    unreadable = {file.name: file.flaw for file in wanted if file.flaw} | {
        one.source: one.rejected for one in reports if one.outcome in ATTENTION
    }
    odd = {file.name: file.remark for file in wanted if file.remark}
    for one in reports:
        if one.findings:
            odd.setdefault(one.source, one.findings[0].said)
    yield from _warning(path, unread.total(), "of formats that are not read", endings)
    yield from _warning(path, len(unreadable), "that cannot be read", unreadable)
    yield from _warning(path, len(odd), "to look at", odd)


def _warning(
    path: str, number: int, what: str, examples: Mapping[str, str]
) -> Iterator[CheckResult]:
    if not number:
        return
    named = ", ".join(f"{name} ({said})" for name, said in list(examples.items())[:NAMED])
    such_as = "such as " if len(examples) > NAMED else ""
    said = f"{number:,} {in_number(number, 'files')} {what}: {such_as}{named}"
    cure = f"gabarito ingest {quote(path)} says what to do about each"
    yield CheckResult("documents", f"{path}: {said}; {cure}", is_warning=True)
