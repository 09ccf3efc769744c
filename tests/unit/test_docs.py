"""The documents are true where a program can tell: links, paths, reasons, exit codes."""

import importlib
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from gabarito.core.errors import EXIT_CODES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "jobs/gabarito"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "helm").glob("*/*.md")]
TROUBLESHOOTING = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")

_LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MODULE = re.compile(r"`((?:[a-z_]+/)+[a-z0-9_]+\.py)`")
_COMMAND = re.compile(r"(make|gabarito|helm|pip|export)( +[a-z_A-Z]+)+")
_TREE_LINE = re.compile(r"(?P<indent> *)(?P<names>[^\s,]+(?:, [^\s,]+)*)")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    """Return the headings of a page as GitHub makes links of them."""
    kept = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in _HEADING.findall(text_of(page)))
    return {heading.strip().replace(" ", "-") for heading in kept}


def broken_links(page: Path) -> Iterator[str]:
    for link in _LINK.finditer(text_of(page)):
        target = page.parent / link["path"] if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors_of(target)):
            yield link[0]


def tree_of_readme() -> list[Path]:
    """Return the paths of the tree under the README's last heading."""
    tree = text_of(ROOT / "README.md").partition("## Files\n\n```\n")[2].partition("```")[0]
    paths, above = [], ROOT
    for line in tree.splitlines():
        found = _TREE_LINE.match(line)
        assert found, line
        if not found["indent"]:
            above = ROOT / found["names"]
        place = above if found["indent"] else ROOT
        paths += [place / name for name in found["names"].split(", ")]
    return paths


def commands_of(page: Path) -> set[str]:
    """Return what a page's blocks call: each ``make`` and ``gabarito`` with its first words."""
    blocks = text_of(page).split("```")[1::2]
    found = (_COMMAND.match(line) for block in blocks for line in block.splitlines())
    return {" ".join(one[0].split()) for one in found if one}


def reasons() -> list[str]:
    module = importlib.import_module("gabarito.core.reasons")
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type)]
    return [str(reason) for kind in kinds if issubclass(kind, StrEnum) for reason in kind]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("name", ["glossary.md", "data-model.md", "languages.md"])
def test_every_module_that_a_document_names_is_there(name: str) -> None:
    named = _MODULE.findall(text_of(ROOT / "docs" / name))
    assert named
    assert [path for path in named if not (PACKAGE / path).exists()] == []


def test_the_tree_of_the_readme_is_the_tree() -> None:
    tree = tree_of_readme()
    assert [path for path in tree if not path.exists()] == []
    rooms = {path for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= set(tree)


def test_every_reason_of_the_ledger_is_explained() -> None:
    known = reasons()
    assert known
    assert [reason for reason in known if f"| `{reason}` |" not in TROUBLESHOOTING] == []


def test_every_exit_code_is_explained() -> None:
    rows = [f"| {code} | {meaning.partition(',')[0]} |" for code, meaning in EXIT_CODES.items()]
    assert [row for row in rows if row not in TROUBLESHOOTING] == []


def test_the_portuguese_readme_calls_the_same_commands() -> None:
    english, portuguese = (commands_of(ROOT / name) for name in ("README.md", "README.pt.md"))
    assert portuguese == english
    assert "gabarito export gguf" in english
