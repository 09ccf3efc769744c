"""The chart of a release: with its images by their digests, its changes, and where it comes from.

helm/gabarito  ->  oci://REGISTRY/charts/gabarito
"""

import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from gabarito.core.errors import BugError, DataError
from gabarito.exports.oci_registry import SCHEME, ImageName
from release.changelog import newest
from release.images import IMAGES, find_digest, known_digest, place_of
from release.tools import call

CHART = "helm/gabarito"
IMAGES_KEY = "artifacthub.io/images"
"""The annotation that Artifact Hub scans, and from which the templates take the digests."""

_REGISTRY = re.compile(r'^(image:\n(?: .*\n)*?  registry: )""$', re.MULTILINE)
_REGISTRY_ROW = re.compile(r"^(\| `image\.registry` \| )( \|)", re.MULTILINE)


@dataclass(frozen=True)
class Origin:
    """Where a release is published."""

    registry: str
    version: str

    @property
    def chart(self) -> ImageName:
        """Where the chart lies."""
        return ImageName.parse(f"{self.registry}/charts/gabarito:{self.version}", self.version)


def write_chart(root: Path, to: Path, origin: Origin, source: str, digests: dict[str, str]) -> Path:
    """Write the chart's folder as it is published, below ``to``; ``source`` is the repository."""
    folder = to / "gabarito"
    shutil.copytree(root / CHART, folder)
    chart = yaml.safe_load((folder / "Chart.yaml").read_text(encoding="utf-8"))
    chart |= {"home": source, "sources": [source]}
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    chart["annotations"] |= _annotations(origin, source, digests, changelog)
    text = yaml.safe_dump(chart, sort_keys=False, allow_unicode=True, width=100)
    (folder / "Chart.yaml").write_text(text, encoding="utf-8")
    _replace(folder / "values.yaml", _REGISTRY, rf"\g<1>{origin.registry}")
    _replace(folder / "README.md", _REGISTRY_ROW, rf"\g<1>`{origin.registry}`\g<2>")
    shutil.copy(root / "LICENSE", folder)
    return folder


def package(folder: Path, to: Path) -> Path:
    """Pack a chart's folder as helm does; return the archive."""
    call("helm", "package", str(folder), "--destination", str(to))
    (archive,) = to.glob("gabarito-*.tgz")
    return archive


def push(archive: Path, origin: Origin, work: Path) -> str:
    """Push a chart, unless the registry has the same; return its digest.

    Raises:
        DataError: if the registry has another of this version.
    """
    place = origin.chart
    if known_digest(place):
        if _members(archive) != _members(pull(origin, work)):
            raise DataError(
                f"{place.repository}:{place.tag}: is there already with another content; a "
                "released chart is never replaced: release another version"
            )
    else:
        above = f"{SCHEME}{origin.registry}/charts"
        call("helm", "push", str(archive), above, *plainly(place))
    return find_digest(place)


def pull(origin: Origin, to: Path) -> Path:
    """Pull a chart into a folder that is there; return the archive."""
    place, folder = origin.chart, to / "pulled"
    folder.mkdir()
    from_ = f"{SCHEME}{place.repository}"
    where = ("--version", place.tag, "--destination", str(folder))
    call("helm", "pull", from_, *where, *plainly(place))
    (archive,) = folder.glob("*.tgz")
    return archive


def images_of(text: str) -> dict[str, str]:
    """Return what a Chart.yaml says of images: where each lies, with its digest."""
    annotations = yaml.safe_load(text)["annotations"]
    return {one["name"]: one["image"] for one in yaml.safe_load(annotations[IMAGES_KEY])}


def plainly(place: ImageName) -> list[str]:
    """Return what helm is told of a registry without TLS."""
    return ["--plain-http"] if place.is_plain else []


def _annotations(
    origin: Origin, source: str, digests: dict[str, str], changelog: str
) -> dict[str, str]:
    """Return what Artifact Hub reads: https://artifacthub.io/docs/topics/annotations/helm."""
    release = newest(changelog)
    blob = f"{source}/blob/v{origin.version}"
    links = {
        "documentation": f"{blob}/README.md",
        "changelog": f"{blob}/CHANGELOG.md",
        "upgrading": f"{blob}/{CHART}/README.md",
        "support": f"{source}/issues",
    }
    images = [
        {
            "name": f"gabarito-{name}",
            "image": f"{place_of(origin.registry, name, origin.version).repository}"
            f":{origin.version}@{digests[name]}",
            "platforms": ["linux/amd64", "linux/arm64"],
        }
        for name in IMAGES
    ]
    changes = [{"kind": kind, "description": sentence} for kind, sentence in release.changes]
    named = {
        "artifacthub.io/links": [{"name": name, "url": url} for name, url in links.items()],
        IMAGES_KEY: images,
        "artifacthub.io/changes": changes,
    }
    is_urgent = any(kind == "security" for kind, _ in release.changes)
    return {
        "artifacthub.io/containsSecurityUpdates": str(is_urgent).lower(),
        **{
            key: yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
            for key, value in named.items()
        },
    }


def _members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as packed:
        files = [one for one in packed.getmembers() if one.isfile()]
        return {one.name: taken.read() for one in files if (taken := packed.extractfile(one))}


def _replace(path: Path, pattern: re.Pattern[str], by: str) -> None:
    text, count = pattern.subn(by, path.read_text(encoding="utf-8"))
    if count != 1:
        raise BugError(
            f"{path.name}: {count} places for image.registry, not 1; see release/chart.py"
        )
    path.write_text(text, encoding="utf-8")
