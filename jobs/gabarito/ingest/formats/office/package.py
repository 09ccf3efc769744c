"""A file that is a zip archive of XML: its parts, how they refer to each other, within bounds."""

import lzma
import posixpath
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from lxml import etree

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.cures import OR_SPLIT_IT
from gabarito.ingest.formats.element import Element
from gabarito.ingest.outcomes import Dropped

DAMAGE = (
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    etree.LxmlError,
    lzma.LZMAError,
    zlib.error,
)
"""What the libraries raise on damaged files, found by changing bytes of good ones."""

MAX_UNPACKED_BYTES = 100_000_000
MAX_PICTURE_BYTES = 50_000_000
"""Larger pictures are not unpacked: all of one stands in memory before it is read."""

MAX_TAGS = 4_000_000
"""An empty element of eight bytes takes a hundred in memory."""

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True)
class Relation:
    """What a part refers to: another part by its name in the archive, or an address outside."""

    kind: str
    target: str
    is_outside: bool


class Package:
    """The parts of an archive. What cannot be read is told in ``left_out``.

    Raises:
        Dropped: if it is no archive or is encrypted.
    """

    def __init__(self, data: bytes, most_bytes: int = 0) -> None:
        if data.startswith(_OLE):
            raise Dropped(IngestReason.ENCRYPTED, "has a password, or is of Office 2003 or older")
        try:
            self._zip = ZipFile(BytesIO(data))
        except DAMAGE as error:
            raise Dropped.by_library(error) from error
        # Some programs write \ for / and other cases than the references to a part have.
        self._names = {_plain(info.filename): info for info in self._zip.infolist()}
        self._most = self._left = most_bytes or MAX_UNPACKED_BYTES
        self.left_out: list[LeftOut] = []

    def names(self, under: str = "") -> list[str]:
        """Return the names of the parts under a folder, in their order."""
        return [name for name in self._names if name.startswith(under)]

    def data(self, name: str) -> bytes:
        """Return a part's bytes.

        Raises:
            Dropped: if all that was read of the archive together is too much.
        """
        info = self._names[_plain(name)]
        self._left -= info.file_size
        if self._left < 0:
            detail = f"unpacks to more than {self._most} bytes; simplify{OR_SPLIT_IT}"
            raise Dropped(IngestReason.UNREADABLE, detail)
        with self._zip.open(info) as part:
            data = part.read(info.file_size + 1)
        return _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)

    def picture(self, name: str) -> bytes | None:
        """Return the bytes of a picture, or nothing where there is none or it cannot be read.

        It does not count against what is unpacked: only one of them is there at a time.
        """
        info = self._names.get(_plain(name))
        if info is None or info.file_size > MAX_PICTURE_BYTES:
            return None
        try:
            with self._zip.open(info) as part:
                return part.read(MAX_PICTURE_BYTES)
        except DAMAGE:
            return None

    def xml(self, name: str) -> Element:
        """Return the root of a part, or nothing where there is none or it cannot be read."""
        if _plain(name) not in self._names:
            return None
        try:
            return etree.fromstring(_not_too_many(self.data(name)), _parser())
        except DAMAGE as error:
            self.left_out.append(LeftOut(Omission.DAMAGED, 1, f"{name}: {error}"))
            return None

    def pieces(self, name: str, inside: str) -> Iterator[Element]:
        """Yield the children of a part's ``inside`` element one by one, and forget each.

        The part as a whole never stands in memory as a tree.
        """
        data = BytesIO(_not_too_many(self.data(name)))
        parent = None
        events = etree.iterparse(data, events=("start", "end"), resolve_entities=False)
        depth = within = 0
        for event, node in events:
            depth += 1 if event == "start" else -1
            if event == "start" and parent is None and node.tag == inside:
                parent, within = node, depth
            elif event == "end" and parent is not None and depth == within:
                yield node
                node.clear()
                while node.getprevious() is not None:
                    del parent[0]
            elif event == "end" and node is parent:
                break

    def relations(self, name: str = "") -> dict[str, Relation]:
        """Return what a part, or the archive as a whole, refers to, by its id there."""
        folder, file = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for node in () if root is None else root.iter(_RELATED):
            target = unquote(node.get("Target", ""))
            outside = node.get("TargetMode") == "External"
            path = target if outside else posixpath.normpath(posixpath.join("/", folder, target))
            kind = node.get("Type", "").rsplit("/", 1)[-1]
            found[node.get("Id", "")] = Relation(kind, path if outside else path[1:], outside)
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Return the names of the parts of one kind that a part refers to."""
        relations = self.relations(name).values()
        wanted = (r.target for r in relations if r.kind == kind and not r.is_outside)
        return [target for target in wanted if _plain(target) in self._names]


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _not_too_many(data: bytes) -> bytes:
    if (tags := data.count(b"<")) > MAX_TAGS:
        most = f"{tags} tags, of which {MAX_TAGS} are read at most; simplify{OR_SPLIT_IT}"
        raise Dropped(IngestReason.UNREADABLE, f"holds a part of {most}")
    return data


@dataclass(frozen=True)
class Properties:
    """What an Office file says of itself; empty where it does not."""

    title: str = ""
    date: str = ""


_DC = "{http://purl.org/dc/elements/1.1/}title"
_MODIFIED = "{http://purl.org/dc/terms/}modified"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_NO_TITLE = re.compile(
    r"Microsoft (?:Word|PowerPoint|Excel) - .*|PowerPoint Presentation|Word Document"
    r"|Apresentação do PowerPoint|Presentación de PowerPoint|(?:Document|Documento|Slide) ?\d*",
    re.IGNORECASE,
)
"""What programs write where people gave no title."""


def properties(package: Package) -> Properties:
    """Return the title and the date of last change, if a person gave the file a title."""
    parts = package.related("", "core-properties") or ["docProps/core.xml"]
    root = package.xml(parts[0])
    if root is None:
        return Properties()
    title = " ".join(root.findtext(_DC, "").split())
    date = date_of(root.findtext(_MODIFIED, ""))
    return Properties("" if _NO_TITLE.fullmatch(title) else title, date)


def date_of(text: str) -> str:
    """Return a date that a file names, if it is one of ISO 8601."""
    return text.strip() if _DATE.fullmatch(text.strip()) else ""


def is_locked(package: Package) -> bool:
    """Tell whether an OpenDocument file has a password."""
    manifest = "META-INF/manifest.xml"
    return bool(package.names(manifest.lower())) and b"encryption-data" in package.data(manifest)


def one_alternative(piece: Element) -> Element:
    """Leave of what is given twice, for newer and older programs, the first that says something."""
    for both in list(piece.iter(f"{MC}AlternateContent")):
        kept = next((choice for choice in both if len(choice)), None)
        for choice in list(both):
            if choice is not kept:
                both.remove(choice)
    return piece
