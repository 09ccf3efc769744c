"""Bytes to text: what a file says of its encoding is believed if the bytes agree."""

import codecs
import re

from charset_normalizer import from_bytes

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

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

_CODE_PAGES = {
    "cp1250": "bs cs hr hu pl ro sk sl sq",
    "cp1251": "be bg mk mn ru sr uk",
    "cp1253": "el",
    "cp1254": "az tr",
    "cp1255": "he",
    "cp1256": "ar fa ur",
    "cp1257": "et lt lv",
    "cp1258": "vi",
    "cp932": "ja",
    "cp949": "ko",
    "gb18030": "zh",
    "big5": "zh",
    "tis_620": "th",
}
"""Encodings in use before UTF-8 and their languages; all others were written in cp1252."""

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_CONTROL_BYTES = bytes({*range(32)} - {*b"\t\n\r\f\x1b"})
_MAX_CONTROLS = 0.01


def decode(data: bytes, hints: Hints, declared: str = "") -> str:
    """Return the text of ``data``; ``declared`` is what the file itself names, if it does.

    Raises:
        Dropped: if it is not text, or its encoding is not the one that was set or cannot be
            found out.
    """
    text = _decode(data, hints, declared)
    if len(_CONTROLS.findall(text)) > _MAX_CONTROLS * len(text):
        raise Dropped(IngestReason.NOT_TEXT, "binary data")
    return _CONTROLS.sub("", text)


def _decode(data: bytes, hints: Hints, declared: str) -> str:
    mark = next((mark for mark in _MARKS if data.startswith(mark)), None)
    if mark:
        return _decode_as(data, _MARKS[mark])
    if hints.encoding:
        return _decode_as(data, hints.encoding)
    if b"\0" in data:
        return _guess(data, ["utf_16_le", "utf_16_be"])
    # Bytes above 127 that make valid UTF-8 are UTF-8, whatever a page says of itself.
    order = [declared, "utf-8"] if data.isascii() else ["utf-8", declared]
    for encoding in filter(None, map(_python_name, order)):
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):  # LookupError: a codec that is not for text
            continue
    _refuse_damaged_utf8(data)
    pages = _code_pages(hints.languages)
    return _decode_as(data, pages[0]) if len(pages) == 1 else _guess(data, pages)


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, f"not {encoding} at byte {error.start}") from error


def _python_name(declared: str) -> str:
    """Return Python's name of an encoding that can hold the declaration itself, or nothing."""
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return ""
    if name in _READ_AS_CP1252:
        return "cp1252"
    return "" if name.startswith(("utf-16", "utf-32")) else name


def _refuse_damaged_utf8(data: bytes) -> None:
    """Refuse UTF-8 with a few bad bytes: read as a code page it would be gibberish."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) > 2 * damaged:
        raise Dropped(
            IngestReason.WRONG_ENCODING, f"UTF-8 but for {damaged} bad bytes or sequences"
        )


def _code_pages(languages: tuple[str, ...]) -> list[str]:
    named = [page for page, spoken in _CODE_PAGES.items() if set(spoken.split()) & set(languages)]
    elsewhere = set(" ".join(_CODE_PAGES.values()).split())
    return [*named, *(["cp1252"] if set(languages) - elsewhere or not named else [])]


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
