"""What became of each file: kept, or dropped for one of few reasons, each with its cure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Self

from gabarito.artifacts.ledger import Ledger
from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Document, Record

KEPT = "kept"
MAX_DETAIL_CHARS = 200


CURES = {
    IngestReason.EXCLUDED: "change include or exclude of the source",
    IngestReason.UNSUPPORTED: "convert it to md, txt, html, pdf or docx",
    IngestReason.TOO_LARGE: "raise ingest.max_bytes or split it",
    IngestReason.OUT_OF_REACH: (
        "let this user read it, mend the link, or add it to exclude of the source"
    ),
    IngestReason.UNREADABLE: "open it in the program it was made with and save it again",
    IngestReason.ENCRYPTED: "save it without its password",
    IngestReason.NOT_TEXT: "give it the ending of its real format",
    IngestReason.WRONG_ENCODING: "set encoding of the source",
    IngestReason.NO_TEXT: "save a page as it is displayed, and put pictures of text through OCR",
    IngestReason.TOO_SHORT: "lower ingest.min_chars",
    IngestReason.OTHER_LANGUAGE: "add it to ingest.languages",
}
"""What to do about a file that should have been kept; near duplicates need no cure."""

ATTENTION = frozenset(
    {
        IngestReason.TOO_LARGE,
        IngestReason.OUT_OF_REACH,
        IngestReason.UNREADABLE,
        IngestReason.ENCRYPTED,
        IngestReason.NOT_TEXT,
        IngestReason.WRONG_ENCODING,
        IngestReason.NO_TEXT,
    }
)
"""Reasons that call for somebody's attention."""


class Dropped(DataError):  # noqa: N818  # a verdict on one file, no failure of the stage
    """One file will not become a document; ``twin`` is the document kept in its place."""

    def __init__(self, reason: IngestReason, detail: str = "", twin: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.twin = twin

    @classmethod
    def by_library(cls, error: Exception) -> Self:
        """Make the verdict on a file that its format's library could not read."""
        said = " ".join(str(error).split())[:MAX_DETAIL_CHARS]
        return cls(IngestReason.UNREADABLE, said or type(error).__name__)


class Outcome(Record):
    """The fate of one file: ``kept`` or the ledger's reason, and the document it stands for."""

    source: str
    outcome: str
    document: str = ""


class Outcomes:
    """The fates of all files; what was dropped goes to the ledger, too."""

    def __init__(self, ledger: Ledger) -> None:
        self.all: list[Outcome] = []
        self.figures: dict[str, float] = {"files": 0, "documents": 0, "characters": 0}
        """Figures for the manifest; each language has one, too."""
        self._ledger = ledger
        self._details: dict[IngestReason, list[str]] = defaultdict(list)

    def keep(self, document: Document) -> None:
        """Record that a file became a document."""
        self._record(document.source, KEPT, document.id)
        language = f"language.{document.language}"
        self.figures["documents"] += 1
        self.figures["characters"] += len(document.text)
        self.figures[language] = self.figures.get(language, 0) + 1

    def drop(self, source: str, why: Dropped) -> None:
        """Record that a file was dropped."""
        self._record(source, why.reason, why.twin)
        self._ledger.reject(source, why.reason, why.detail)
        self._details[why.reason].append(
            f"{source!r}: {why.detail}" if why.detail else repr(source)
        )

    def refuse_nothing(self, places: Sequence[str]) -> None:
        """Refuse to go on without a document.

        Raises:
            DataError: says what became of the files, with an example for each reason.
        """
        if self.figures["documents"]:
            return
        by_number = sorted(self._details.items(), key=lambda item: -len(item[1]))
        fates = ", ".join(f"{len(found)} {reason} ({found[0]})" for reason, found in by_number)
        cures = "; ".join(CURES[reason] for reason, _ in by_number if reason in CURES)
        where = ", ".join(map(repr, places))
        raise DataError(f"ingest.sources: no document in {where}: {fates}; {cures}")

    def _record(self, source: str, outcome: str, document: str) -> None:
        self.all.append(Outcome(source=source, outcome=outcome, document=document))
        self.figures["files"] += 1
