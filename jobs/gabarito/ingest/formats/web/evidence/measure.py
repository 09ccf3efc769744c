"""What each element of a web page holds: letters, letters of links, sentences, headings."""

import re
from dataclasses import dataclass

from lxml.etree import iterwalk

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.seen import bare

_NO_TEXT = frozenset({"script", "style", "template", "noscript", "head", "iframe", "object"})
LINES = frozenset(
    """
    address article aside blockquote body br caption center dd details dialog div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section
    summary table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905
)
"""What stands on lines of its own."""

_NEIGHBOURS = frozenset({"contents", "index", "next", "prev", "previous", "start", "top", "up"})
_STRUCTURE = {**dict.fromkeys(["h1", "h2", "h3", "h4", "h5", "h6", "dt"], 1), "table": 2}
_SENTENCE = re.compile(
    r"[.!?…。؟।](?:(?<=\w[^\W\d].)|(?<=\d{4}.)|(?<=\w\d.)(?=\W*$)|(?<=\w\w[)\]\"”»].))(?:[\s\])\"”»]|$)"
)
"""The end of one; a pattern that begins with its sign is found three times faster.

A figure with a point before other words may number them (*Chapter 17. Limits*), if no year.
"""
_MIN_SENTENCE_WORDS = 4


@dataclass
class Measures:
    """What an element holds, with all that is in it."""

    letters: int = 0
    linked: int = 0
    links: int = 0
    sentences: int = 0
    structured: int = 0
    """Headings and terms; a table counts as two."""

    found: int = 0
    """Letters of lines that a second opinion takes for main text."""

    def add(self, inner: "Measures") -> None:
        """Count what an element within it holds."""
        self.letters += inner.letters
        self.linked += inner.linked
        self.links += inner.links
        self.sentences += inner.sentences
        self.structured += inner.structured
        self.found += inner.found

    @property
    def link_share(self) -> float:
        """The share of its letters that stand in links."""
        return self.linked / self.letters if self.letters else 0.0


def turns(link: Element) -> bool:
    """Tell whether a link says by its rel that it leads to a page beside, or to what holds both."""
    return not _NEIGHBOURS.isdisjoint(link.get("rel", "").lower().split())


def depth_of(tree: Element) -> int:
    """Return how deep the elements of a tree are nested."""
    deepest = depth = 0
    for event, _ in iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def measure(tree: Element, found: frozenset[str] = frozenset()) -> dict[Element, Measures]:
    """Return what each element of a tree holds; ``found`` are bare lines of main text."""
    places = {f"#{node.get('id')}" for node in tree.iter("*") if node.get("id")}
    places |= {f"#{node.get('name')}" for node in tree.iter("a") if node.get("name")}
    meter = _Meter(found, places)
    walker = iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event == "start" and node.tag in _NO_TEXT:
            walker.skip_subtree()
        elif event == "start":
            meter.begin(node)
        elif event == "end":
            meter.end(node)
        if event != "start" and node is not tree:
            meter.text(node.tail)
    return meter.measures


class _Meter:
    def __init__(self, found: frozenset[str], places: set[str]) -> None:
        self.measures: dict[Element, Measures] = {}
        self._found = found
        self._places = places
        self._open: list[Measures] = []
        self._line: list[str] = []
        self._links = 0

    def begin(self, node: Element) -> None:
        if node.tag in LINES:
            self._end_line()
        own = self.measures[node] = Measures()
        self._open.append(own)
        if self._leads_away(node):
            own.links += 1
            self._links += 1
        own.structured += _STRUCTURE.get(node.tag, 0)
        self.text(node.text)

    def end(self, node: Element) -> None:
        if node not in self.measures:
            return
        if node.tag in LINES:
            self._end_line()
        own = self._open.pop()
        self._links -= self._leads_away(node)
        if self._open:
            self._open[-1].add(own)

    def _leads_away(self, node: Element) -> bool:
        """Tell whether an element is a link, and none to a place of the same page in its text."""
        if node.tag != "a" or node.get("href") is None:
            return False
        href = node.get("href")
        is_place = "#" in href and href[href.find("#") :] in self._places
        return not is_place or turns(node)

    def text(self, text: str | None) -> None:
        if text and self._open:
            letters = 0 if text.isspace() else len(bare(text))
            self._open[-1].letters += letters
            self._open[-1].linked += letters if self._links else 0
            self._line.append(text)

    def _end_line(self) -> None:
        line, self._line = "".join(self._line), []
        if not self._open or not line.strip():
            return
        own = self._open[-1]
        if len(line.split()) >= _MIN_SENTENCE_WORDS and _SENTENCE.search(line):
            own.sentences += 1
        letters = bare(line) if self._found else ""
        if letters in self._found:
            own.found += len(letters)
