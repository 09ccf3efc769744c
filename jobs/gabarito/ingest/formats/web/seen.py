"""What of a web page's elements is not shown, not said, or said twice."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import iterwalk

from gabarito.ingest.blocks import Omission
from gabarito.ingest.formats.element import Element

_OFF_SCREEN = re.compile(
    r"(?:^|;)(?:clip:rect\((?:0|1)(?:px)?[, ]|clip-path:inset\((?:50|100)%|left:-\d{4}|"
    r"text-indent:-\d{4}|font-size:0(?:px)?(?:;|$))"
)
_FOR_SCREEN_READERS = frozenset(
    [
        "sr-only",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader-text",
        "a-offscreen",
        "element-invisible",
        "u-visually-hidden",
        "show-for-sr",
    ]
)
_ON_PAPER = re.compile(r"(?:^|[\s_-])print(?:$|\s|[_-](?:only|block|inline))|visible-print", re.I)
"""Names of what is hidden on a screen only: a person reads it on paper."""

_SCRIPTS = frozenset({"script", "style", "template", "noscript"})
_HEADS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary", "button", "label", "a"])
_CONTAINERS = frozenset(
    ["div", "section", "article", "dd", "ul", "ol", "dl", "table", "tbody", "tr", "li", "details"]
)
_CONTROLS = ["aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "aria-selected"]
_ICON = re.compile(r"\s*[\ue000-\uf8ff]\s*")
"""A picture of an icon font, which is no letter of any script."""
_LINK_SIGNS = re.compile(r"[¶§#🔗⚓\ufe0f↩︎↑^\s]+")
_LINK_WORDS = frozenset({"permalink", "anchor", "link to this heading", "link para este título"})
_SKIP = re.compile(r"(?:^|[\s_-])skip(?:$|[\s_-]|link|to|nav)", re.IGNORECASE)
_LETTERS = re.compile(r"\w")
_RUNS = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"\w[.!?…。](?:\s|$)")
_BRACKETED = re.compile(r"\[.{1,60}\]", re.DOTALL)
_LONG_BUTTON = 30
_SHORT = 80
_HEAD_EVENTS = 400
"""So far a heading is looked through for words: an unclosed one may hold a page of buttons."""


def text_in(element: Element) -> str:
    """Return all text in an element, on one line."""
    return " ".join("".join(element.itertext("*")).split())


def spaced_text(element: Element) -> str:
    """Return all text in an element, its pieces apart: to be counted and shown, not to be read."""
    texts = element.itertext(with_tail=False) if element.tag in _SCRIPTS else shown_texts(element)
    return " ".join(" ".join(texts).split())


def shown_texts(element: Element) -> Iterator[str]:
    """Yield the texts in an element, without those of scripts and styles in it."""
    walker = iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event == "start" and node.tag in _SCRIPTS:
            walker.skip_subtree()
        elif event == "start":
            yield node.text or ""
        if event != "start" and node is not element:
            yield node.tail or ""


def bare(text: str) -> str:
    """Return the letters and figures of a text alone."""
    return "".join(_RUNS.findall(text))


def letters_shown(element: Element, most: int) -> int:
    """Count the letters that an element shows before scripts run, but no more than asked for."""
    letters = 0
    for text in shown_texts(element):
        letters += len(bare(text))
        if letters >= most:
            break
    return letters


def beginning(element: Element, chars: int) -> str:
    """Return the first text in an element, since it may hold a whole page."""
    parts: list[str] = []
    for text in element.itertext("*"):
        parts.append(text)
        chars -= len(text)
        if chars < 0:
            break
    return " ".join("".join(parts).split())


def why_unseen(node: Element) -> Omission | None:
    """Return why an element is no text of its page, or nothing if it is."""
    style = "".join(node.get("style", "").lower().split())
    if node.tag in ("del", "s", "strike") or "line-through" in style:
        return Omission.DELETED
    if (
        _is_hidden(node, style)
        or _is_icon(node)
        or _is_twin(node)
        or _is_drawn_formula(node)
        or _is_for_screen_readers(node)
    ):
        return Omission.HIDDEN
    if node.tag == "button" and not _is_text_button(node):
        return Omission.NAVIGATION
    if node.tag == "a" and (_is_own_link(node) or _skips(node)):
        return Omission.NAVIGATION
    if node.tag in ("span", "div", "small", "sup") and _edits_section(node):
        return Omission.NAVIGATION
    return None


def _is_hidden(node: Element, style: str) -> bool:
    hidden = node.get("hidden")
    is_off = "display:none" in style or "visibility:hidden" in style or _OFF_SCREEN.search(style)
    if (hidden is None or hidden.lower() == "until-found") and not is_off:
        return False
    if _ON_PAPER.search(node.get("class", "")):
        return False
    return next(node.iter("math", "table"), None) is None and not _is_collapsed(node)


def _is_icon(node: Element) -> bool:
    return len(node) == 0 and node.text is not None and _ICON.fullmatch(node.text) is not None


def _is_collapsed(node: Element) -> bool:
    """Tell whether a click shows it: it stands below what can be clicked, or is named by it."""
    if node.get("role") == "tabpanel":
        return True
    if node.tag not in _CONTAINERS or not _LETTERS.search(text_in(node)):
        return False
    if node.get("role") in ("dialog", "alertdialog") or next(node.iter("form"), None) is not None:
        return False
    above = node.getprevious()
    if above is None or not isinstance(above.tag, str):
        return False
    return above.tag in _HEADS or next(above.iter(*_HEADS), None) is not None


def _is_twin(node: Element) -> bool:
    """Tell whether it is drawn for the eye alone and its neighbour says the same for the ear."""
    if node.get("aria-hidden") != "true":
        return False
    beside = [near for near in (node.getprevious(), node.getnext()) if _is_element(near)]
    if any(near.tag == "math" or next(near.iter("math"), None) is not None for near in beside):
        return True
    own = _bare(node)
    return bool(own) and any(_bare(near) == own for near in beside)


def _is_drawn_formula(node: Element) -> bool:
    """Tell whether it is a formula as MathJax draws it, whose TeX stands beside it."""
    if not node.get("class", "").startswith("MathJax"):
        return False
    source = node.getnext()
    return _is_element(source) and source.get("type", "").lower().startswith("math/tex")


def _is_for_screen_readers(node: Element) -> bool:
    """Tell whether it is a short aside to the ear in a line that says something without it."""
    if _FOR_SCREEN_READERS.isdisjoint(node.get("class", "").split()):
        return False
    beside = (node.getprevious(), node.getnext())
    if any(_is_element(near) and _is_twin(near) for near in beside):
        return False
    text, above = text_in(node), node.getparent()
    is_aside = len(text) <= _SHORT and not _SENTENCE.search(text) and above is not None
    return is_aside and len(beginning(above, 3 * _SHORT)) > len(text)


def _is_text_button(node: Element) -> bool:
    if not text_in(node):  # but a picture: to copy a line, to close a box
        return False
    if any(node.get(name) is not None for name in _CONTROLS) or len(text_in(node)) >= _LONG_BUTTON:
        return True
    heads = [above for above in node.iterancestors() if above.tag in _HEADS]
    return bool(heads) and not any(map(_speaks_without_buttons, heads))


def _speaks_without_buttons(head: Element) -> bool:
    """Tell whether a heading says something itself: its buttons copy its link, or close a box."""
    walker = iterwalk(head, events=("start", "end", "comment", "pi"))
    for event, part in islice(walker, _HEAD_EVENTS):
        text = part.text if event == "start" else part.tail if part is not head else ""
        if event == "start" and part.tag == "button":
            walker.skip_subtree()
        elif text and _LETTERS.search(text):
            return True
    return False


def _is_own_link(node: Element) -> bool:
    """Tell whether a link only leads to the place where it stands."""
    if "#" not in node.get("href", ""):
        return False
    text = text_in(node)
    if text.casefold() in _LINK_WORDS:
        return True
    if not text or not _LINK_SIGNS.fullmatch(text):
        return False
    return "§" not in text or not (node.tail or "").strip()


def _skips(node: Element) -> bool:
    """Tell whether a link leads past the menu, for those who hear a page."""
    is_named = _SKIP.search(node.get("class", "")) is not None
    return is_named and node.get("href", "").startswith("#") and len(text_in(node)) <= _SHORT


def _edits_section(node: Element) -> bool:
    """Tell whether it is links in brackets at a heading, such as a wiki's to edit a section."""
    if not _BRACKETED.fullmatch(beginning(node, _SHORT)):
        return False
    links = [link for link in node.iter("a") if "action=" in link.get("href", "")]
    return bool(links) and sum(len(_bare(link)) for link in links) * 2 >= len(_bare(node))


def _is_element(node: Element | None) -> bool:
    return node is not None and isinstance(node.tag, str)


def _bare(node: Element) -> str:
    return "".join(_LETTERS.findall("".join(node.itertext("*"))))
