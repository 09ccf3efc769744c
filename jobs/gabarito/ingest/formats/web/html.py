"""Saved web pages: the main text, without what stands around it on every page of a site."""

import re
from functools import partial
from itertools import islice

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, BlockPage, Heading, LeftOut
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.page_pictures import Fetch, PagePictures, picture_beside
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.web.evidence.styles import hide_by_styles
from gabarito.ingest.formats.web.main_part import main_part
from gabarito.ingest.formats.web.notes import find_notes
from gabarito.ingest.formats.web.page_facts import date_of, title_of, url_of
from gabarito.ingest.formats.web.parsing import parse_html, without_xml_declaration
from gabarito.ingest.formats.web.scripted import text_of_scripts
from gabarito.ingest.formats.web.seen import bare, letters_shown, text_in
from gabarito.ingest.formats.web.tree import blocks_of, line_of
from gabarito.ingest.formats.web.web_archive import (
    html_of_archive,
    is_archive,
    pictures_of_archive,
)
from gabarito.ingest.formats.web.web_encodings import web_encoding
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, tidy
from gabarito.ingest.reading.decode import decode_counted

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN_BYTES = 4096
_ENDS = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_BEGINS = re.compile(r"<(?:!doctype|html|body)\b[^>]*>|</?head\s*>", re.IGNORECASE)
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_HALF = 0.5


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the main text of a page, its tables and notes included.

    Raises:
        Dropped: if it is not HTML, its elements are nested too deep, or scripts write its text.
    """
    left_out: list[LeftOut] = []
    charset = ""
    fetch: Fetch = partial(picture_beside, hints.beside) if hints.beside else _nowhere
    if is_archive(data):
        fetch = pictures_of_archive(data) if hints.ocr else fetch
        data, charset = html_of_archive(data, left_out)
    declared = web_encoding(charset) or web_encoding(_declared(data))
    source, decoded_again = decode_counted(data, hints, declared)
    source = _as_one_page(without_xml_declaration(source))
    tree = parse_html(source)
    hide_by_styles(tree)
    body = _body(tree)
    carried = text_of_scripts(tree, body)
    _show_silent_parts(body)
    title, date = title_of(tree), date_of(tree)
    marked = find_notes(body)
    part, around = main_part(body, source, title)
    notes = [node for node in marked.notes if _is_outside(node, part)]
    for node in notes:
        part.append(node)
    pictures = PagePictures(PicturesWithin(hints), fetch)
    written = blocks_of(part, left_out, pictures.blocks)
    blocks: list[Block] = [*_heading_above(body, part, title), *written]
    if carried:
        blocks = [Heading(1, title), *carried]
    return BlockPage(
        blocks=blocks,
        title=tidy(title),
        url=url_of(tree),
        date=date,
        left_out=[*left_out, *around, *pictures.within.left_out],
        by_ocr=pictures.within.by_ocr,
        decoded_again=decoded_again,
    )


def _nowhere(_link: str) -> None:
    return None


def _as_one_page(source: str) -> str:
    """Return several pages in one file as one; parsers drop what follows the end of the first."""
    source = _ENDS.sub("", source)
    bodies = list(islice(_BODY.finditer(source), 2))
    if len(bodies) == 1 or not bodies:
        return source
    first = bodies[0].end()
    return source[:first] + _BEGINS.sub("", source[first:])


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    return found.group(1).decode("ascii", "replace") if found else ""


def _body(tree: Element) -> Element:
    """Return all bodies of a file as one.

    Raises:
        Dropped: if there is none, as in a page that only names its frames.
    """
    body = tree.find(".//body")
    if body is None:
        unframed = (tree.findtext(".//noframes") or "").strip()
        body = parse_html(unframed).find(".//body") if unframed else None
    if body is None:
        raise Dropped(IngestReason.NO_TEXT, "no body in it")
    return body


def _show_silent_parts(body: Element) -> None:
    """Show what only a page without scripts shows, where it is most of the text."""
    said = {silent: len(bare(text_in(silent))) for silent in body.iter("noscript")}
    most = max(said.values(), default=0)
    letters = letters_shown(body, 2 * most) if most else 0
    for silent, own in said.items():
        if own > _HALF * max(letters, 1):
            silent.tag = "div"


def _is_outside(note: Element, part: Element) -> bool:
    return not any(above is part for above in note.iterancestors())


def _heading_above(body: Element, part: Element, title: str) -> list[Block]:
    """Return the page's heading if it stands above its main part."""
    headings = [node for node in body.iter("h1") if text_in(node)]
    if part is body or next(part.iter("h1"), None) is not None:
        return []
    named = [node for node in headings if line_of(node) in title] or headings
    return [Heading(1, line_of(named[0]))] if len(named) == 1 else []
