"""What stands around the text of a web page: menus, banners, boxes of a site.

An element goes on two signs: a name that sites give to furniture, and little else than links or
no sentence in it. What holds much of a page, or its heading, stays whatever it is called.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lxml.etree import iterwalk

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.evidence.measure import LINES, Measures, turns
from gabarito.ingest.formats.web.in_line import FIELDS_OF_TEXT
from gabarito.ingest.formats.web.seen import spaced_text, text_in
from gabarito.ingest.formats.web.verbatim import is_verbatim

AROUND = frozenset({"nav", "header", "footer"})
NAMED_TAGS = frozenset({"aside", "footer", "form", "nav"})
_ROLES = frozenset({"banner", "contentinfo", "navigation", "search"})
_DIALOGS = frozenset({"alertdialog", "dialog"})
_LINES_OF_TEXT = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "a", "dt", "summary"})
"""What is read or goes with the element that holds it."""

_NAMES = frozenset(
    """
    ad ads advert advertisement anuncio anuncios banner breadcrumb breadcrumbs catlinks comentarios
    comments compartilhar compartilhe consent cookie cookies footer gdpr jump lgpd login masthead
    menu modal nav navbar navbox navfooter navheader navigation newsletter onetrust pagination
    paywall popup promo publicidade recommended related relacionadas relacionados rodape search
    share sharing sidebar sitemap skip social sponsored sphinxsidebar subscribe toc toolbar topbar
    """.split()  # noqa: SIM905
)
"""Words in class, id, role or label that sites give to furniture: one sign of two."""

_TURNS = frozenset({"prev", "previous", "next"})
"""Words in class, id or rel of links to the neighbours of a page."""

_NAMED_BY = ("class", "id", "rel")
_OF_CONSENT = frozenset({"consent", "cookie", "cookies", "gdpr", "lgpd", "onetrust"})
_FEWEST_FILLED = 2
_FEW_SENTENCES = 1
_FEWEST_WORDS = 5
_NEAR = 3
_CAMEL = re.compile(r"([a-z])([A-Z])")
_NO_NAME = re.compile(r"[^0-9a-zà-ÿ]+")
_NUMBERED = "0123456789"
_MAX_SHARE = 0.4
_LINK_SHARE = 0.4
_MENU_SHARE = 0.8
_MIN_LINKS = 3
_MOST_TURNS = 6
_FEW_LETTERS = 200


def remove_furniture(
    body: Element, measures: dict[Element, Measures], headings: list[Element]
) -> list[LeftOut]:
    """Take from a body what stands around its text; return the account of it."""
    found = list(_find_furniture(body, measures, headings))
    if _is_index(measures, body, found):
        found = [one for one in found if not one.is_listed]
    return [account for one in found for account in drop(one.node, one.why)]


def drop(node: Element, why: Omission) -> Iterator[LeftOut]:
    """Take an element away, but not the text after it; yield the account of what it said."""
    text = spaced_text(node)
    if any(map(str.isalnum, text)):
        yield LeftOut.of(why, text)
    before, parent = node.getprevious(), node.getparent()
    if parent is None:
        return
    if before is None:
        parent.text = (parent.text or "") + (node.tail or "")
    else:
        before.tail = (before.tail or "") + (node.tail or "")
    parent.remove(node)


@dataclass(frozen=True)
class _Furniture:
    """Furniture; ``is_listed`` if it is a list of links without a name, below the heading."""

    node: Element
    why: Omission
    is_listed: bool


def _find_furniture(
    body: Element, measures: dict[Element, Measures], headings: list[Element]
) -> Iterator[_Furniture]:
    holders = {above for node in headings for above in (node, *node.iterancestors())}
    mains: list[Element] = []
    to_come = len(headings)
    walker = iterwalk(body, events=("start", "end"))
    for event, node in walker:
        if event == "end":
            del mains[len(mains) - (node in mains[-1:]) :]
        elif node in holders:
            to_come -= node in headings
            mains += filter(_is_main, [node])
        elif node in measures and _is_announced(node, measures[node]):
            walker.skip_subtree()
        elif node in measures:
            where = _Where(measures[body].letters, bool(mains), to_come > 0)
            why = _why_furniture(node, measures[node], where)
            if why:
                is_listed = not (where.is_above or _is_named(node, _NAMES) or node.get("role"))
                yield _Furniture(node, why, is_listed)
            mains += filter(_is_main, [] if why else [node])
            if why or node.tag in _LINES_OF_TEXT or is_verbatim(node) or _names_columns(node):
                walker.skip_subtree()


def _is_index(
    measures: dict[Element, Measures], body: Element, found: Collection[_Furniture]
) -> bool:
    """Tell whether lists of links below the heading are what a page is for: it says no more."""
    listed = sum(measures[one.node].letters for one in found if one.is_listed)
    kept = measures[body].letters - sum(measures[one.node].letters for one in found)
    sentences = measures[body].sentences - sum(measures[one.node].sentences for one in found)
    return listed > kept and sentences <= _FEW_SENTENCES


@dataclass(frozen=True)
class _Where:
    """Where an element stands: in a page of so many letters, in its main part, above its title."""

    whole: int
    is_main: bool
    is_above: bool


def _is_main(node: Element) -> bool:
    return node.tag in ("main", "article") or node.get("role") == "main"


def _why_furniture(node: Element, own: Measures, where: _Where) -> Omission | None:
    if node.tag in _LINES_OF_TEXT or is_verbatim(node) or _stands_in_line(node):
        return None
    if node.tag == "dialog" or node.get("role") in _DIALOGS:
        return Omission.AROUND
    is_linked = own.links >= _MIN_LINKS and own.link_share >= _MENU_SHARE
    is_menu = is_linked and not _names_columns(node)
    if own.letters > _MAX_SHARE * where.whole:
        return Omission.NAVIGATION if is_menu and where.is_above else None
    if node.tag in AROUND or node.get("role") in _ROLES:
        is_part = node.tag in ("header", "footer") or not own.links
        if not where.is_main or not is_part:
            return Omission.NAVIGATION if own.link_share >= _LINK_SHARE else Omission.AROUND
    if (is_menu and not where.is_main) or _turns_pages(node, own):
        return Omission.NAVIGATION
    return _why_named(node, own, where) if _is_named(node, _NAMES) else None


def _names_columns(node: Element) -> bool:
    """Tell whether it is a table whose first row names its columns: its cells may all be links."""
    row = next(node.iter("tr"), None) if node.tag == "table" else None
    return row is not None and sum(1 for cell in row.iterchildren("th") if text_in(cell)) > 1


def _is_announced(node: Element, own: Measures) -> bool:
    """Tell whether it is a list of links that a sentence right before it leads in, as text does."""
    if own.links < _MIN_LINKS or node.tag in AROUND or _is_named(node, _NAMES):
        return False
    before = _text_before(node)
    return before.endswith(":") and len(before.split()) >= _FEWEST_WORDS


def _text_before(node: Element) -> str:
    """Return the line right before an element, if there is one and no other element between."""
    for at, _ in zip((node, *node.iterancestors()), range(_NEAR), strict=False):
        before, above = at.getprevious(), at.getparent()
        if above is None:
            break
        text = (above.text if before is None else before.tail) or ""
        if text.strip():
            return text.strip()
        if before is not None:
            return text_in(before) if before.tag == "p" else ""
    return ""


def _turns_pages(node: Element, own: Measures) -> bool:
    """Tell whether it is only links to the page before and the one after.

    Where each says so itself, by its rel, words may stand between: *Next: Terms, Up: Contents*.
    """
    is_short = 0 < own.links <= _MOST_TURNS and not own.sentences
    if is_short and own.link_share >= _LINK_SHARE and all(map(turns, node.iter("a"))):
        return True
    if not 0 < own.links < _MIN_LINKS or own.link_share < _MENU_SHARE:
        return False
    named = (" ".join(link.get(name, "") for name in _NAMED_BY) for link in node.iter("a"))
    return all(not _TURNS.isdisjoint(_NO_NAME.split(names.lower())) for names in named)


def _stands_in_line(node: Element) -> bool:
    """Tell whether it is a word or a formula in a line of text, and goes with that."""
    if node.tag in LINES:
        return False
    return any(map(str.isalnum, node.tail or "")) or next(node.iter("math"), None) is not None


def _why_named(node: Element, own: Measures, where: _Where) -> Omission | None:
    """Return why an element with a name of furniture goes, if there is a second sign.

    A box in the main text that nothing but its tag names may list sources, links within them.
    """
    if _is_filled_in(node):
        return None
    if _is_named(node, _OF_CONSENT) and _asks_consent(node):
        return Omission.AROUND
    is_box = where.is_main and node.tag == "aside" and not _has_words_of(node, _NAMES)
    if own.links and own.link_share >= (_MENU_SHARE if is_box else _LINK_SHARE):
        return Omission.NAVIGATION
    is_facts = own.structured > 1 and not own.links
    says_little = own.letters < _FEW_LETTERS and not own.sentences and not is_facts
    return Omission.AROUND if says_little else None


def _asks_consent(node: Element) -> bool:
    """Tell whether it asks to accept cookies, and is no chapter about them."""
    buttons = (part for part in node.iter("button", "a", "input") if _is_button(part))
    is_chapter = next(node.iter("pre", "table"), None) is not None
    return (
        not is_chapter and next(buttons, None) is not None and "cookie" in text_in(node).casefold()
    )


def _is_button(node: Element) -> bool:
    kinds = (node.get("role"), node.get("type"))
    return node.tag == "button" or "button" in kinds or "submit" in kinds


def _is_filled_in(node: Element) -> bool:
    """Tell whether it is a form with values in it, and not one to search or sign in with."""
    values = (
        field.text if field.tag == "textarea" else field.get("value")
        for field in node.iter("input", "textarea")
        if field.get("type", "text").lower() in FIELDS_OF_TEXT
    )
    checked = (field for field in node.iter("input") if field.get("checked") is not None)
    filled = sum(1 for value in values if value and value.strip())
    return filled + sum(1 for _ in checked) >= _FEWEST_FILLED


def _is_named(node: Element, names: frozenset[str]) -> bool:
    return (node.tag in NAMED_TAGS and names is _NAMES) or _has_words_of(node, names)


def _has_words_of(node: Element, names: frozenset[str]) -> bool:
    named = " ".join(node.get(name, "") for name in ("class", "id", "role", "aria-label"))
    words = _NO_NAME.split(_CAMEL.sub(r"\1 \2", named).lower())
    return any(word.strip(_NUMBERED) in names for word in words)  # ad2, but not ad of 1ad0f3
