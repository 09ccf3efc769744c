"""What a PDF may cost: how far its streams unpack, and what stands on its pages."""

import math
import re
import zlib
from collections.abc import Sequence

import pypdfium2 as pypdfium

from gabarito.core.reasons import IngestReason
from gabarito.ingest.cures import OR_SPLIT_IT
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.outcomes import Dropped

MAX_PAGES = 50_000
MAX_STREAM_BYTES = 1 << 28
"""What one stream may unpack to; pdfium itself would go on as long as there is memory."""

_RATIO = 1032
"""Deflate never unpacks a byte to more than this (RFC 1951: 258 bytes by two bits)."""
_CHUNK = 1 << 20
_DEPTH = 3
_STREAM = re.compile(rb"(?<!end)stream\r?\n")


def refuse_bombs(data: bytes) -> None:
    """Refuse a file one of whose streams unpacks to more than a page's can.

    Only streams long enough to get there are unpacked, a piece at a time, and nothing is kept;
    a stream packed twice is followed.

    Raises:
        Dropped: names how much it was.
    """
    for found in _STREAM.finditer(data):
        start = found.end()
        end = data.find(b"endstream", start)
        end = len(data) if end < 0 else end
        is_twice = data[max(start - 600, 0) : start].rpartition(b"obj")[2].count(b"Flate") > 1
        if is_twice or (end - start) * _RATIO > MAX_STREAM_BYTES:
            _unpack([data[at : at + _CHUNK] for at in range(start, end, _CHUNK)], _DEPTH)


def _unpack(chunks: Sequence[bytes], depth: int) -> None:
    unpacker, size, inner = zlib.decompressobj(), 0, [b""]
    try:
        for chunk in chunks:
            rest = chunk
            while rest and not unpacker.eof:
                piece = unpacker.decompress(rest, _CHUNK)
                rest = unpacker.unconsumed_tail
                size += len(piece)
                if sum(map(len, inner)) < 8 * _CHUNK:
                    inner.append(piece)
                if size > MAX_STREAM_BYTES:
                    detail = f"one of its streams unpacks to more than {MAX_STREAM_BYTES} bytes; "
                    detail += f"print it to PDF again{OR_SPLIT_IT}"
                    raise Dropped(IngestReason.UNREADABLE, detail)
    except zlib.error:
        return
    packed = b"".join(inner)
    if depth > 1 and packed[:1] == b"\x78":
        _unpack([packed], depth - 1)


def inside_page(
    page: pypdfium.PdfPage, words: Sequence[Word], angle: int
) -> tuple[list[Word], list[Word]]:
    """Return the words that stand on the page, and those beside it, which nobody sees."""
    left, bottom, right, top = page.get_bbox()
    turn = math.radians(angle)
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    along = [x * math.cos(turn) + y * math.sin(turn) for x, y in corners]
    across = [y * math.cos(turn) - x * math.sin(turn) for x, y in corners]
    inside: list[Word] = []
    outside: list[Word] = []
    for word in words:
        is_in = word.x1 > min(along) and word.x0 < max(along)
        is_in = is_in and min(across) - word.size / 2 < word.y < max(across)
        (inside if is_in else outside).append(word)
    return inside, outside
