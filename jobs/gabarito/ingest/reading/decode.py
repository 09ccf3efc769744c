"""Bytes to text: what a file says of its encoding is believed if the bytes agree."""

import codecs
import re

from charset_normalizer import from_bytes

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.code_pages import likeliest, pages_of
from gabarito.ingest.reading.decoded_twice import beyond_ascii, decoded_once

# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# Browsers read these names as Windows-1252 (WHATWG Encoding Standard, section 4.2).
_READ_AS_CP1252 = frozenset({"iso8859-1", "ascii"})

_NEVER_WRITTEN = frozenset(
    ["utf_7", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"]
)
"""Python's encodings that files name by mistake or malice: parts of a text vanish in them."""

_MANY_BYTES = {"ja": "cp932", "ko": "cp949", "zh": "gb18030"}
"""Encodings of languages whose letters took two bytes before UTF-8."""

_OTHER_FORMATS = {
    b"{\\rtf": "rich text",
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive, or a document that is one",
    b"\xd0\xcf\x11\xe0": "a document of Office before 2007",
}
"""What files of formats that are not read as text begin with, whatever they are named."""

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_CONTROL_BYTES = bytes({*range(32)} - {*b"\t\n\r\f\x1b"})
_MAX_CONTROLS = 0.01
_WIDE = 0.2
"""Share of NUL bytes at even or odd places from which a text is UTF-16: its ASCII has one each."""

_TWICE = re.compile(r"[ÂÃ][\u0080-\u00bf]|[ÃÂ][€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\x80-\xbf™œ˜“”¦¢¡]")
_MAX_TWICE = 0.0002
"""Share of letters; a text about encodings has a few of them, one encoded twice 0.02 and more."""

_QUARTER = 0.25


def decode(data: bytes, hints: Hints, declared: str = "") -> str:
    """Return the text of ``data``, as ``decode_counted`` does, alone."""
    return decode_counted(data, hints, declared)[0]


def decode_counted(data: bytes, hints: Hints, declared: str = "") -> tuple[str, int]:
    """Return the text of ``data``, and how many of its letters were decoded again.

    ``declared`` is the encoding that the file itself names, if it does.

    Raises:
        Dropped: if it is not text, or its encoding is not the one that was set or cannot be
            found out.
    """
    form = next((form for begin, form in _OTHER_FORMATS.items() if data.startswith(begin)), None)
    if form:
        raise Dropped(IngestReason.NOT_TEXT, form)
    text = _decode(data, hints, declared)
    plain = _CONTROLS.sub("", text)
    if len(text) - len(plain) > _MAX_CONTROLS * len(text):
        raise Dropped(IngestReason.NOT_TEXT, "binary data")
    plain, decoded_again = decoded_once(plain)
    _refuse_encoded_twice(plain)
    return plain, decoded_again


def looks_encoded_twice(text: str) -> bool:
    """Tell whether a short text holds UTF-8 that was read in another encoding."""
    return bool(_TWICE.search(text))


def _decode(data: bytes, hints: Hints, declared: str) -> str:
    mark = next((mark for mark in _MARKS if data.startswith(mark)), None)
    if mark:
        return _decode_as(data, _MARKS[mark])
    if hints.encoding:
        return _decode_as(data, hints.encoding)
    wide = _wide(data)
    if wide:
        return _decode_as(data, wide)
    data = data.rstrip(b"\0")  # the rest of a buffer that was written whole
    # Bytes above 127 that make valid UTF-8 are UTF-8, whatever a page says of itself.
    order = [declared, "utf-8"] if data.isascii() else ["utf-8", declared]
    for encoding in filter(None, map(_python_name, order)):
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):  # LookupError: a codec that is not for text
            continue
    _refuse_damaged_utf8(data)
    return _in_code_page(data, hints)


def _wide(data: bytes) -> str:
    """Return which UTF-16 bytes without a mark are, or nothing."""
    half = len(data) // 2
    if data[1::2].count(0) > max(_WIDE * half, 2 * data[::2].count(0)):
        return "utf_16_le"
    return "utf_16_be" if data[::2].count(0) > max(_WIDE * half, 2 * data[1::2].count(0)) else ""


def _in_code_page(data: bytes, hints: Hints) -> str:
    many = [page for language, page in _MANY_BYTES.items() if language in hints.languages]
    if many:
        pages = (
            pages_of(set(hints.languages) - set(_MANY_BYTES)) if len(hints.languages) > 1 else []
        )
        return _guess(data, [*many, "big5", *pages])
    page = likeliest(data, pages_of(hints.languages), hints.languages)
    if not page:
        spoken = ", ".join(hints.languages) or "a Western language"
        raise _undecodable(data, f"not UTF-8, and in no other encoding a text in {spoken}")
    return _decode_as(data, page)


def _refuse_encoded_twice(text: str) -> None:
    """Refuse UTF-8 that was read in another encoding and written as UTF-8 again."""
    runs = beyond_ascii(text)
    found = _TWICE.findall(" ".join(runs))
    above = sum(map(len, runs)) if len(found) > 1 else 0
    if above and len(found) > max(_MAX_TWICE * len(text), _QUARTER * above):
        detail = f"UTF-8 that was encoded twice, {len(found)} like {found[0]!r}; export it again"
        raise Dropped(IngestReason.WRONG_ENCODING, detail)


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, f"not {encoding} at byte {error.start}") from error


def _python_name(declared: str) -> str:
    """Return Python's name of an encoding that can hold the declaration itself, or nothing."""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):  # ValueError: NUL in it
        return ""
    if name in _READ_AS_CP1252:
        return "cp1252"
    if name.replace("-", "_") in _NEVER_WRITTEN:
        return ""
    return "" if name.startswith(("utf-16", "utf-32")) else name


def _refuse_damaged_utf8(data: bytes) -> None:
    """Refuse UTF-8 with a few bad bytes: read as a code page it would be gibberish."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) > 2 * damaged:
        raise Dropped(
            IngestReason.WRONG_ENCODING, f"UTF-8 but for {damaged} bad bytes or sequences"
        )


def _guess(data: bytes, encodings: list[str]) -> str:
    best = from_bytes(data, cp_isolation=encodings).best()
    if best is None:
        raise _undecodable(data, f"neither UTF-8 nor {' nor '.join(encodings)}")
    return str(best)


def _undecodable(data: bytes, detail: str) -> Dropped:
    """Return the verdict on bytes that no encoding fits: a text's, or not."""
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    is_binary = controls > _MAX_CONTROLS * len(data)
    return Dropped(IngestReason.NOT_TEXT if is_binary else IngestReason.WRONG_ENCODING, detail)
