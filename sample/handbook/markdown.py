"""Pages of reStructuredText and notebooks as their readers see them, in Markdown.

What leads elsewhere is left out, and code is fenced; a Sphinx that builds the handbook would have
to import the program that it is about.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain

_ROLE = re.compile(r":(?:doc|ref|class|func):`~?([^`<]+?)\s*(?:<[^`>]*>)?`")
_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]+>`_*")
_CODE = re.compile(r"``([^`]+)``")
_FENCED = re.compile(r"(^```\n.*?^```$)", re.DOTALL | re.MULTILINE)
_UNDERLINE = re.compile(r"([=\-~^])\1{2,}\s*")
_DIRECTIVE = re.compile(r"\.\. ([a-z-]+):: *(.*)")
_LABEL = re.compile(r"\.\. _[^:]+:\s*")

_CODE_BLOCKS = frozenset({"code", "code-block"})
_REMARKS = frozenset({"note", "warning"})


def of_rst(text: str) -> str:
    """Return a page of reStructuredText as Markdown: titles, paragraphs, lists and code."""
    parts = _FENCED.split("\n".join(_lines(text.replace("\t", "    ").split("\n"), {})))
    parts[::2] = map(_words, parts[::2])
    return "".join(parts).strip() + "\n"


def of_notebook(text: str) -> str:
    """Return the texts and the code of a notebook as Markdown; what the code printed is left out.

    Its raw cells are reStructuredText.
    """
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts.append(f"```\n{source}\n```\n")
        else:
            parts.append(of_rst(source))
    return "\n".join(parts)


def _lines(lines: list[str], levels: dict[str, int]) -> Iterator[str]:
    """Yield lines of Markdown; ``levels`` has the signs that underline titles, the first first."""
    place = 0
    while place < len(lines):
        line, following = lines[place], lines[place + 1 : place + 2]
        sign = _UNDERLINE.fullmatch(following[0]) if following and line.strip() else None
        directive = _DIRECTIVE.match(line.strip())
        place += 1
        if sign and not line.startswith(" "):
            level = levels.setdefault(sign[1], len(levels) + 1)
            yield f"{'#' * level} {line}"
            place += 1
        elif directive:
            block, place = _block(lines, place, _indent(line))
            yield from _of_directive(directive[1], directive[2], block, levels)
        elif line.rstrip().endswith("::"):
            block, place = _block(lines, place, _indent(line))
            yield from chain([line.rstrip().rstrip(":") + ":"], _fenced(block))
        elif not _LABEL.fullmatch(line):
            yield line


def _of_directive(
    name: str, argument: str, block: list[str], levels: dict[str, int]
) -> Iterator[str]:
    """Yield what is shown of a directive; menus, pictures and what is made of code are not."""
    if name in _CODE_BLOCKS:
        yield from _fenced(block)
    elif name in _REMARKS:
        yield from chain(["", f"{name.capitalize()}: {argument}".rstrip()], _lines(block, levels))
    elif name == "versionadded":
        yield from chain(["", f"New in version {argument}."], _lines(block, levels))
    yield ""


def _block(lines: list[str], place: int, indent: int) -> tuple[list[str], int]:
    """Return the lines from ``place`` on that are indented further, and where they end."""
    end = place
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    block = lines[place:end]
    margin = min((_indent(line) for line in block if line.strip()), default=0)
    return [line[margin:] for line in block], end


def _fenced(block: list[str]) -> Iterator[str]:
    text = "\n".join(block).strip("\n")
    yield from ["", "```", *text.split("\n"), "```", ""] if text else []


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _words(text: str) -> str:
    """Return a text without what is markup to Sphinx alone; a page is named by its last part."""
    text = _ROLE.sub(lambda role: role[1].rsplit("/", 1)[-1].rsplit(".", 1)[-1], text)
    return _CODE.sub(r"`\1`", _LINK.sub(r"\1", text))
