"""The pictures of a web page or of a chapter: in the page itself, or in files beside it."""

import binascii
import posixpath
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, unquote_to_bytes

from gabarito.ingest.blocks import Block
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin, is_small
from gabarito.ingest.formats.office.package import MAX_PICTURE_BYTES
from gabarito.ingest.page import Beside

Fetch: TypeAlias = Callable[[str], bytes | None]
"""Returns the bytes of a picture by its address in a page; nothing where it is not there."""

_SOURCES = ("src", "data-src")
"""Where a page names a picture; one that is loaded late has its address in the second."""

_MOST_DIGITS = 6
_UNKNOWN_SIZE = 10**_MOST_DIGITS


class PagePictures:
    """Reads the pictures of a page, each as a part of the page: none is asked of another place."""

    def __init__(self, within: PicturesWithin, fetch: Fetch) -> None:
        self.within = within
        self._fetch = fetch

    def blocks(self, node: Element) -> list[Block]:
        """Return what is written in the picture of an ``img`` element."""
        if not self.within.are_read or is_small(*(_size(node, of) for of in ("width", "height"))):
            return []
        links = [link for name in _SOURCES if (link := (node.get(name) or "").strip())]
        found = ((link, self._open(link)) for link in links)
        link, data = next(((link, data) for link, data in found if data), ("", None))
        name = "" if link.startswith("data:") else posixpath.basename(unquote(link))
        return self.within.blocks(data, name or "a picture in the page", is_told=True)

    def _open(self, link: str) -> bytes | None:
        return _within_address(link) if link[:5].lower() == "data:" else self._fetch(link)


def _size(node: Element, of: str) -> int:
    said = (node.get(of) or "").strip()
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else _UNKNOWN_SIZE


def _within_address(link: str) -> bytes | None:
    """Return what an address holds itself (RFC 2397)."""
    about, _, data = link.partition(",")
    if "image/" not in about.lower() or len(data) > 2 * MAX_PICTURE_BYTES:
        return None
    try:
        is_coded = about.lower().rstrip().endswith(";base64")
        return b64decode(unquote(data)) if is_coded else unquote_to_bytes(data)
    except (binascii.Error, ValueError):
        return None


def picture_beside(beside: Beside, link: str) -> bytes | None:
    """Return a picture in a file below the page's folder that the source lets through."""
    plain = unquote(link.partition("?")[0].partition("#")[0])
    if not plain or ":" in plain:  # what stands in another place is not asked for
        return None
    try:
        top = Path(beside.folder).resolve()
        path = (top / plain).resolve()
        is_near = path.is_relative_to(top) and path.is_file()
        if not is_near or path.stat().st_size > MAX_PICTURE_BYTES:
            return None
        below = posixpath.join(beside.below, path.relative_to(top).as_posix())
        return path.read_bytes() if beside.source.is_wanted(below) else None
    except (OSError, ValueError):
        return None
