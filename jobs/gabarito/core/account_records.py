"""What became of the words of a file: kept, left out, read by OCR, to be looked at."""

from gabarito.core.records import Record


class Omitted(Record):
    """What was left out of a document for one reason: how many words, or pieces; its beginning."""

    why: str
    count: int
    is_words: bool
    sample: str


class Finding(Record):
    """Something about a document that a person should look at, and what to do about it."""

    kind: str
    said: str


class OcrShare(Record):
    """How many pages and pictures were read by OCR, by which program, how sure it is of them."""

    pieces: int
    words: int
    confidence: float
    engine: str


class Account(Record):
    """How much of a file is in its document, what is not and why, and what looks wrong."""

    document: str
    source: str
    words_kept: int
    left_out: tuple[Omitted, ...] = ()
    by_ocr: OcrShare | None = None
    findings: tuple[Finding, ...] = ()
