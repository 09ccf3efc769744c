"""What the fields of Word display that keep it in no text: choices, ticks, signs, buttons."""

import re

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.office.symbols import sign
from gabarito.ingest.formats.word.word_styles import W, is_on, number, val

_SYMBOL = re.compile(r'\s*SYMBOL\s+(0x)?([0-9a-fA-F]{1,6})(?:.*\\f\s+"?([^"\\]+))?', re.IGNORECASE)
_BUTTON = re.compile(r"\s*MACROBUTTON\s+\S+\s+(.*)", re.IGNORECASE | re.DOTALL)


def form_value(form: Element) -> str:
    """Return what a form field displays that stands in no text: its tick or its choice."""
    if form is None:
        return ""
    box, choice = form.find(f"{W}checkBox"), form.find(f"{W}ddList")
    if box is not None:
        checked = is_on(box, "checked")
        return "☒" if (is_on(box, "default") if checked is None else checked) else "☐"
    if choice is None:
        return ""
    entries = [entry.get(f"{W}val", "") for entry in choice.iterchildren(f"{W}listEntry")]
    at = number(val(choice, "result") or val(choice, "default"), 0) or 0
    return entries[at] if 0 <= at < len(entries) else ""


def said_by_instruction(instruction: str) -> str:
    """Return what a field without a result displays, as far as its instruction says it."""
    if symbol := _SYMBOL.match(instruction):
        base = 16 if symbol[1] or not symbol[2].isdecimal() else 10
        return sign((symbol[3] or "").strip(), int(symbol[2], base))
    button = _BUTTON.match(instruction)
    return button[1] if button else ""
