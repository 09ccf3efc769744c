"""The newest release in CHANGELOG.md, and its changes as Artifact Hub lists them."""

import re
from dataclasses import dataclass

from gabarito.core.errors import DataError

KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
"""https://artifacthub.io/docs/topics/annotations/helm: what a change may be."""

_SECTION = re.compile(r"^## ", re.MULTILINE)
_RELEASE = re.compile(r"(?P<version>[^\s\[\]]+) \((?P<when>[^)]+)\)")
_PART = re.compile(r"^### +(?P<title>.+?)[ #]*$", re.MULTILINE)
_ITEM = re.compile(
    r"^[-*] +(?P<text>\S.*(?:\n(?! *$| *[-*+] |#).+)*)",  # and the lines that go on with it
    re.MULTILINE,
)
_CODE = re.compile(
    r"^ *(?P<fence>`{3,}|~{3,})[^`\n]*$.*?(?:^ *(?P=fence)[`~]* *$|\Z)", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\([^)]*\)")
_CURE = "write ## VERSION (YYYY-MM-DD) above its changes"
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
        DataError: if it has none, or what is first has another form.
    """
    _, *sections = _SECTION.split(_CODE.sub("", text.replace("\r\n", "\n")))
    if not sections:
        raise DataError(f"CHANGELOG.md: no release; {_CURE}")
    heading, _, body = sections[0].partition("\n")
    found = _RELEASE.fullmatch(heading.strip())
    if found is None:
        raise DataError(f"CHANGELOG.md: '## {heading.strip()}' is first, and no release; {_CURE}")
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
    line = " ".join(_LINK.sub(r"\g<text>", text).split())
    return _SENTENCE_END.split(line, maxsplit=1)[0].replace("`", "")
