"""What the styles that stand in a page itself hide: by one class, identifier or tag with them.

Only what no rule shows again counts: a class that some other rule lays out, in whatever state
or on whatever medium, may be shown by a click or a wider window.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gabarito.ingest.formats.element import Element

_COMMENT = "/*"
_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)+)", re.IGNORECASE)
_NAMES = re.compile(r"[.#][\w-]+")
_HIDES = re.compile(r"(?:^|;)(?:display:none|visibility:hidden)")
_SHOWS = re.compile(r"(?:^|;)(?:display:(?!none)|visibility:visible)")
_EVERYWHERE = re.compile(r"@media(?:only)?all|@supports|@layer", re.IGNORECASE)
"""What is hidden on a screen alone is to be read on paper."""


@dataclass
class _Rules:
    """Selectors that hide, as tags with names, and names that occur where something is shown."""

    hiding: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)


def hide_by_styles(tree: Element) -> None:
    """Mark what the styles of a page hide as elements that hide themselves are marked."""
    rules = _Rules()
    for sheet in tree.iter("style"):
        for media, selectors, declarations in _rules_of(sheet.text or ""):
            _note(rules, media, selectors, declarations)
    hiding = [(tag, names) for tag, names in rules.hiding if not names & rules.shown]
    if not hiding:
        return
    by_name: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for tag, names in hiding:
        by_name.setdefault(min(names), []).append((tag, names))
    for node in tree.iter("*"):
        own = {f".{name}" for name in node.get("class", "").split()} | {f"#{node.get('id')}"}
        if own.isdisjoint(by_name) or own & rules.shown or "display" in node.get("style", ""):
            continue
        rivals = (one for name in own for one in by_name.get(name, ()))
        if any(tag in ("", node.tag) and names <= own for tag, names in rivals):
            node.set("style", f"{node.get('style', '')};display:none")


def _rules_of(sheet: str) -> Iterator[tuple[str, str, str]]:
    """Yield the medium, the selectors and the declarations of each rule, spaces left out."""
    first, *others = sheet.split(_COMMENT)
    plain = first + "".join(part.partition("*/")[2] for part in others)
    media = ""
    for chunk in plain.split("}"):
        *outer, declarations = chunk.split("{")
        if not outer:
            media = ""
            continue
        media = "".join(outer[0].split()) if len(outer) > 1 else media
        yield media, outer[-1], "".join(declarations.lower().split())


def _note(rules: _Rules, media: str, selectors: str, declarations: str) -> None:
    if _SHOWS.search(declarations):
        rules.shown.update(_NAMES.findall(selectors))
    elif _HIDES.search(declarations) and (not media or _EVERYWHERE.match(media)):
        for selector in selectors.split(","):
            if found := _SIMPLE.fullmatch(selector.strip()):
                tag = (found[1] or "").lower()
                rules.hiding.append((tag, frozenset(_NAMES.findall(found[2]))))
