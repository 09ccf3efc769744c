"""The places that say which version this is, and whether they agree."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from gabarito.core.errors import DataError
from release.changelog import newest

_PLACES = {
    "jobs/gabarito/__init__.py": re.compile(r'^__version__ = "(.+)"$', re.MULTILINE),
    "pyproject.toml": re.compile(r'^version = "(.+)"$', re.MULTILINE),
    "images/docker-bake.hcl": re.compile(
        r'^variable "VERSION" \{\n  default = "(.+)"$', re.MULTILINE
    ),
}

_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = rf"(?:{_NUMBER}|\d*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?P<before>-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?", re.ASCII
)
"""https://semver.org, version 2.0.0, without what stands behind a +, which no image's tag takes."""


def version_of(root: Path) -> str:
    """Return the version that the package has."""
    return _said(root, "jobs/gabarito/__init__.py")


def check_version(root: Path, tag: str) -> None:
    """Make sure that a checkout can be released as a tag.

    Raises:
        DataError: with what has to be changed before.
    """
    found = [*disagreements(root, tag)]
    if found:
        raise DataError("\n".join(found))


def disagreements(root: Path, tag: str) -> Iterator[str]:
    """Yield what has to be changed before a checkout is released as a tag: place and cure."""
    version = version_of(root)
    if tag != f"v{version}":
        yield f"tag {tag}: the package is {version}; tag it v{version}, or change __version__"
    yield from _of_form(version)
    for place in _PLACES:
        if (said := _said(root, place)) != version:
            yield f"{place}: says {said}, and the package is {version}"
    yield from _of_chart(root, version)
    yield from _of_changelog(root, version)


def _said(root: Path, place: str) -> str:
    found = _PLACES[place].search((root / place).read_text(encoding="utf-8"))
    return found[1] if found else "no version"


def _of_form(version: str) -> Iterator[str]:
    """Yield why helm, a registry or pip would not take a version, or not as the same."""
    form = _SEMVER.fullmatch(version)
    try:
        is_before = Version(version).is_prerelease
    except InvalidVersion:
        is_before = None
    if not form or is_before is not bool(form["before"]):
        yield (
            f"jobs/gabarito/__init__.py: {version} is no version that helm, a registry and pip all "
            "take as the same; write 0.2.0, or 0.2.0-rc.1 before it"
        )


def _of_chart(root: Path, version: str) -> Iterator[str]:
    place = "helm/gabarito/Chart.yaml"
    chart = yaml.safe_load((root / place).read_text(encoding="utf-8"))
    for key in ("version", "appVersion"):
        if chart[key] != version:
            yield f"{place}: {key} is {chart[key]}, and the package is {version}"
    form = _SEMVER.fullmatch(version)
    wanted = str(bool(form and form["before"])).lower()
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
