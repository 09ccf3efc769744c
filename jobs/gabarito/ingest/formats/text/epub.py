"""Books as EPUB: chapters in the order of the book, notes behind what refers to them."""

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree, html

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import BlockPage, LeftOut, Omission
from gabarito.ingest.cures import OR_SPLIT_IT
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.page_pictures import PagePictures
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.package import MAX_PICTURE_BYTES
from gabarito.ingest.formats.text.fragment import xhtml_body_of
from gabarito.ingest.formats.web.evidence.measure import measure
from gabarito.ingest.formats.web.seen import text_in
from gabarito.ingest.formats.web.tree import blocks_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold, tidy
from gabarito.ingest.reading.decode import decode_counted

MAX_BYTES = 100_000_000
"""Most bytes of text that are unpacked of one book."""

MAX_PARTS = 10_000

_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways to disguise fonts, which are no text."""

_DECLARED = re.compile(rb"""encoding\s*=\s*["']([\w.:-]+)""")
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_DAMAGE = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
_LIST_SHARE = 0.5
"""The share of a list of contents that stands in links."""

_FEW_SENTENCES = 5
_CHAPTERS = frozenset(["application/xhtml+xml", "text/html", "application/x-dtbook+xml"])


@dataclass
class _Book:
    """An open book and how much of it may still be unpacked."""

    archive: zipfile.ZipFile
    left: int = field(default_factory=lambda: MAX_BYTES)
    left_out: list[LeftOut] = field(default_factory=list)
    decoded_again: int = 0

    def read(self, name: str) -> bytes:
        """Return a part.

        Raises:
            Dropped: if it is not there, damaged, locked, or more than may be unpacked.
        """
        try:
            with self.archive.open(name) as part:
                data = part.read(self.left + 1)
        except KeyError as error:
            raise Dropped(IngestReason.UNREADABLE, f"{name} is not in it") from error
        except _DAMAGE as error:
            raise Dropped.by_library(error) from error
        except RuntimeError as error:  # zipfile's for a password
            raise Dropped(IngestReason.ENCRYPTED, "locked by a password") from error
        self.left -= len(data)
        if self.left < 0:
            raise Dropped(
                IngestReason.TOO_LARGE,
                f"more than {MAX_BYTES} bytes of text in it; take parts out{OR_SPLIT_IT}",
            )
        return data

    def picture(self, name: str) -> bytes | None:
        """Return a picture, or nothing where there is none that can be read."""
        try:
            info = self.archive.getinfo(name)
            return self.archive.read(info) if info.file_size <= MAX_PICTURE_BYTES else None
        except (KeyError, RuntimeError, *_DAMAGE):
            return None

    def xml(self, name: str) -> Element:
        """Return a part of XML as a tree."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
        data = self.read(name)
        tree = etree.fromstring(data, parser) if data.strip() else None
        if tree is None:
            raise Dropped(IngestReason.UNREADABLE, f"{name} is no XML")
        return tree


@dataclass(frozen=True)
class _Part:
    """A chapter, where it lies, and why it is left out if it is.

    ``of_guide`` is why the book's guide, which may point to a place within a chapter, speaks of it.
    """

    name: str
    why: Omission | None
    of_guide: Omission | None = None


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the blocks of a book.

    Raises:
        Dropped: if it is no book, is locked, or holds no chapter that can be read.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Dropped.by_library(error) from error
    book = _Book(archive)
    _refuse_locked(book)
    package_name = _package_name(book)
    package = book.xml(package_name)
    whole = html.Element("body")
    unique: dict[str, _Part] = {}  # a part that the book names a thousand times is read once
    for part in _parts(package, posixpath.dirname(package_name)):
        unique.setdefault(part.name, part)
    parts = list(unique.values())[:MAX_PARTS]
    numbers = {part.name: number for number, part in enumerate(parts)}
    title = fold(" ".join(package.xpath("(//*[local-name()='title'])[1]//text()")))
    for part in parts:
        body = _body(book, part, hints)
        if body is None:
            continue
        text = text_in(body)
        why = Omission.REPEATED if text == title else _why_left_out(part, body)
        if why:
            book.left_out += [LeftOut.of(why, text)] if text else []
        else:
            _link_within(body, part, numbers)
            body.tag = "section"
            whole.append(body)
    pictures = PagePictures(PicturesWithin(hints), book.picture)
    blocks = blocks_of(whole, book.left_out, pictures.blocks)
    within = pictures.within
    return BlockPage(
        blocks,
        tidy(title),
        date=_date(package),
        left_out=[*book.left_out, *within.left_out],
        decoded_again=book.decoded_again,
        by_ocr=within.by_ocr,
    )


def _refuse_locked(book: _Book) -> None:
    if "META-INF/encryption.xml" not in book.archive.namelist():
        return
    locks = book.xml("META-INF/encryption.xml").xpath(
        "//*[local-name()='EncryptedData']/*[local-name()='EncryptionMethod']/@Algorithm"
    )
    if any(lock not in _FONTS_ONLY for lock in locks):
        raise Dropped(IngestReason.ENCRYPTED, "locked by its seller (DRM)")


def _package_name(book: _Book) -> str:
    container = book.xml("META-INF/container.xml")
    names = container.xpath("//*[local-name()='rootfile']/@full-path")
    if not names:
        raise Dropped(IngestReason.UNREADABLE, "its container names no book")
    return str(names[0])


def _parts(package: Element, folder: str) -> Iterator[_Part]:
    """Yield chapters in the order of the book, then what stands in no order."""
    items = {}
    for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']"):
        if item.get("media-type") in _CHAPTERS:
            name = _path(folder, item.get("href", ""))
            is_contents = "nav" in (item.get("properties") or "").split()
            items[item.get("id")] = _Part(name, Omission.NAVIGATION if is_contents else None)
    kinds = {
        _path(folder, reference.get("href", "")): reference.get("type")
        for reference in package.xpath("//*[local-name()='guide']/*[local-name()='reference']")
    }
    around = {"toc": Omission.NAVIGATION, "cover": Omission.AROUND}
    for name in dict.fromkeys(package.xpath("//*[local-name()='itemref']/@idref")):
        part = items.pop(name, None)
        if part:
            yield _Part(part.name, part.why, around.get(kinds.get(part.name, "")))
    for part in items.values():
        yield _Part(part.name, part.why or Omission.AROUND)


def _why_left_out(part: _Part, body: Element) -> Omission | None:
    """Return why a part is none of the book."""
    if part.why or part.of_guide is None:
        return part.why
    own = measure(body)[body]
    is_chapter = own.link_share < _LIST_SHARE and own.sentences > _FEW_SENTENCES
    return None if is_chapter else part.of_guide


def _path(folder: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(link.split("#", 1)[0])))


def _body(book: _Book, part: _Part, hints: Hints) -> Element | None:
    """Return a chapter; one that cannot be read costs no other."""
    try:
        data = book.read(part.name)
        declared = _DECLARED.search(data[:200])
        encoding = declared.group(1).decode() if declared else ""
        source, decoded_again = decode_counted(data, hints, encoding)
        book.decoded_again += decoded_again
        return xhtml_body_of(source)
    except Dropped as why:
        if why.reason in (IngestReason.TOO_LARGE, IngestReason.ENCRYPTED):
            raise
        detail = why.detail if part.name in why.detail else f"{part.name}: {why.detail}"
        book.left_out.append(LeftOut(Omission.DAMAGED, 1, detail[:80]))
        return None


def _link_within(body: Element, part: _Part, numbers: dict[str, int]) -> None:
    """Make names and links those of the whole book: notes often stand in a file of their own."""
    number = numbers[part.name]
    folder = posixpath.dirname(part.name)
    for node in body.iter("*"):
        if node.tag == "img" and ":" not in node.get("src", ":"):
            node.set("src", _path(folder, node.get("src")))
        if node.get("id"):
            node.set("id", f"{number}-{node.get('id')}")
        link = node.get("href") if node.tag == "a" else None
        if link and "#" in link and ":" not in link:
            name = _path(folder, link) if link[0] != "#" else part.name
            node.set("href", f"#{numbers.get(name, number)}-{link.split('#', 1)[1]}")


def _date(package: Element) -> str:
    """Return when a book was last changed, or else published."""
    found = package.xpath("//*[local-name()='meta'][@property='dcterms:modified']/text()")
    found += package.xpath("//*[local-name()='date']/text()")
    days = (_DAY.match(day.strip()) for day in found)
    return next((day[0] for day in days if day), "")
