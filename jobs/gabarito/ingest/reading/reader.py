"""A file to a document and the account of its reading, or the reason why it is none."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from gabarito.core.account_records import Account
from gabarito.core.language_names import UNDETERMINED
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Document
from gabarito.ingest.config import FORMATS, REFUSED, IngestConfig
from gabarito.ingest.cures import EMPTY_FILE, NO_ENDING
from gabarito.ingest.files import SourceFile
from gabarito.ingest.formats.ocr.tesseract import engine_for
from gabarito.ingest.outcomes import ATTENTION, Dropped, FileResult
from gabarito.ingest.page import Beside, Hints, OcrHints, fold, heading_of
from gabarito.ingest.reading.account import account_of
from gabarito.ingest.reading.language_detection import language_tagger
from gabarito.ingest.reading.plausible import implausible
from gabarito.ingest.reading.worker import Worker
from gabarito.ingest.reading.worker_main import FileReading
from gabarito.ingest.sources import FilesSource
from gabarito.ingest.versions.origin import Origin
from gabarito.ingest.web_sources.addresses import own_address
from gabarito.ingest.web_sources.walls import explained, refuse_wall

log = logging.getLogger("gabarito.ingest")


class Reader:
    """Reads files of all formats, in a process of its own that is ended with the reader.

    Raises:
        SettingsError: if pictures are to be read, and what reads them is not installed.
    """

    def __init__(self, config: IngestConfig) -> None:
        self._config = config
        self._ocr_engine = engine_for(config.ocr) if config.ocr else ""
        self._ocr = OcrHints(config.ocr, config.limits.wall_s) if config.ocr else None
        self._language_of = language_tagger(config.known_languages)
        self._worker = Worker(config.limits, config.max_bytes)

    def close(self) -> None:
        """End the process that reads."""
        self._worker.close()

    def read(self, file: SourceFile) -> tuple[Document, Account, Origin]:
        """Return the document that a file holds, its account, and what tells its version.

        Raises:
            Dropped: if it holds none, or none that is wanted.
        """
        self._refuse_unread(file)
        reading = self._reading(file)
        language = self._refuse_unwanted(reading)
        if file.page and FORMATS.get(reading.ending) == "html":
            refuse_wall(file.url, file.read(), reading.title, reading.text)
        document = Document.of(
            text=reading.text,
            source=file.name,
            url=own_address(file.url, reading.url) if file.page else reading.url or file.url,
            title=reading.title or file.title or heading_of(reading.text) or _title_of(file.name),
            language=language,
            fetched_at=file.modified,
        )
        origin = Origin(
            name=file.name,
            structure=reading.structure,
            date=reading.date or file.date,
            place=file.order[0],
            modified=None if file.page else file.modified,
            page=document.url if file.page else "",
        )
        return document, self._account(file, reading, document), origin

    def _reading(self, file: SourceFile) -> FileReading:
        """Return what a file holds; its bytes are forgotten."""
        hints = Hints(file.encoding, self._config.known_languages, self._ocr, self._beside(file))
        data = file.read()
        if not data:
            raise Dropped(IngestReason.NO_TEXT, EMPTY_FILE)
        try:
            return self._worker.read(file.suffix, data, hints)
        except Dropped as why:
            raise why.about(file.name) from why

    def _beside(self, file: SourceFile) -> Beside | None:
        """Return where the pictures of a saved page may lie, if they are read."""
        source, is_html = file.source, FORMATS.get(file.suffix) == "html"
        if not (self._ocr and file.folder and is_html and isinstance(source, FilesSource)):
            return None
        if file.remark:  # its name may be none that can be handed on
            return None
        below = PurePosixPath(file.below).parent.as_posix()
        return Beside(str(file.folder), "" if below == "." else below, source)

    def _refuse_unread(self, file: SourceFile) -> None:
        if not file.is_wanted:
            raise Dropped(IngestReason.HIDDEN if file.is_hidden else IngestReason.EXCLUDED)
        if file.flaw:
            raise Dropped(IngestReason.OUT_OF_REACH, file.flaw)
        if file.suffix not in FORMATS and file.suffix not in REFUSED:
            raise Dropped(IngestReason.UNSUPPORTED, file.suffix or NO_ENDING)
        if file.size > self._config.max_bytes:
            detail = f"{file.size} bytes, at most {self._config.max_bytes} wanted"
            raise Dropped(IngestReason.TOO_LARGE, detail)

    def _refuse_unwanted(self, reading: FileReading) -> str:
        """Refuse a text that is too short or in another language; return its language."""
        config, text = self._config, reading.text
        most = max(reading.left_out, key=lambda one: one.words, default=None)
        lost = f"left out: {most.said}" if most else ""
        if not text:
            raise Dropped(IngestReason.NO_TEXT, lost)
        if len(text) < config.min_chars:
            detail = f"{len(text)} characters, at least {config.min_chars} wanted"
            raise Dropped(IngestReason.TOO_SHORT, f"{detail}; {lost}" if lost else detail)
        language = self._language_of(text)
        if config.languages and language not in (*config.languages, UNDETERMINED):
            raise Dropped(IngestReason.OTHER_LANGUAGE, language)
        return language

    def _account(self, file: SourceFile, reading: FileReading, document: Document) -> Account:
        """Return the account of a document.

        Raises:
            Dropped: if its text is implausible, and such ones are not wanted.
        """
        garbled = implausible(document.text, document.language)
        if garbled and self._config.implausible == "drop":
            raise Dropped(IngestReason.IMPLAUSIBLE, garbled[0].said)
        account = account_of(document, reading, garbled, file, self._ocr_engine)
        for finding in account.findings:
            fields = {"file": file.place, "kind": finding.kind, "detail": finding.said}
            log.warning("document flagged", extra=fields)
        return account


def read_all(files: Iterable[SourceFile | FileResult], reader: Reader) -> Iterator[FileResult]:
    """Yield what each file gives, as it is read; of some it is known already that it is nothing."""
    for file in files:
        if isinstance(file, FileResult):
            yield file
            continue
        try:
            document, account, origin = reader.read(file)
        except Dropped as dropped:
            why = explained(dropped, file.url, file.read()) if file.page else dropped
            if why.reason in ATTENTION:
                fields = {"file": file.place, "reason": why.reason.value, "detail": why.detail}
                log.warning("file dropped", extra=fields)
            result = FileResult.dropped(file.name, why)
        else:
            result = FileResult.kept(document, account, origin)
        yield result.model_copy(update={"page": file.page, "order": file.order})


def _title_of(name: str) -> str:
    """Return a file's name as words."""
    stem = PurePosixPath(name).stem
    return fold(stem.replace("_", " ").replace("-", " ")) or stem
