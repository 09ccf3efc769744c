"""Markdown in its common dialects: marks of emphasis and links go, structure stays."""

import re
from dataclasses import replace
from html import escape
from typing import Any

from lxml.etree import Comment
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

from gabarito.ingest.blocks import Block, BlockPage, Code, LeftOut, Note, Omission, Table
from gabarito.ingest.formats.text.dialects import cut_front_matter, to_commonmark
from gabarito.ingest.formats.text.fragment import body_of
from gabarito.ingest.formats.web.tree import blocks_of
from gabarito.ingest.page import Hints, tidy
from gabarito.ingest.reading.decode import decode_counted

MAX_NESTING = 40
"""Depth of lists and quotes that is read, two for each list; markdown-it looks at each bracket as
often."""

_REFERENCE = re.compile(r"\[\^([^\[\]\s]+)\]")
_NOTE = re.compile(r"\[\^([^\[\]\s]+)\]:[ \t]*(.*)")
_MARK, _NAMED = "‡‡", 18
"""What begins the marks of notes until they are told from other text in brackets."""

_BRACKETS = re.compile(r"(?:!?\[)+")
_MOST_BRACKETS = 16
"""Brackets in a row of which no page means that each begins a link."""

_MARKED = re.compile(rf" ?\[{_MARK}[^\[\]]*\]")
_MATH = re.compile(
    r"\$\$[^$]{1,4000}\$\$|\$(?=[^\s$])(?:[^$\\\n]|\\.){1,500}(?<=\S)\$(?!\d)"
    r"|\\\(.{1,500}?\\\)|\\\[.{1,1000}?\\\]",
    re.DOTALL,
)
_SPAN = re.compile(r"\[([^\[\]]*)\]\{[.#][^{}\n]*\}")
_ATTRIBUTES = re.compile(
    r"\s*\{:?\s*[#.][\w#.:=\"' -]*\}(?=\s*$)|(?<=[)\]`*])\{:?\s*[#.][^{}\n]*\}"
)
_LINE_ENDS = re.compile(r"\r\n?")


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the blocks as a reader of the rendered page sees them."""
    source, decoded_again = decode_counted(data, hints)
    front, body = cut_front_matter(_LINE_ENDS.sub("\n", source))
    notes: dict[str, str] = {}
    parser, env = _parser(), {"notes": notes}
    tokens = parser.parse(to_commonmark(body), env)
    rendered = parser.renderer.render(tokens, parser.options, env)
    left_out = [LeftOut.of(Omission.AROUND, front.text)] if front.text.strip() else []
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        left_out.append(LeftOut(Omission.DAMAGED, 1, "lists or quotes that are nested too deep"))
    body_tree = body_of(rendered + _written(notes))
    left_out += [
        LeftOut.of(Omission.COMMENT, comment.text)
        for comment in body_tree.iter(Comment)
        if comment.text.strip()
    ]
    blocks = [_without_marks(block) for block in blocks_of(body_tree, left_out)]
    return BlockPage(
        blocks,
        tidy(front.title),
        date=front.date,
        left_out=left_out,
        decoded_again=decoded_again,
    )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("reference", "note", _note, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.before("escape", "math", _math)
    parser.inline.ruler.before("link", "note_reference", _note_reference)
    parser.inline.ruler.before("link", "plain_brackets", _plain_brackets)
    parser.core.ruler.push("attributes", _drop_attributes)
    return parser


def _note(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Take a note's text, its indented lines with it, out of the page."""
    found = _NOTE.match(_line(state, line)) if not state.is_code_block(line) else None
    if found is None or silent:
        return found is not None
    body, at = [found.group(2)], line + 1
    while at < end and not _NOTE.match(_line(state, at)):
        is_below = state.sCount[at] > state.blkIndent
        if not state.isEmpty(at) and not is_below and state.isEmpty(at - 1):
            break
        body.append(_line(state, at))
        at += 1
    text = "\n".join(body).strip()
    state.env["notes"].setdefault(found.group(1), state.md.renderInline(text, state.env))
    state.line = at
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _note_reference(state: StateInline, silent: bool) -> bool:
    found = _REFERENCE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        name = escape(found.group(1))
        token = state.push("html_inline", "", 0)
        link = f'<a href="#note-{name}" id="from-{name}">{_MARK}{name[:_NAMED]}</a>'
        token.content = f"<sup>{link}</sup>"
    state.pos = found.end()
    return True


def _plain_brackets(state: StateInline, silent: bool) -> bool:
    """Take brackets as they are that no link begins with: each would be looked at 40 times."""
    found = _BRACKETS.match(state.src, state.pos)
    last = state.cache.setdefault(-1, state.src.rfind("]"))
    if found is None or (found.end() - found.start() <= _MOST_BRACKETS and state.pos < last):
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


def _math(state: StateInline, silent: bool) -> bool:
    """Take a formula as it is written: its signs are no emphasis."""
    found = _MATH.match(state.src, state.pos) if state.src[state.pos] in "$\\" else None
    if found is None:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content = escape(found[0])
    state.pos = found.end()
    return True


def _drop_attributes(state: StateCore) -> None:
    """Drop ids and classes in braces behind a heading or a span."""
    for inline in state.tokens:
        for token in inline.children or ():
            if token.type == "text":
                token.content = _ATTRIBUTES.sub("", _SPAN.sub(r"\1", token.content))


def _written(notes: dict[str, Any]) -> str:
    return "".join(
        f'<p id="note-{escape(name)}">{text} <a href="#from-{escape(name)}">↩</a></p>'
        for name, text in notes.items()
    )


def _without_marks(block: Block) -> Block:
    """Return a block without marks of notes: the notes follow it."""
    match block:
        case Code():
            return block
        case Table(rows, caption):
            plain = tuple(tuple(_MARKED.sub("", cell) for cell in row) for row in rows)
            return Table(plain, _MARKED.sub("", caption))
        case Note(text, marker):
            return Note(_MARKED.sub("", text), marker.removeprefix(_MARK))
    return replace(block, text=_MARKED.sub("", block.text))
