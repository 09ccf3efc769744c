"""Messages of mail: who wrote to whom, when and about what, and the text with what it quotes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, BlockPage, LeftOut, Omission, Paragraph, Quote
from gabarito.ingest.formats.text.fragment import body_of
from gabarito.ingest.formats.text.plain import blocks_of_text
from gabarito.ingest.formats.web.seen import shown_texts
from gabarito.ingest.formats.web.tree import blocks_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold, tidy
from gabarito.ingest.reading.decode import decode_counted

HEADERS = ("From", "To", "Cc", "Date", "Subject")
MAX_PARTS = 1000
MAX_HEADER_CHARS = 200_000
"""A longer header stays as it is written: it is decoded in the square of its length."""

_QUOTED = re.compile(r">[> ]*")
_NO_WORDS = re.compile(r"[<(\[]?\b(?:https?://|mailto:)\S+|\[(?:\d{1,3}|(?:image|cid):[^\]\n]*)\]")
_ALPHANUMERIC = re.compile(r"[^\W_]+")
_READ = frozenset({"text/plain", "text/html", "text/markdown", "text/enriched", "text/x-markdown"})
_SIGNATURE = "-- "
_MOST = 0.8
_SAMPLE_CHARS = 80


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return a message: its headers as a paragraph, then its text.

    Raises:
        Dropped: if it is no message, or its parts are nested too deep.
    """
    try:
        message = message_from_bytes(data.lstrip(), policy=policy.compat32)
    except (RecursionError, MessageError) as error:
        raise Dropped(IngestReason.UNREADABLE, "its parts are nested too deep") from error
    lines = [f"{name}: {value}" for name in HEADERS if (value := _header(message, name))]
    if not message.keys():
        raise Dropped(IngestReason.NOT_TEXT, "no header of a message in it")
    found = _MessageAccount()
    left_out = found.left_out
    blocks: list[Block] = [Paragraph("\n".join(lines))]
    for number, part in enumerate(_parts(message, left_out)):
        if number >= MAX_PARTS:
            left_out.append(LeftOut(Omission.DAMAGED, 1, f"more than {MAX_PARTS} parts"))
            break
        blocks += _blocks(part, hints, found)
    return BlockPage(
        blocks,
        title=tidy(_header(message, "Subject")),
        date=_day(message),
        left_out=left_out,
        decoded_again=found.decoded_again,
    )


@dataclass
class _MessageAccount:
    """What is told of a message beside its text."""

    left_out: list[LeftOut] = field(default_factory=list)
    decoded_again: int = 0


def _header(message: Message, name: str) -> str:
    """Return a header in letters; what is encoded wrongly stays as it is written."""
    value = message.get(name)
    if value is None:
        return ""
    if len(str(value)) > MAX_HEADER_CHARS:
        return fold(str(value))
    try:
        return fold(str(make_header(decode_header(value))))
    except (HeaderParseError, LookupError, ValueError):
        return fold(str(value))


def _day(message: Message) -> str:
    try:
        return parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, IndexError, OverflowError):
        return ""


def _parts(message: Message, left_out: list[LeftOut]) -> Iterator[Message]:
    """Yield the parts in their order, of alternatives one; a message within is one part."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = _inner(part)
        if not inner or part.get_content_maintype() != "multipart":
            yield part
        elif part.get_content_type() == "multipart/alternative":
            waiting += _best(inner, left_out)
        else:
            waiting += reversed(inner)


def _inner(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _best(alternatives: list[Message], left_out: list[LeftOut]) -> list[Message]:
    """Return the richest form of what is said in several: HTML unless it says less.

    What another form alone says is added to ``left_out``.
    """
    plain = [part for part in alternatives if part.get_content_type() == "text/plain"]
    rich = [part for part in alternatives if part not in plain and _holds_text(part)]
    others = [part for part in alternatives if part not in (*plain, *rich)]
    if not plain or not rich:
        return [*others[:-1], *((rich or plain or others)[-1:])]
    page = next((part for part in rich[-1].walk() if part.get_content_type() == "text/html"), None)
    said = _NO_WORDS.sub(
        "", _text(plain[-1], Hints(), _MessageAccount())
    )  # HTML has addresses in links
    body = None if page is None else body_of(_text(page, Hints(), _MessageAccount()))
    shown = [] if body is None else list(shown_texts(body))
    is_rich_best = _letters("".join(shown)) >= _MOST * _letters(said)
    best, other = ("".join(shown), said.split("\n")) if is_rich_best else (said, shown)
    left_out += _only_in(other, best)
    return [*others, *(rich if is_rich_best else plain)[-1:]]


def _only_in(lines: list[str], text: str) -> Iterator[LeftOut]:
    """Yield what lines say that a text does not, whatever stands between the words."""
    known = "".join(_ALPHANUMERIC.findall(text.casefold()))
    alone = [line for line in lines if "".join(_ALPHANUMERIC.findall(line.casefold())) not in known]
    if alone:
        yield LeftOut.of(Omission.OTHER_FORM, " ".join(alone))


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _holds_text(part: Message) -> bool:
    return part.get_content_type() == "text/html" or part.is_multipart()


def _blocks(part: Message, hints: Hints, found: _MessageAccount) -> list[Block]:
    name = _filename(part)
    is_attached = (
        part.get_content_disposition() == "attachment" or part.get_content_type() not in _READ
    )
    if is_attached or (name and part.get_content_disposition() is not None):
        about = name or _subject_within(part) or part.get_content_type()
        found.left_out.append(LeftOut(Omission.EMBEDDED, 1, about[:_SAMPLE_CHARS]))
        return []
    text = _text(part, hints, found)
    if part.get_content_type() == "text/html":
        return blocks_of(body_of(text), found.left_out) if text.strip() else []
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _unflowed(text)
    return list(_with_quotes(text))


def _filename(part: Message) -> str:
    try:
        return fold(str(make_header(decode_header(part.get_filename() or ""))))
    except (HeaderParseError, LookupError, ValueError):
        return part.get_content_type()


def _subject_within(part: Message) -> str:
    inner = _inner(part) if part.get_content_type() == "message/rfc822" else []
    return _header(inner[0], "Subject") if inner else ""


def _text(part: Message, hints: Hints, found: _MessageAccount) -> str:
    """Return the text of a part; one in another encoding than it says costs no message."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data:
        return ""
    try:
        text, decoded_again = decode_counted(data, hints, str(part.get_content_charset() or ""))
        found.decoded_again += decoded_again
        return text
    except Dropped as why:
        text = data.decode("utf-8", "replace")
        found.left_out.append(LeftOut(Omission.DAMAGED, text.count("\ufffd"), why.detail))
        return text


def _unflowed(text: str) -> str:
    """Return text whose lines, where a program broke them, are one again (RFC 3676)."""
    lines: list[str] = []
    runs_on = ""
    for line in text.splitlines():
        found = _QUOTED.match(line)
        depth = found[0].replace(" ", "") if found else ""
        body = line[found.end() :] if found else line.removeprefix(" ")
        if lines and runs_on == f"{depth} ":
            lines[-1] += body
        else:
            lines.append(f"{depth} {body}" if depth else body)
        runs_on = f"{depth} " if body.endswith(" ") and body != _SIGNATURE else ""
    return "\n".join(lines)


def _with_quotes(text: str) -> Iterator[Block]:
    """Yield paragraphs; lines behind ``>`` are what another has written."""
    own: list[str] = []
    others: list[str] = []
    for line in [*text.splitlines(), ""]:
        if found := _QUOTED.match(line):
            yield from blocks_of_text("\n".join(own))
            own = []
            others.append(line[found.end() :])
            continue
        yield from _quotes(others)
        others = []
        own.append(line)
    yield from blocks_of_text("\n".join(own))


def _quotes(lines: list[str]) -> Iterator[Block]:
    for block in blocks_of_text("\n".join(lines)):
        yield Quote(block.text) if isinstance(block, Paragraph) else block
