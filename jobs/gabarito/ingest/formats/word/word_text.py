"""The text of a paragraph of Word, as it reads with all tracked changes accepted."""

from dataclasses import dataclass

from lxml.etree import iterwalk

from gabarito.ingest.blocks import Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import number_text
from gabarito.ingest.formats.office.drawing import PIC, VML, A, described
from gabarito.ingest.formats.office.linear_math import M, linear
from gabarito.ingest.formats.office.symbols import in_unicode, is_symbol_font, sign
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.word.word_equations import equation
from gabarito.ingest.formats.word.word_fields import form_value, said_by_instruction
from gabarito.ingest.formats.word.word_inline import Inline, Reference
from gabarito.ingest.formats.word.word_styles import Style, Styles, W, is_on, val

W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
PICTURES = frozenset({f"{PIC}pic", f"{VML}imagedata"})
"""What holds a picture: it stands among what is drawn in a paragraph."""

_VML_SHAPES = (f"{VML}shape", f"{VML}rect")
_OLE = "{urn:schemas-microsoft-com:office:office}OLEObject"

_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_PROPERTIES = frozenset(W + name for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "rubyPr", "lid"))
_INNER = PICTURES | {f"{W}txbxContent", f"{A}graphicData"}
_PLAIN_GRAPHICS = (
    "/picture",
    "/wordprocessingShape",
    "/wordprocessingGroup",
    "/wordprocessingCanvas",
    "/lockedCanvas",
)


@dataclass
class _TextRun:
    """How a run of text is displayed."""

    hidden: bool = False
    struck: bool = False
    script: str = ""
    font: str = ""


@dataclass
class _Field:
    """A field that is being read: what it says, and whether this or its result is read."""

    instruction: str = ""
    is_result: bool = False


class Texts:
    """Reads the paragraphs of a document in their order; fields may reach over several."""

    def __init__(self, styles: Styles, tally: Tally, note_styles: dict[str, str]) -> None:
        self._styles = styles
        self._tally = tally
        self._note_styles = note_styles
        self._notes = dict.fromkeys(note_styles, 0)
        self._fields: list[_Field] = []
        self._waits_for_mark = ""
        self.keeps_struck = False
        self.takes_notes = True

    def read(self, paragraph: Element, style: Style) -> Inline:
        """Return what a paragraph says."""
        inline = Inline()
        run = _TextRun()
        walker = iterwalk(paragraph, events=("start",))
        for _, node in walker:
            if node.tag == f"{W}r":
                run = self._run(node, style)
            elif not self._begin(node, run, inline):
                walker.skip_subtree()
        for open_field in self._fields:  # no instruction goes on in another paragraph
            open_field.is_result = True
        return inline

    def _run(self, node: Element, paragraph: Style) -> _TextRun:
        own = node.find(f"{W}rPr")
        named = self._styles.get(val(own, "rStyle"))
        fonts = own.find(f"{W}rFonts") if own is not None else None
        font = "" if fonts is None else fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
        struck = (is_on(own, "strike"), is_on(own, "dstrike"), named.struck, paragraph.struck)
        hidden = (is_on(own, "vanish"), named.hidden, paragraph.hidden)
        script = val(own, "vertAlign") or named.script or paragraph.script
        return _TextRun(
            hidden=next((switch for switch in hidden if switch is not None), False),
            struck=next((switch for switch in struck if switch is not None), False),
            script=script if script in {"superscript", "subscript"} else "",
            font=font or named.font or paragraph.font,
        )

    def _begin(self, node: Element, run: _TextRun, inline: Inline) -> bool:
        """Read an element; tell whether what is in it is still to be read."""
        tag = str(node.tag)
        if tag in _PROPERTIES or tag == f"{W}moveFrom":
            return False
        if tag == f"{W}del":
            self._tally.add(Omission.DELETED, words_of(node))
            return False
        if tag in _INNER:
            return self._inner(node, inline)
        if tag in {f"{M}oMath", f"{M}oMathPara"}:
            self._say(linear(node), _TextRun(), inline)
            return False
        if tag == f"{W}sdt" and (box := node.find(f"{W}sdtPr/{W14}checkbox")) is not None:
            checked = box.find(f"{W14}checked")
            is_ticked = checked is not None and checked.get(f"{W14}val") in {"1", "true", "on"}
            self._say("☒" if is_ticked else "☐", _TextRun(), inline)
            return False
        if tag == f"{W}ruby":  # how it is read comes first in the file
            parts = (node.find(W + name) for name in ("rubyBase", "rt"))
            base, reading = ("" if part is None else words_of(part) for part in parts)
            self._say(f"{base}({reading})", run, inline)
            return False
        if tag.startswith(W):
            self._word(tag.removeprefix(W), node, run, inline)
        else:
            self._picture(node, inline)
        return True

    def _word(self, name: str, node: Element, run: _TextRun, inline: Inline) -> None:
        if name == "t":
            text = node.text or ""
            if is_symbol_font(run.font) or any("\uf020" <= char <= "\uf0ff" for char in text):
                text = in_unicode(text, run.font)
            self._say(text, run, inline)
        elif name in _SIGNS:
            self._say(_SIGNS[name], run, inline)
        elif name == "sym":
            self._say(self._sign(node), run, inline)
        elif name == "fldChar":
            self._field(node, run, inline)
        elif name == "instrText" and self._fields:
            self._fields[-1].instruction += node.text or ""
        elif name in {"footnoteReference", "endnoteReference"}:
            self._refer(name.removesuffix("Reference"), node, run, inline)

    def _say(self, text: str, run: _TextRun, inline: Inline) -> None:
        if run.hidden or any(not open_field.is_result for open_field in self._fields):
            self._tally.add(Omission.HIDDEN, text)
        elif run.struck and not self.keeps_struck:
            self._tally.add(Omission.DELETED, text)
        elif self._waits_for_mark:
            kind, note_id = self._waits_for_mark.split(" ", 1)
            self._waits_for_mark = ""
            inline.references.append(Reference(kind, note_id, text.strip()))
            inline.add(f" [{text.strip()}]")
        else:
            inline.add(text, run.script)

    def _sign(self, node: Element) -> str:
        code = node.get(f"{W}char", "")
        font = node.get(f"{W}font", "")
        is_code = 0 < len(code) <= len("10FFFF") and all(
            c in "0123456789abcdefABCDEF" for c in code
        )
        text = sign(font, int(code, 16)) if is_code else ""
        if not text:
            self._tally.count(Omission.DAMAGED, 1, f"sign {code} of the font {font}")
        return text

    def _refer(self, kind: str, node: Element, run: _TextRun, inline: Inline) -> None:
        if not self.takes_notes or run.hidden:
            return
        note_id = node.get(f"{W}id", "")
        if node.get(f"{W}customMarkFollows") in {"1", "true", "on"}:
            self._waits_for_mark = f"{kind} {note_id}"
            return
        self._notes[kind] += 1
        marker = number_text(self._notes[kind], self._note_styles[kind])
        inline.references.append(Reference(kind, note_id, marker))
        inline.add(f" [{marker}]")

    def _field(self, node: Element, run: _TextRun, inline: Inline) -> None:
        kind = node.get(f"{W}fldCharType")
        if kind == "begin":
            if shown := form_value(node.find(f"{W}ffData")):
                self._say(shown, _TextRun(hidden=run.hidden), inline)
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].is_result = True
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if not ended.is_result:
                self._say(self._without_result(ended.instruction), run, inline)

    def _without_result(self, instruction: str) -> str:
        is_equation = instruction.lstrip()[:3].upper() in {"EQ ", "EQ\\"}
        shown = equation(instruction) if is_equation else said_by_instruction(instruction)
        if not shown and is_equation:
            self._tally.add(Omission.FORMULA, instruction)
        return shown

    def _inner(self, node: Element, inline: Inline) -> bool:
        kind = node.get("uri", "") if node.tag == f"{A}graphicData" else ""
        if kind.endswith(_PLAIN_GRAPHICS):
            return True
        inline.inner.append(node)
        return False

    def _picture(self, node: Element, inline: Inline) -> None:
        if node.tag == _OLE:
            self._tally.count(Omission.EMBEDDED, 1, node.get("ProgID", ""))
        elif said := _description(node):
            inline.add(said if not inline.pieces else f" {said} ")


def _description(node: Element) -> str:
    """Return what an element that stands for a drawing says of it."""
    if node.tag == f"{_WP}docPr":
        return described(node.get("descr") or "")
    return described(node.get("alt") or "") if node.tag in _VML_SHAPES else ""


def name_of_picture(node: Element) -> tuple[str, bool]:
    """Return what a picture is called, and whether it is described."""
    frame = next(node.iterancestors(f"{_WP}inline", f"{_WP}anchor", *_VML_SHAPES), None)
    about = None if frame is None else frame.find(f"{_WP}docPr")
    about = frame if about is None else about
    return ("", False) if about is None else (about.get("name") or "", bool(_description(about)))


def words_of(node: Element) -> str:
    """Return all text in an element, deleted or not, paragraphs apart."""
    parts = []
    for inside in node.iter(f"{W}t", f"{W}delText", f"{W}p", f"{W}tab", f"{W}br"):
        is_text = inside.tag in {f"{W}t", f"{W}delText"}
        parts.append((inside.text or "") if is_text else " ")
    return "".join(parts)
