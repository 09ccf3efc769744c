"""The places that say which version this is, and whether they agree."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml

from release.changelog import newest

_PLACES = {
    "jobs/gabarito/__init__.py": re.compile(r'^__version__ = "(.+)"$', re.MULTILINE),
    "pyproject.toml": re.compile(r'^version = "(.+)"$', re.MULTILINE),
    "images/docker-bake.hcl": re.compile(
        r'^variable "VERSION" \{\n  default = "(.+)"$', re.MULTILINE
    ),
}


def version_of(root: Path) -> str:
    """Return the version that the package has."""
    return _said(root, "jobs/gabarito/__init__.py")


def disagreements(root: Path, tag: str) -> Iterator[str]:
    """Yield what has to be changed before a checkout is released as a tag: place and cure."""
    version = version_of(root)
    if tag != f"v{version}":
        yield f"tag {tag}: the package is {version}; tag it v{version}, or change __version__"
    for place in _PLACES:
        if (said := _said(root, place)) != version:
            yield f"{place}: says {said}, and the package is {version}"
    yield from _of_chart(root, version)
    yield from _of_changelog(root, version)


def _said(root: Path, place: str) -> str:
    found = _PLACES[place].search((root / place).read_text(encoding="utf-8"))
    return found[1] if found else "no version"


def _of_chart(root: Path, version: str) -> Iterator[str]:
    place = "helm/gabarito/Chart.yaml"
    chart = yaml.safe_load((root / place).read_text(encoding="utf-8"))
    for key in ("version", "appVersion"):
        if chart[key] != version:
            yield f"{place}: {key} is {chart[key]}, and the package is {version}"
    wanted = str("-" in version).lower()
    key = "artifacthub.io/prerelease"
    if chart["annotations"].get(key) != wanted:
        yield f'{place}: {key} must be "{wanted}" for {version}'


def _of_changelog(root: Path, version: str) -> Iterator[str]:
    release = newest((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if release.version != version:
        yield f"CHANGELOG.md: its newest release is {release.version}, and the package is {version}"
    if not _is_day(release.when):
        yield f"CHANGELOG.md: {release.version} is of {release.when!r}; write the day, 2027-01-31"
    if not release.changes:
        yield f"CHANGELOG.md: {release.version} lists no change"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
