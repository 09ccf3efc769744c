"""The files of all sources to documents, of which one stays where several say the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
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
    versions = Versions(config.near_duplicate, config.versions)
    with closing(Reader(config)) as reader, closing(Spool(folder)) as spool:
        results = [_noted(result, spool, versions) for result in read_all(files, reader)]
        yield from _decided(results, versions.decide(spool.text_of), spool)


def _noted(result: FileResult, spool: Spool, versions: Versions) -> FileResult:
    """Put a document aside, and take note of what tells whether others say the same."""
    if result.document is None or result.origin is None:
        return result
    versions.add(result.origin, result.document.text)
    spool.add(result.document)
    return replace(result, document=None)


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
            yield replace(FileResult.dropped(result.origin.name, dropped), page=result.page)
        else:
            kept = result.flagged(verdict.reason, verdict.detail) if verdict else result
            yield replace(kept, document=spool.read(number))
