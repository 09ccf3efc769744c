"""What is said of one file: what was read of it, or why nothing was, and what to do about it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from gabarito.core.account_records import Finding, OcrShare, Omitted
from gabarito.core.language_names import in_language
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Record
from gabarito.core.text import in_number
from gabarito.ingest.blocks import SAMPLE_CHARS, counted
from gabarito.ingest.cures import NO_ENDING, cure_of
from gabarito.ingest.outcomes import KEPT, FileResult

INDENT = 9
"""Columns of the word that each line begins with, and of the lines that go on."""

_NOT_WANTED = (IngestReason.EXCLUDED, IngestReason.HIDDEN)
_TOLD_BY_DETAIL = (IngestReason.CONTAINED, IngestReason.SUPERSEDED)
"""Reasons that the detail says again, with the name of the other document."""


class FileReport(Record):
    """What one file would give in a run: ``outcome`` is ``kept`` or the ledger's reason."""

    source: str
    format: str
    outcome: str
    detail: str = ""
    cure: str = ""
    language: str = ""
    characters: int = 0
    words_kept: int = 0
    left_out: tuple[Omitted, ...] = ()
    by_ocr: OcrShare | None = None
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, result: FileResult) -> "FileReport":
        """Put together what is known of a file that was read."""
        outcome, rejection = result.outcome, result.rejection
        report = cls(source=outcome.source, format=_format_of(result), outcome=outcome.outcome)
        if rejection:
            said = {"detail": rejection.detail, "cure": cure_of(rejection)}
            return report.model_copy(update=said)
        if result.document is None or result.account is None:
            return report
        return report.model_copy(
            update={
                "language": result.document.language,
                "characters": len(result.document.text),
                "words_kept": result.account.words_kept,
                "left_out": result.account.left_out,
                "by_ocr": result.account.by_ocr,
                "findings": result.account.findings,
            }
        )

    @property
    def is_wanted(self) -> bool:
        """Tell whether the patterns let it through; there may be thousands that they do not."""
        return self.outcome not in _NOT_WANTED

    @property
    def rejected(self) -> str:
        """Why it is dropped, or an empty text."""
        if self.outcome == KEPT:
            return ""
        reason = "" if self.outcome in _TOLD_BY_DETAIL else self.outcome
        return ": ".join(filter(None, [reason, self.detail]))

    def lines(self) -> Iterator[str]:
        """Say it in lines: the file and its fate, then what was left out, and what looks wrong."""
        if self.rejected:
            fate = "; ".join(filter(None, [self.rejected, self.cure]))
            yield f"{'dropped':{INDENT}}{self.source} ({self.format}): {fate}"
            return
        words = f"{self.words_kept:,} {in_number(self.words_kept, 'words')}"
        said = f"{words} {in_language(self.language)}"
        yield f"{'kept':{INDENT}}{self.source} ({self.format}): {said}"
        if ocr := self.by_ocr:
            sure = f"{100 * ocr.confidence:.0f} % sure of its words"
            pieces = f"{ocr.pieces:,} {in_number(ocr.pieces, 'pages or pictures')}"
            yield f"{'':{INDENT}}by OCR:   {pieces}, by {ocr.engine}, {sure}"
        for one in self.left_out:
            is_cut = len(one.sample) == SAMPLE_CHARS
            sample = f": “{one.sample}{'…' if is_cut else ''}”" if one.sample else ""
            left_out = counted(one.why, one.count, is_words=one.is_words)
            yield f"{'':{INDENT}}left out: {left_out}{sample}"
        for finding in self.findings:
            yield f"{'':{INDENT}}look at:  {finding.said}"


def _format_of(result: FileResult) -> str:
    if result.page:
        return "page"
    ending = PurePosixPath(result.outcome.source).suffix.lower().removeprefix(".")
    return ending or NO_ENDING


def kept_of_formats(reports: Iterable[FileReport]) -> str:
    """Say of each format how many of its files are kept: ``17 of 20 html, 0 of 1 zip``."""
    found, kept = Counter[str](), Counter[str]()
    for report in reports:
        if report.is_wanted:
            found[report.format] += 1
            kept[report.format] += not report.rejected
    return ", ".join(f"{kept[name]:,} of {n:,} {name}" for name, n in found.most_common())
