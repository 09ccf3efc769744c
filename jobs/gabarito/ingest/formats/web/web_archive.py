"""Web pages saved as one file with their pictures (MHTML)."""

import re
from email import message_from_bytes
from email.message import Message

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.ocr.page_pictures import Fetch
from gabarito.ingest.outcomes import Dropped

_HEAD_BYTES = 8192
_HEADERS = re.compile(rb"\A\s*(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?i:content-type:\s*"
                      rb"(?:multipart/|text/html))")  # fmt: skip


def is_archive(data: bytes) -> bool:
    """Tell whether a file begins with the headers of a message that holds a page."""
    head = data[:_HEAD_BYTES].replace(b"\r\n", b"\n")
    return b"mime-version:" in head.lower() and _HEADERS.match(head) is not None


def html_of_archive(data: bytes, left_out: list[LeftOut]) -> tuple[bytes, str]:
    """Return the page of an archive, and the encoding that its part names.

    Raises:
        Dropped: if there is none in it, or its parts are nested too deep.
    """
    try:
        message = message_from_bytes(data.lstrip())
        pages = [part for part in message.walk() if part.get_content_type() == "text/html"]
    except RecursionError as error:
        raise Dropped(IngestReason.UNREADABLE, "its parts are nested too deep") from error
    start = str(message.get_param("start") or "")
    named = [part for part in pages if start and part.get("Content-ID") == start]
    if not pages:
        raise Dropped(IngestReason.NO_TEXT, "a web archive without a page in it")
    page = (named or pages)[0]
    for other in pages:
        if other is not page:
            place = str(other.get("Content-Location", "a frame"))
            left_out.append(LeftOut(Omission.EMBEDDED, 1, place[:80]))
    return _payload(page), page.get_content_charset() or ""


def pictures_of_archive(data: bytes) -> Fetch:
    """Return what finds the pictures of an archive by the addresses that its page gives them."""
    found: dict[str, Message] = {}
    for part in message_from_bytes(data.lstrip()).walk():
        if part.get_content_maintype() == "image":
            found[str(part.get("Content-Location", "")).strip()] = part
            found[f"cid:{str(part.get('Content-ID', '')).strip('<> ')}"] = part
    return lambda link: _payload(found[link]) if link in found else None


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
