"""The account of a document: what was kept, what was left out and why, what looks wrong."""

from collections.abc import Iterable, Iterator, Sequence

from gabarito.core.account_records import Account, Finding, OcrShare, Omitted
from gabarito.core.records import Document
from gabarito.core.text import in_number
from gabarito.ingest.blocks import IN_PIECES, LeftOut, Omission, ReadByOcr
from gabarito.ingest.config import FORMATS
from gabarito.ingest.files import SourceFile
from gabarito.ingest.page import pieces_of
from gabarito.ingest.reading.worker_main import FileReading

MAX_AROUND = {"html": 0.4, "pdf": 0.03}
"""Share of the words beside lists of links that may be left out of a page or a book."""

_NAMED = 5
_MIN_WORDS = 50
"""Fewer words than these may be left out of any document without a word."""

_LOST = {
    Omission.SCANNED: "set ingest.ocr to the languages of their text, such as [en], to read them",
    Omission.OCR_FAILED: "scan them anew, or raise the limit that is named",
    Omission.DAMAGED: "open it in the program it was made with and save it again",
}
"""What should not be missing from a document, and what to do about it."""


def account_of(
    document: Document,
    reading: FileReading,
    garbled: Sequence[Finding],
    file: SourceFile,
    ocr_engine: str = "",
) -> Account:
    """Return the account of a document that was read of a file, pictures by ``ocr_engine``."""
    kept = sum(len(piece.split()) for piece in pieces_of(document.text))
    left_out = list(_by_kind(reading.left_out))
    return Account(
        document=document.id,
        source=document.source,
        words_kept=kept,
        left_out=tuple(left_out),
        by_ocr=_by_ocr(reading.by_ocr, ocr_engine),
        findings=(
            *garbled,
            *_decoded_again(reading),
            *_told_by_order(reading.fonts_by_order),
            *_doubtful(reading.by_ocr),
            *_lost(left_out),
            *_around(kept, left_out, reading),
            *_name(file, reading),
        ),
    )


def _by_ocr(read: ReadByOcr, engine: str) -> OcrShare | None:
    if not read.pieces:
        return None
    confidence = round(read.confidence, 3)
    return OcrShare(pieces=read.pieces, words=read.words, confidence=confidence, engine=engine)


def _doubtful(read: ReadByOcr) -> Iterator[Finding]:
    if read.doubtful:
        names = ", ".join(read.doubtful[:_NAMED])
        said = (
            f"{len(read.doubtful)} of {read.pieces} pages or pictures were read by OCR with doubt"
        )
        cure = "compare them, scan them anew, or set ingest.ocr to their languages"
        yield Finding(kind="uncertain OCR", said=f"{said} ({names}); {cure}")


def _by_kind(left_out: Iterable[LeftOut]) -> Iterator[Omitted]:
    """Sum up what was left out for one reason, the most first; the sample is of the largest."""
    found: dict[Omission, list[LeftOut]] = {}
    for one in left_out:
        found.setdefault(one.why, []).append(one)
    sums = {why: sum(one.words for one in all_of_it) for why, all_of_it in found.items()}
    for why in sorted(found, key=lambda why: -sums[why]):
        largest = max(found[why], key=lambda one: (bool(one.sample), one.words))
        yield Omitted(
            why=why, count=sums[why], is_words=why not in IN_PIECES, sample=largest.sample
        )


def _decoded_again(reading: FileReading) -> Iterator[Finding]:
    if reading.decoded_again:
        yield Finding(
            kind="letters decoded again",
            said=f"{reading.decoded_again} letters were UTF-8 that had been read as Western "
            "European and saved so; they were decoded again, compare some with the original",
        )


def _told_by_order(fonts: Sequence[str]) -> Iterator[Finding]:
    if fonts:
        yield Finding(
            kind="letters told by their order",
            said="letters of fonts that do not name them were told by the order of their glyphs, "
            f"since that makes words ({', '.join(fonts[:_NAMED])}); compare some with the original",
        )


def _lost(left_out: Iterable[Omitted]) -> Iterator[Finding]:
    for one in left_out:
        if cure := _LOST.get(Omission(one.why)):
            sample = f" ({one.sample})" if one.sample else ""
            yield Finding(
                kind=one.why, said=f"{one.count} {in_number(one.count, one.why)}{sample}; {cure}"
            )


def _around(kept: int, left_out: Iterable[Omitted], reading: FileReading) -> Iterator[Finding]:
    around = sum(one.count for one in left_out if one.why == Omission.AROUND)
    share = around / max(kept + around, 1)
    if around >= _MIN_WORDS and share > MAX_AROUND.get(FORMATS.get(reading.ending, ""), 1):
        yield Finding(
            kind="much left out",
            said=f"{100 * share:.0f} % of its words were taken for what stands around the text; "
            "accounts.jsonl shows them",
        )


def _name(file: SourceFile, reading: FileReading) -> Iterator[Finding]:
    if reading.ending != file.suffix:
        yield Finding(
            kind="wrong ending",
            said=f"its content is that of {reading.ending}, as which it was read; rename it",
        )
    if file.remark:
        yield Finding(kind="name of the file", said=file.remark)
