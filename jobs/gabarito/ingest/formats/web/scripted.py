"""Pages whose text only scripts write: what they carry of it, and what to say where none is."""

import json
from collections.abc import Iterator

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Paragraph
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.seen import letters_shown, text_in
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold

_FEW_LETTERS = 200
_HARDLY_ANY = 30


def text_of_scripts(tree: Element, body: Element) -> list[Paragraph]:
    """Return the article that a page carries as data (schema.org) and hardly shows before it runs.

    Raises:
        Dropped: if it shows nothing, and carries nothing; it says what to do.
    """
    shown = letters_shown(body, _FEW_LETTERS)
    if shown >= _FEW_LETTERS or next(tree.iter("script"), None) is None:
        return []
    scripts = tree.xpath("//script[@type='application/ld+json']/text()")
    carried = max((text for one in scripts for text in _bodies(one)), key=len, default="")
    if len(carried) > _FEW_LETTERS:
        return [Paragraph(fold(line)) for line in carried.split("\n") if line.strip()]
    silent = [text for node in body.iter("noscript") if (text := text_in(node).casefold())]
    asks = ["javascript" in text for text in silent]
    if not all(asks):  # there stands what the scripts would show
        return []
    if shown == 0 or (shown < _HARDLY_ANY and asks):
        detail = "its text is written by scripts; open it in a browser and save it as shown there"
        raise Dropped(IngestReason.NO_TEXT, detail)
    return []


def _bodies(script: str) -> Iterator[str]:
    try:
        waiting = [json.loads(script)]
    except (ValueError, RecursionError):
        return
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += [value for value in part.values() if isinstance(value, list | dict)]
            text = part.get("articleBody")
            if isinstance(text, str):
                yield text
