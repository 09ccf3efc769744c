"""Signs of the fonts Symbol and Wingdings, which have codes of their own, in Unicode.

Symbol as in Adobe's ``symbol.txt``; of the others those that stand in text.
"""

_NONE = "\ufffd"
_SYMBOL = (
    " !∀#∃%&∍()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
)
_SYMBOL_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
    + _NONE
    + "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_WINGDINGS = {
    0x21: "✏", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x3A: "💻", 0x3F: "✍",
    0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x4E: "☠",
    0x54: "❄", 0x52: "☼", 0x58: "✠", 0x59: "✡", 0x5A: "☪", 0x5B: "☯", 0x6C: "●", 0x6D: "❍",
    0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫", 0x75: "◆",
    0x76: "❖", 0x77: "⬥", 0x78: "☒", 0x79: "⍓", 0x7A: "⌘", 0x80: "⓪", 0x8B: "⓿", 0x9F: "•",
    0x9E: "·", 0xA0: "▪", 0xA1: "○", 0xA4: "◉", 0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xD5: "⌫",
    0xD6: "⌦", 0xD8: "➢", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE7: "←",
    0xE8: "→", 0xE9: "↑", 0xEA: "↓", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xF3: "⬄",
    0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑", 0xA6: "❍", 0xAA: "✦", 0xB6: "✰", 0xA2: "○",
    **{0x81 + at: chr(0x2460 + at) for at in range(10)},
    **{0x8C + at: chr(0x2776 + at) for at in range(10)},
    **{0xB7 + at: chr(0x1F550 + at) for at in range(12)},
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x97: "●", 0x98: "•",
    0xA2: "■", 0xA3: "□", 0x2A: "☐", 0x96: "•",
}  # fmt: skip
_WINGDINGS_3 = {
    0x66: "←", 0x67: "→", 0x68: "↑", 0x69: "↓", 0x70: "▲", 0x71: "▼", 0x74: "◀", 0x75: "▶",
    0x7D: "▶", 0x84: "▶",
}  # fmt: skip
_FONTS = {
    "symbol": {
        **dict(enumerate(_SYMBOL, 0x20)),
        **dict(enumerate(_SYMBOL_HIGH, 0xA0)),
    },
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
}


def is_symbol_font(font: str) -> bool:
    """Tell whether a font has codes of its own."""
    return font.lower() in _FONTS


def sign(font: str, code: int) -> str:
    """Return the sign of a font's code; an empty text where it is not known."""
    table = _FONTS.get(font.lower())
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    if table is not None:
        found = table.get(low, "")
        return "" if found == _NONE else found
    return "" if 0xE000 <= code <= 0xF8FF or not 0x20 <= code <= 0x10FFFF else chr(code)


def in_unicode(text: str, font: str) -> str:
    """Return a text of a font with codes of its own; a code that is not known stays."""
    table = _FONTS.get(font.lower(), {})
    return "".join(
        sign(font if table else "symbol", ord(char)) or char
        if "\uf020" <= char <= "\uf0ff" or (table and char < "\u0100")
        else char
        for char in text
    )
