"""Footnotes of web pages: which links refer to them, where they stand, how they are marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from gabarito.ingest.formats.element import Element

_MARK = re.compile(r"\[?\(?\s*([\w*†‡§¶#.:+-]{1,20})\s*\)?\]?")
_BLOCKS = frozenset(
    ["p", "li", "div", "aside", "section", "dd", "dt", "td", "tr", "table", "blockquote"]
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BACK_SIGNS = re.compile(r"[\s\[\]()^↑↩⤴⬆︎⇑.,;]*")
_STARS = frozenset(["*", "**", "***", "†", "‡"])
_MAX_LINKS = 12
_MAX_PARTS = 400
"""What is made of more elements is no note."""

_NEAR = 2
_WITHIN_MARKS = ("span", "small", "div")
_LEAST_SAID = 20
"""Letters of a note in a raised mark; a shorter one may be an exponent."""


@dataclass(frozen=True)
class Notes:
    """``marks``: references and their marks; ``notes``: what they lead to; ``back``: links back."""

    marks: dict[Element, str] = field(default_factory=dict)
    target_of: dict[Element, Element] = field(default_factory=dict)
    notes: dict[Element, str] = field(default_factory=dict)
    back: frozenset[Element] = frozenset()
    same: dict[Element, Element] = field(default_factory=dict)
    """Descriptions, and the terms that stand for them as notes."""


def find_notes(tree: Element) -> Notes:
    """Return the notes of a page: short links within it, raised, or answered by a link back."""
    named = {name: node for node in tree.iter("*") for name in _names(node)}
    found, back = Notes(), set()
    said: set[Element] = set()
    links = [(link, mark) for link in tree.iter("a") if (mark := _mark(link))]
    for link, mark in links:
        target = _note_of(named.get(link.get("href")[1:]), link)
        answers = [] if target is None else list(_links_back(target, link))
        if link in back or not (answers or _is_raised(link)):
            continue
        found.marks[link] = mark
        back.update(answers)
        if mark in _STARS:  # a note without a number of its own may name the line it belongs to
            said.update(link for link in answers if re.search(r"\d", "".join(link.itertext())))
        if target is not None:
            found.target_of[link] = target
            found.notes.setdefault(target, mark)
    for link, mark in links:  # to a note that another link made known
        target = _note_of(named.get(link.get("href")[1:]), link)
        if target is not None and link not in back and found.notes.get(target) == mark:
            found.marks[link] = mark
            found.target_of[link] = target
    for raised, mark, note in _within_marks(tree):
        found.marks[raised], found.target_of[raised] = mark, note
        found.notes[note] = mark
    return Notes(found.marks, found.target_of, found.notes, frozenset(back - said))


def without_marks(text: str, mark: str) -> str:
    """Return a note's text without the mark that it begins with, and the signs of links back."""
    text = text[_end(_BACK_SIGNS, text) :]
    again = re.match(rf"\[?\(?{re.escape(mark)}\s*(?:[\])]\s*[.:]?|[.:]?(?=\s)|$)\s*", text)
    text = text[again.end() :] if again else text
    return re.sub(r"\s*[↑↩⤴⬆⇑]\ufe0e?\s*$", "", text[_end(_BACK_SIGNS, text) :])


def _end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _names(node: Element) -> Iterator[str]:
    for attribute in ("id", "name") if node.tag == "a" else ("id",):
        if node.get(attribute):
            yield node.get(attribute)


def _mark(link: Element) -> str:
    """Return the mark of a link that could refer to a note, or nothing."""
    if not link.get("href", "").startswith("#") or len(link.get("href")) == 1 or len(link) > _NEAR:
        return ""
    found = _MARK.fullmatch(" ".join("".join(link.itertext()).split()))
    mark = found.group(1) if found else ""
    return mark if mark in _STARS or any(map(str.isalnum, mark)) else ""


def _is_raised(link: Element) -> bool:
    parent = link.getparent()
    alone = parent is not None and parent.tag in ("sup", "span")
    above = parent if alone and parent.tag == "sup" else parent.getparent() if alone else None
    inner = link.find("sup")
    return (
        link.get("role") == "doc-noteref"
        or (inner is not None and not (link.text or "").strip())
        or (above is not None and above.tag == "sup")
    )


def _within_marks(tree: Element) -> Iterator[tuple[Element, str, Element]]:
    """Yield raised marks with the note that stands in them, to be shown when one is pointed at."""
    for raised in tree.iter("sup"):
        marked = _MARK.fullmatch((raised.text or "").strip())
        if not marked or len(raised) != 1 or raised[0].tag not in _WITHIN_MARKS:
            continue
        said = " ".join("".join(raised[0].itertext("*")).split())
        if " " in said and len(said) >= _LEAST_SAID and not (raised[0].tail or "").strip():
            yield raised, marked[1], raised[0]


def _note_of(target: Element | None, link: Element) -> Element | None:
    """Return the block that a reference leads to, if it can be a note."""
    while target is not None and target.tag not in _BLOCKS:
        target = target.getparent()
    if target is None or _holds(target, link):
        return None
    parts = list(islice(target.iter("*"), _MAX_PARTS + 1))
    is_small = len(parts) <= _MAX_PARTS and not any(part.tag in _HEADINGS for part in parts)
    return target if is_small else None


def _holds(node: Element, inner: Element) -> bool:
    return any(above is node for above in inner.iterancestors())


def _links_back(note: Element, link: Element) -> Iterator[Element]:
    """Yield the links of a note that lead to a reference, or to what it stands in."""
    near = [link, *link.iter("sup", "span"), *list(link.iterancestors())[:_NEAR]]
    names = {f"#{name}" for node in near for name in _names(node)}
    parts = [note, note.getnext()] if note.tag == "dt" and note.getnext() is not None else [note]
    links = (found for part in parts for found in part.iter("a"))
    for found in islice(links, _MAX_LINKS):
        if found.get("href") in names:
            yield found
