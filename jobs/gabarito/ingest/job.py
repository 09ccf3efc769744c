"""Read sources and write one document for each file that has something new to say.

sources  ->  documents.jsonl, outcomes.jsonl, ledger.jsonl
"""

import logging
from collections.abc import Iterable, Iterator

from gabarito.artifacts.attempt import Attempt
from gabarito.core.records import Document, to_jsonl
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.near_duplicates import NearDuplicates
from gabarito.ingest.outcomes import ATTENTION, Dropped, Outcomes
from gabarito.ingest.reader import Reader

log = logging.getLogger("gabarito.ingest")


def run(config: IngestConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here.

    Raises:
        MissingError: if a source is not there.
        DataError: if no file becomes a document; it says why.
    """
    files = find_files(config.sources)
    outcomes = Outcomes(work.ledger)
    tracked = work.progress.track(files, len(files), "files")
    work.write("documents.jsonl", to_jsonl(_documents(tracked, config, outcomes)))
    outcomes.refuse_nothing([source.path for source in config.sources])
    work.write("outcomes.jsonl", to_jsonl(outcomes.all))
    work.counts |= outcomes.figures
    log.info("files read", extra=outcomes.figures)


def _documents(
    files: Iterable[SourceFile], config: IngestConfig, outcomes: Outcomes
) -> Iterator[Document]:
    """Yield the document of each file that has a new one; the others' fate is recorded."""
    reader, near_duplicates = Reader(config), NearDuplicates(config.near_duplicate)
    for file in files:
        try:
            document = reader.read(file)
            near_duplicates.add(document)
        except Dropped as why:
            outcomes.drop(file.name, why)
            if why.reason in ATTENTION:
                fields = {"file": file.place, "reason": why.reason.value, "detail": why.detail}
                log.warning("file dropped", extra=fields)
        else:
            outcomes.keep(document)
            yield document
