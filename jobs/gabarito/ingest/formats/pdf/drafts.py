"""Lines of printed pages that belong together, told by where they stand and how they look."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gabarito.ingest.blocks import Note, Table
from gabarito.ingest.formats.pdf.layout import MARKER, TextLine
from gabarito.ingest.formats.pdf.letters.pdf_fonts import BOLD, MONO

NOTE = re.compile(r"^(\d{1,3}|[*†‡]{1,3}|\w)\s+(?=\S)")

_LARGE = 1.13
_LARGE_DROP = 1.75
_APART = 1.3
_ALL_CODE = 0.8
_CODE_SIGN = re.compile(r"[\s=(){}\[\]/;$<>|\\]")
_WORD = re.compile(r"[\w-]+")
HYPHENATED = re.compile(r"\w[-\u2010]$")
"""How a line ends whose last word goes on in the next."""

_SENTENCE_CHARS = 30
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")


@dataclass
class Draft:
    """Lines that belong together."""

    lines: list[TextLine] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def last(self) -> TextLine:
        """Its last line so far."""
        return self.lines[-1]

    @property
    def is_code(self) -> bool:
        """Tell whether it is code: more than a word in the type of code."""
        is_mono = bool(self.lines[0].style & MONO)
        return is_mono and (len(self.lines) > 1 or bool(_CODE_SIGN.search(self.lines[0].text)))


@dataclass(frozen=True)
class TypeStyle:
    """What the running text of a document looks like, and its compounds."""

    size: float
    is_bold: bool
    is_mono: bool
    sizes: Sequence[float]
    """Sizes of headings, the largest first."""
    compounds: frozenset[str]

    @classmethod
    def of(cls, lines: Sequence[TextLine]) -> "TypeStyle":
        """Return what most letters of a document look like."""
        sizes: Counter[float] = Counter()
        bold = mono = letters = 0
        for line in lines:
            count = len(line.text)
            letters += count
            sizes[rounded(line.size)] += count
            bold += count * bool(line.style & BOLD)
            mono += count * bool(line.style & MONO)
        body = sizes.most_common(1)[0][0] if sizes else 1.0
        large = sorted((size for size in sizes if size >= _LARGE * body), reverse=True)
        compounds = frozenset(
            word for line in lines for word in _WORD.findall(line.text) if "-" in word.strip("-")
        )
        return cls(body, bold > letters / 2, mono > _ALL_CODE * letters, large, compounds)


def rounded(size: float) -> float:
    """Return a size of letters by the half."""
    return round(size * 2) / 2


def drafts_of(items: Iterable[TextLine | Table], look: TypeStyle) -> Iterator[Draft | Table]:
    """Yield lines that belong together; notes stand after the text that they interrupt."""
    draft: Draft | None = None
    held: list[Draft | Table] = []
    for item in items:
        if isinstance(item, Table):
            yield from [draft] if draft else []
            yield from held
            yield item
            draft, held = None, []
        elif held and isinstance(held[-1], Draft) and _is_below(held[-1].last, item, look):
            held[-1].lines.append(item)
        elif draft and _goes_on(draft, item, look):
            draft.lines.append(item)
        elif draft and is_note(item, look):
            held.append(Draft([item]))
        else:
            yield from [draft] if draft else []
            yield from held
            draft, held = Draft([item]), []
    yield from [draft] if draft else []
    yield from held


def is_note(line: TextLine, look: TypeStyle) -> bool:
    """Tell whether a line begins a footnote: small, with its mark raised."""
    return line.is_marked and line.size < 0.96 * look.size and bool(NOTE.match(line.text))


def _is_below(above: TextLine, line: TextLine, look: TypeStyle) -> bool:
    is_near = 0 < line.distance < 1.5 and abs(line.size - above.size) < 0.1 * above.size
    return is_near and not is_note(line, look)


def _goes_on(draft: Draft, line: TextLine, look: TypeStyle) -> bool:
    above = draft.last
    if not 0.92 < line.size / above.size < 1.09:
        return False
    if (line.style | draft.lines[0].style) & MONO and not look.is_mono:
        is_last_word = not draft.lines[0].style & MONO and " " not in line.text.strip()
        if not is_last_word:
            return bool(line.style & above.style & MONO) and 0 < line.distance < 3
    begins = line.is_marked and NOTE.match(line.text)
    if begins or " … " in above.text[-9:] or _is_item(line, draft):
        return False
    if line.distance == 0:
        return line.style == above.style and _is_same_sentence(above, line)
    return _goes_on_below(draft, line, look)


def _goes_on_below(draft: Draft, line: TextLine, look: TypeStyle) -> bool:
    above = draft.last
    if is_large(line, look):
        return line.drop < _LARGE_DROP and line.style == above.style
    if line.distance > _APART or _is_new_by_indent(draft, line):
        return False
    if line.style & above.style & BOLD and not look.is_bold:
        return line.distance < 1.15
    return _is_full(above, line) and (line.style == above.style or not _ends(above))


def _is_item(line: TextLine, draft: Draft) -> bool:
    above, first = draft.last, draft.lines[0]
    found = MARKER.match(line.text)
    if not found:
        return False
    if MARKER.match(first.text) and abs(line.x0 - first.x0) < 0.5 * line.size:
        return True
    is_bullet = not any(map(str.isalnum, found.group()))
    return (is_bullet and found.group() not in "-–—") or _ends(above) or not _is_full(above, line)


def _ends(line: TextLine) -> bool:
    return bool(_SENTENCE_END.search(line.text))


def _is_same_sentence(above: TextLine, line: TextLine) -> bool:
    """Tell whether a line on top of a column, or page, goes on with the last one of another."""
    if _ends(above) or _is_full(above, line):
        return not _ends(above)
    is_wide = above.x1 - above.x0 > 0.5 * (above.right - above.left)
    return is_wide and line.text[:1].islower() and len(above.text) > _SENTENCE_CHARS


def _is_full(above: TextLine, line: TextLine) -> bool:
    """Tell whether the first word of a line would not have gone into the one above."""
    if HYPHENATED.search(above.text) and line.text[:1].islower():
        return True
    word = len(line.text.split(" ", 1)[0])
    width = (above.x1 - above.x0) / max(len(above.text), 1)
    room = above.x0 - above.left if above.is_rtl else above.right - above.x1
    return room < max((word + 1) * width, 1.2 * above.size)


def _is_new_by_indent(draft: Draft, line: TextLine) -> bool:
    above, step = draft.last, 0.8 * line.size
    if line.is_rtl:
        return line.x1 < above.x1 - step and (_ends(above) or not _is_full(above, line))
    if line.x0 > above.x0 + step:
        return not MARKER.match(above.text) and (_ends(above) or not _is_full(above, line))
    return line.x0 < above.x0 - step and len(draft.lines) > 1


def is_large(line: TextLine, look: TypeStyle) -> bool:
    """Tell whether a line is larger than running text."""
    return line.size >= _LARGE * look.size
