"""What became of each file: kept, or dropped for one of few reasons, each with its cure."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Self

from gabarito.core.account_records import Account, Finding
from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Document, Record, Rejection
from gabarito.ingest.blocks import counted
from gabarito.ingest.cures import cure_of
from gabarito.ingest.versions.origin import Origin

KEPT = "kept"
FETCHED, NOT_MODIFIED = "fetched", "not modified"
MAX_DETAIL_CHARS = 200
MOST_LEFT_OUT = 3
"""Reasons for leaving something out that an outcome names."""

_OBJECT = re.compile(r"<[^<>]* object at 0x[0-9a-fA-F]*(?:>|$)")
"""What a library calls the bytes it was given, its end cut off or not: it names nothing to people,
and is another one in each run."""

_OF_LIBRARY = re.compile(
    r",? (?:use|try) XML_PARSE_HUGE(?: option)?|, see xmlCtxt\w+\.?|(?:, line \d+, column \d+)?"
    r" \(<string>, line \d+\)"
)
"""Advice of a library to programmers."""

ATTENTION = frozenset(
    {
        IngestReason.TOO_LARGE,
        IngestReason.OUT_OF_REACH,
        IngestReason.UNREADABLE,
        IngestReason.ENCRYPTED,
        IngestReason.NOT_TEXT,
        IngestReason.WRONG_ENCODING,
        IngestReason.NO_TEXT,
        IngestReason.IMPLAUSIBLE,
        IngestReason.NO_ADDRESS,
        IngestReason.NOT_PUBLIC,
        IngestReason.REFUSED_BY_ROBOTS,
        IngestReason.GONE,
        IngestReason.WRONG_TYPE,
        IngestReason.BEHIND_LOGIN,
        IngestReason.BEHIND_WALL,
        IngestReason.NEEDS_JAVASCRIPT,
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
        said = _OF_LIBRARY.sub("", " ".join(str(error).split()))[:MAX_DETAIL_CHARS]
        return cls(IngestReason.UNREADABLE, said or type(error).__name__)

    def about(self, file: str) -> Self:
        """Return the same verdict, with the file's name where a library named an object."""
        return type(self)(self.reason, _OBJECT.sub(lambda _: file, self.detail), self.twin)


class Outcome(Record):
    """The fate of one file: ``kept`` or the ledger's reason, and the document it stands for.

    ``left_out`` and ``findings`` say the most of what ``accounts.jsonl`` holds on it.
    """

    source: str
    outcome: str
    document: str = ""
    left_out: str = ""
    findings: tuple[str, ...] = ()


class PageFate(Record):
    """What became of one address: ``fetched``, ``not modified`` or the ledger's reason."""

    url: str
    source: str
    """Where the address was found: the place of a source."""
    outcome: str
    moved_to: str = ""
    document: str = ""
    title: str = ""
    date: str = ""
    revision: str = ""
    licence: str = ""

    def decided(self, outcome: Outcome) -> "PageFate":
        """Return the fate once it is known whether the page became a document."""
        decided = {"document": outcome.document}
        if outcome.outcome != KEPT:
            decided["outcome"] = outcome.outcome
        return self.model_copy(update=decided)


class FileResult(Record):
    """What one file gave: a document and its account, or the record of why it gave none.

    ``order`` is the place of its source in the settings, and its own place within the source.
    """

    outcome: Outcome
    document: Document | None = None
    account: Account | None = None
    origin: Origin | None = None
    rejection: Rejection | None = None
    page: PageFate | None = None
    order: tuple[int, int] = (0, 0)

    @classmethod
    def kept(cls, document: Document, account: Account, origin: Origin) -> Self:
        """Make the result of a file that became a document."""
        parts = [
            counted(one.why, one.count, is_words=one.is_words)
            for one in account.left_out[:MOST_LEFT_OUT]
        ]
        outcome = Outcome(
            source=document.source,
            outcome=KEPT,
            document=document.id,
            left_out="; ".join(parts),
            findings=tuple(finding.said for finding in account.findings),
        )
        return cls(outcome=outcome, document=document, account=account, origin=origin)

    @classmethod
    def dropped(cls, source: str, why: Dropped) -> Self:
        """Make the result of a file that became none."""
        return cls(
            outcome=Outcome(source=source, outcome=why.reason, document=why.twin),
            rejection=rejected(why.reason, source, why.detail),
        )

    @property
    def is_remark(self) -> bool:
        """Tell whether it is about no file or page: the ledger's line on how a listing ended."""
        return self.outcome.outcome == IngestReason.LISTING_ENDED

    def flagged(self, kind: str, said: str) -> Self:
        """Return the result of a document that stays, with one more thing to say of it."""
        if self.account is None:
            return self
        findings = (*self.account.findings, Finding(kind=kind, said=said))
        found = {"findings": (*self.outcome.findings, said)}
        return self.model_copy(
            update={
                "outcome": self.outcome.model_copy(update=found),
                "account": self.account.model_copy(update={"findings": findings}),
            }
        )


def _figures_of(account: Account) -> Counter[str]:
    figures = Counter(words_kept=account.words_kept)
    for one in account.left_out:
        counted = "words_left_out" if one.is_words else "parts_not_read"
        figures.update({counted: one.count, f"{counted}.{one.why}": one.count})
    if account.by_ocr:
        figures["read_by_ocr"] = account.by_ocr.pieces
    if account.findings:
        figures["flagged"] = 1
    figures.update({f"flagged.{finding.kind}": 1 for finding in account.findings})
    return figures


class Outcomes:
    """What became of all files so far, and the figures of it."""

    def __init__(self) -> None:
        self.all: list[Outcome] = []
        self.pages: list[PageFate] = []
        self.accounts: list[Account] = []
        self.figures: Counter[str] = Counter(files=0, documents=0, characters=0)
        """Figures for the manifest; each language has one, too."""
        self._examples: dict[str, Rejection] = {}
        self._counts: Counter[str] = Counter()

    def add(self, result: FileResult) -> None:
        """Count what became of one more file."""
        if result.is_remark:
            return
        self.all.append(result.outcome)
        self._count(result)
        if result.document:
            self.figures["documents"] += 1
            self.figures["characters"] += len(result.document.text)
            self.figures[f"language.{result.document.language}"] += 1
        if result.account:
            self.accounts.append(result.account)
            self.figures.update(_figures_of(result.account))
        if result.rejection:
            self._counts[result.rejection.reason] += 1
            self._examples.setdefault(result.rejection.reason, result.rejection)

    def _count(self, result: FileResult) -> None:
        """Count a file, or a page and how that was come by."""
        if result.page is None:
            self.figures["files"] += 1
            return
        fate = result.page.decided(result.outcome)
        self.pages.append(fate)
        self.figures["pages"] += 1
        if not self.figures["files"]:
            del self.figures["files"]
        if fate.outcome == NOT_MODIFIED:
            self.figures["pages not modified"] += 1
        if fate.moved_to:
            self.figures["pages moved"] += 1

    def refuse_nothing(self, places: Sequence[str], setting: str = "ingest.sources") -> None:
        """Refuse to go on without a document in the places that a setting, or argument, names.

        Raises:
            DataError: says what became of the files, with an example for each reason.
        """
        if self.figures["documents"]:
            return
        examples = [(n, self._examples[reason]) for reason, n in self._counts.most_common()]
        fates = ", ".join(
            f"{n:,} {one.reason} ({': '.join(filter(None, [repr(one.item), one.detail]))})"
            for n, one in examples
        )
        cures = dict.fromkeys(cure_of(one) for _, one in examples)
        where = ", ".join(map(repr, places))
        said = "; ".join(filter(None, [fates, *cures]))
        raise DataError(f"{setting}: no document in {where}: {said}")
