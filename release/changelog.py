"""The newest release in CHANGELOG.md, and its changes as Artifact Hub lists them."""

import re
from dataclasses import dataclass

from gabarito.core.errors import DataError

KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
"""https://artifacthub.io/docs/topics/annotations/helm: what a change may be."""

_RELEASE = re.compile(r"^## (?P<version>\S+) \((?P<when>[^)]+)\)$", re.MULTILINE)
_PART = re.compile(r"^### (?P<title>.+)$", re.MULTILINE)
_ITEM = re.compile(r"^- (?P<text>.+)$", re.MULTILINE)
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\([^)]*\)")
_SENTENCE_END = re.compile(r"(?<=[.)])\s+(?=[A-Z`])")


@dataclass(frozen=True)
class Release:
    """A section of the changelog; ``changes`` are kinds and sentences."""

    version: str
    when: str
    """The day, or that it has none yet."""
    changes: tuple[tuple[str, str], ...]


def newest(text: str) -> Release:
    """Return the first release of a changelog.

    Its items are what was added, unless they stand below a heading of another kind; what stands
    below other headings, such as how to upgrade, is no list of changes.

    Raises:
        DataError: if it has none.
    """
    found = _RELEASE.search(text)
    if found is None:
        raise DataError("CHANGELOG.md: no release; write ## VERSION (YYYY-MM-DD) above its changes")
    following = _RELEASE.search(text, found.end())
    body = text[found.end() : following.start() if following else len(text)]
    first, *rest = _PART.split(body)
    parts = [("added", first), *zip(map(str.lower, rest[::2]), rest[1::2], strict=True)]
    changes = tuple(
        (kind, _sentence(item["text"]))
        for kind, part in parts
        if kind in KINDS
        for item in _ITEM.finditer(part)
    )
    return Release(found["version"], found["when"], changes)


def _sentence(text: str) -> str:
    """Return the first sentence of an item, without its marks."""
    first = _SENTENCE_END.split(_LINK.sub(r"\g<text>", text), maxsplit=1)[0]
    return first.replace("`", "").strip()
