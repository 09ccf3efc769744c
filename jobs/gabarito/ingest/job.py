"""Read sources: one document for each file that has something new to say, and people's own pairs.

sources  ->  documents.jsonl, pairs.jsonl, accounts.jsonl, outcomes.jsonl, ledger.jsonl
             pages.jsonl, where there are sources on the web
"""

import logging
from collections.abc import Iterable, Iterator

from gabarito.artifacts.attempt import Attempt
from gabarito.core.records import Document, to_jsonl
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.find_all import find_all
from gabarito.ingest.outcomes import FileResult, Outcomes
from gabarito.ingest.pairs.read_pairs import pair_sources, read_pairs
from gabarito.ingest.read_sources import read_sources

log = logging.getLogger("gabarito.ingest")


def run(config: IngestConfig, work: Attempt) -> None:
    """Run the stage: all of its writing happens here.

    Raises:
        MissingError: if a source is not there.
        ServiceError: if a host of the web does not answer any more.
        DataError: if no file becomes a document, or no row a pair; it says why.
    """
    _write_pairs(config, work)
    files = find_files(config.sources)
    outcomes = Outcomes()
    found = find_all(config, files, work.cache)
    what = "files and pages" if config.pages else "files"
    tracked = work.progress.track(found, 0 if config.pages else len(files), what)
    results = () if config.is_of_pairs_alone else read_sources(tracked, config, work.folder)
    work.write("documents.jsonl", to_jsonl(_documents(results, outcomes, work)))
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
    read.refuse_nothing("ingest.sources")
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
