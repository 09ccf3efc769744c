"""A file to a document, or the reason why it is none."""

import logging
from importlib import import_module
from pathlib import PurePosixPath

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Document
from gabarito.ingest.config import FORMATS, IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.language_detection import language_tagger
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page, fold, heading_of

_CHATTY = ("charset_normalizer", "pypdf", "trafilatura")


class Reader:
    """Reads files of all formats; a format's library is loaded with its first file."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config
        self._language_of = language_tagger(config.known_languages)
        for library in _CHATTY:  # what they complain of is in the ledger, or was mended
            logging.getLogger(library).setLevel(logging.CRITICAL)

    def read(self, file: SourceFile) -> Document:
        """Return the document that a file holds.

        Raises:
            Dropped: if it holds none, or none that is wanted.
        """
        self._refuse_unread(file)
        hints = Hints(file.source.encoding, self._config.known_languages)
        reader = import_module(f"gabarito.ingest.formats.{FORMATS[file.suffix]}")
        page: Page = reader.read(file.read(), hints)
        self._refuse_short(page.text)
        return Document.of(
            text=page.text,
            source=file.name,
            url=page.url or file.url,
            title=page.title or heading_of(page.text) or _title_of(file.name),
            language=self._wanted_language(page.text),
            fetched_at=file.modified,
        )

    def _refuse_unread(self, file: SourceFile) -> None:
        if not file.is_wanted:
            raise Dropped(IngestReason.EXCLUDED)
        if file.flaw:
            raise Dropped(IngestReason.OUT_OF_REACH, file.flaw)
        if file.suffix not in FORMATS:
            raise Dropped(IngestReason.UNSUPPORTED, file.suffix or "no ending")
        if file.size > self._config.max_bytes:
            detail = f"{file.size} bytes, at most {self._config.max_bytes} wanted"
            raise Dropped(IngestReason.TOO_LARGE, detail)

    def _refuse_short(self, text: str) -> None:
        if not text:
            raise Dropped(IngestReason.NO_TEXT)
        if len(text) < self._config.min_chars:
            detail = f"{len(text)} characters, at least {self._config.min_chars} wanted"
            raise Dropped(IngestReason.TOO_SHORT, detail)

    def _wanted_language(self, text: str) -> str:
        language = self._language_of(text)
        if self._config.languages and language not in self._config.languages:
            raise Dropped(IngestReason.OTHER_LANGUAGE, language)
        return language


def _title_of(name: str) -> str:
    """Return a file's name as words."""
    stem = PurePosixPath(name).stem
    return fold(stem.replace("_", " ").replace("-", " ")) or stem
