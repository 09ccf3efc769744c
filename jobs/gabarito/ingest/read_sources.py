"""The files of all sources to documents, of which one stays where several say the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import Dropped, FileResult
from gabarito.ingest.reading.reader import Reader, read_all
from gabarito.ingest.spool import Spool
from gabarito.ingest.versions.resolve import Versions, VersionVerdict


def read_sources(
    files: Iterable[SourceFile | FileResult], config: IngestConfig, folder: Path
) -> Iterator[FileResult]:
    """Yield what each file gives, once all are read; ``folder`` holds the documents till then."""
    return resolve(read_files(files, config), config, folder)


def read_files(
    files: Iterable[SourceFile | FileResult], config: IngestConfig
) -> Iterator[FileResult]:
    """Yield what each file gives, as it is read."""
    with closing(Reader(config)) as reader:
        yield from read_all(files, reader)


def resolve(
    results: Iterable[FileResult], config: IngestConfig, folder: Path
) -> Iterator[FileResult]:
    """Yield the same, once all are there: of documents that say the same, one stays."""
    versions = Versions(config.near_duplicate, config.versions)
    with closing(Spool(folder)) as spool:
        noted = [_noted(result, spool, versions) for result in results]
        yield from _decided(noted, versions.decide(spool.text_of), spool)


def _noted(result: FileResult, spool: Spool, versions: Versions) -> FileResult:
    """Put a document aside, and take note of what tells whether others say the same."""
    if result.document is None or result.origin is None:
        return result
    versions.add(result.origin, result.document.text)
    spool.add(result.document)
    return result.model_copy(update={"document": None})


def _decided(
    results: Sequence[FileResult], verdicts: Mapping[int, VersionVerdict], spool: Spool
) -> Iterator[FileResult]:
    """Yield the results with their documents, or with the reason why these do not stay."""
    documents = [result for result in results if result.origin]
    numbers = count()
    for result in results:
        if result.origin is None:
            yield result
            continue
        number = next(numbers)
        verdict = verdicts.get(number)
        if verdict and not verdict.is_kept:
            twin = documents[verdict.other].outcome.document
            dropped = Dropped(verdict.reason, verdict.detail, twin)
            fate = FileResult.dropped(result.origin.name, dropped)
            yield fate.model_copy(update={"page": result.page})
        else:
            kept = result.flagged(verdict.reason, verdict.detail) if verdict else result
            yield kept.model_copy(update={"document": spool.read(number)})
