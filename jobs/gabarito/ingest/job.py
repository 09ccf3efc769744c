"""Read sources: one document for each file that has something new to say, and people's own pairs.

sources               ->  documents.jsonl, pairs.jsonl, accounts.jsonl, outcomes.jsonl,
                          ledger.jsonl, and pages.jsonl where there are sources on the web
sources, for a shard  ->  results.jsonl, and for the first of them pairs.jsonl, ledger.jsonl
those of all shards   ->  the same as of one
"""

import heapq
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.pair_records import Pair
from gabarito.core.records import Document, Rejection, read_jsonl, to_jsonl
from gabarito.core.shard import WHOLE, Shard
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.find_all import find_all
from gabarito.ingest.outcomes import FileResult, Outcomes
from gabarito.ingest.pairs.read_pairs import pair_sources, read_pairs
from gabarito.ingest.read_sources import read_files, resolve
from gabarito.store.scratch import temporary_folder

log = logging.getLogger("gabarito.ingest")

_RESULTS = "results.jsonl"


def run(config: IngestConfig, work: Attempt) -> None:
    """Run the stage as a whole.

    Raises:
        MissingError: if a source is not there.
        ServiceError: if a host of the web does not answer any more.
        DataError: if no file becomes a document, or no row a pair; it says why.
    """
    _write_pairs(config, work)
    _write(config, _results(config, work, WHOLE), work)


def run_shard(config: IngestConfig, work: Attempt, shard: Shard) -> None:
    """Read the files that are a shard's, and the pages of hosts that are; pairs are the first's.

    Raises:
        MissingError: if a source is not there.
        ServiceError: if a host of the web does not answer any more.
        DataError: if a source names what cannot be, or no row becomes a pair.
    """
    if shard.index == 0:
        _write_pairs(config, work)
    work.write(_RESULTS, to_jsonl(_results(config, work, shard)))


def join(config: IngestConfig, parts: list[Artifact], work: Attempt) -> None:
    """Make the whole from the shards: which of several versions stays is decided here.

    Raises:
        DataError: if no file became a document; it says why.
    """
    first = parts[0]
    work.write("pairs.jsonl", to_jsonl(first.records("pairs.jsonl", Pair)))
    for rejection in first.records("ledger.jsonl", Rejection):
        work.ledger.add(rejection)
    work.counts |= first.manifest.counts
    with temporary_folder("shards") as folder:
        read = [_results_of(part, folder / part.address.shard) for part in parts]
        merged = heapq.merge(*read, key=lambda result: result.order)
        _write(config, merged, work)


def _results(config: IngestConfig, work: Attempt, shard: Shard) -> Iterator[FileResult]:
    """Yield what became of each of a shard's files, before versions are compared."""
    if config.is_of_pairs_alone:
        return
    files = [file for file in find_files(config.sources) if shard.has_name(file.name)]
    found = find_all(config, files, work.cache, shard)
    what = "files and pages" if config.pages else "files"
    yield from read_files(
        work.progress.track(found, 0 if config.pages else len(files), what), config
    )


def _results_of(part: Artifact, folder: Path) -> Iterator[FileResult]:
    """Yield what a shard wrote, line by line: together they may be more than memory holds."""
    where = f"{part.address.prefix}/{_RESULTS}"
    with (part.fetch(folder) / _RESULTS).open(encoding="utf-8", newline="\n") as lines:
        yield from read_jsonl(lines, FileResult, where)


def _write(config: IngestConfig, results: Iterable[FileResult], work: Attempt) -> None:
    """Write the documents that stay, and what became of all."""
    outcomes = Outcomes()
    resolved = resolve(results, config, work.folder)
    work.write("documents.jsonl", to_jsonl(_documents(resolved, outcomes, work)))
    work.write("accounts.jsonl", to_jsonl(outcomes.accounts))
    work.write("outcomes.jsonl", to_jsonl(outcomes.all))
    if config.pages:
        work.write("pages.jsonl", to_jsonl(outcomes.pages))
    if not config.is_of_pairs_alone:
        places = [source.place for source in config.files]
        outcomes.refuse_nothing([*places, *(source.place for source in config.pages)])
        work.counts |= outcomes.figures
        log.info("files read", extra=outcomes.figures)


def _write_pairs(config: IngestConfig, work: Attempt) -> None:
    """Write the pairs that people have already; a column that is missing ends the stage first."""
    read = read_pairs(config)
    work.write("pairs.jsonl", to_jsonl(read.pairs))
    if not pair_sources(config):
        return
    read.refuse_nothing(
        ", ".join(f"{at}: {one.path!r}" for at, one in pair_sources(config).items())
    )
    for rejection in read.rejections:
        work.ledger.add(rejection)
    work.counts |= read.figures
    log.info("pairs read", extra=read.figures)


def _documents(
    results: Iterable[FileResult], outcomes: Outcomes, work: Attempt
) -> Iterator[Document]:
    """Yield the documents, and write what else became of files as it occurs."""
    for result in results:
        outcomes.add(result)
        if result.rejection:
            record = work.ledger.note if result.is_remark else work.ledger.add
            record(result.rejection)
        if result.document:
            yield result.document
