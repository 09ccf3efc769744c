"""Versions, changes and packages: what a release compares before it publishes anything."""

import shutil
from pathlib import Path

import pytest
import yaml
from tests.chart.helm import CHART

from gabarito import __version__
from gabarito.core.errors import DataError
from release.changelog import newest
from release.chart import Origin, write_chart
from release.images import IMAGES
from release.sbom import differences
from release.version import disagreements

from .built import ROOT, VERSION_PLACES, copy_versions, package, sbom

OWN = ("gabarito", __version__)
CHANGES = """# Changelog

## 0.3.0 (2027-01-31)

- `gabarito fly`: it flies ([how](docs/fly.md)). It lands, too.

### Fixed

- A wing, i.e. the left one.

### How to upgrade

- Read this.

## 0.2.0 (2026-12-24)

- Nothing of this.
"""


def lock(image: str) -> str:
    return (ROOT / f"requirements/{image}.txt").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that say the version, of a checkout that is to be released."""
    return copy_versions(tmp_path)


def changed(checkout: Path, place: str, old: str, new: str) -> list[str]:
    text = (checkout / place).read_text(encoding="utf-8")
    assert old in text
    (checkout / place).write_text(text.replace(old, new, 1))
    return [*disagreements(checkout, f"v{__version__}")]


def test_chart_package_images_and_changelog_say_one_version(checkout: Path) -> None:
    assert [*disagreements(checkout, f"v{__version__}")] == []


def test_a_tag_of_another_version_is_told_of(checkout: Path) -> None:
    (said,) = disagreements(checkout, "v9")
    assert said.startswith(f"tag v9: the package is {__version__}; tag it v{__version__}, or")


def named(checkout: Path, version: str) -> list[str]:
    """Give every place another version; return what disagrees."""
    for place in VERSION_PLACES:
        text = (checkout / place).read_text(encoding="utf-8")
        (checkout / place).write_text(text.replace(__version__, version), encoding="utf-8")
    return [*disagreements(checkout, f"v{version}")]


@pytest.mark.parametrize(
    "version", ["0.2.0rc1", "0.2.0+b-1", "0.2.0.1", "0.02.0", "0.2.0-01", "0.2.0-1", "0.2.0-spring"]
)
def test_a_version_that_cannot_be_published_is_told_of(checkout: Path, version: str) -> None:
    (said,) = [each for each in named(checkout, version) if "prerelease" not in each]
    assert said.startswith(f"jobs/gabarito/__init__.py: {version} is no version that helm")


def test_what_stands_behind_a_plus_makes_no_version_a_prerelease(checkout: Path) -> None:
    assert not any("prerelease" in said for said in named(checkout, "0.2.0+b-1"))


@pytest.mark.parametrize("version", ["0.2.0-rc.1", "0.2.0-rc1", "0.2.0-beta"])
def test_a_version_before_another_is_a_prerelease(checkout: Path, version: str) -> None:
    (said,) = named(checkout, version)
    assert 'prerelease must be "true"' in said


@pytest.mark.parametrize(
    ("place", "old", "new", "said"),
    [
        (
            "pyproject.toml",
            f'version = "{__version__}"',
            'version = "9"',
            "says 9, and the package",
        ),
        ("images/docker-bake.hcl", f'default = "{__version__}"', 'default = "9"', "says 9, and"),
        (
            "helm/gabarito/Chart.yaml",
            f'appVersion: "{__version__}"',
            'appVersion: "9"',
            "appVersion",
        ),
        (
            "helm/gabarito/Chart.yaml",
            'prerelease: "false"',
            'prerelease: "true"',
            'must be "false"',
        ),
        ("CHANGELOG.md", f"## {__version__} ", "## 9 ", "its newest release is 9"),
        ("CHANGELOG.md", "(2027-01-31)", "(unreleased)", "is of 'unreleased'; write the day"),
    ],
)
def test_each_place_that_disagrees_is_named(
    checkout: Path, place: str, old: str, new: str, said: str
) -> None:
    (found,) = changed(checkout, place, old, new)
    assert found.startswith(f"{place}: ")
    assert said in found


def test_changes_have_kinds_and_one_sentence() -> None:
    release = newest(CHANGES)
    assert (release.version, release.when) == ("0.3.0", "2027-01-31")
    assert release.changes == (
        ("added", "gabarito fly: it flies (how)."),
        ("fixed", "A wing, i.e. the left one."),
    )


def test_a_changelog_without_a_release_is_told_of() -> None:
    with pytest.raises(DataError, match="no release; write ## VERSION"):
        newest("# Changelog\n")


def test_the_chart_s_changes_are_those_of_the_changelog(tmp_path: Path) -> None:
    digests = dict.fromkeys(IMAGES, f"sha256:{'0' * 64}")
    origin = Origin("registry.example/team", __version__)
    folder = write_chart(ROOT, tmp_path, origin, "https://git.example/team/gabarito", digests)
    chart = yaml.safe_load((folder / "Chart.yaml").read_text(encoding="utf-8"))
    listed = yaml.safe_load(chart["annotations"]["artifacthub.io/changes"])
    release = newest((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (release.version, release.version)
    assert [(one["kind"], one["description"]) for one in listed] == [*release.changes]
    assert len(listed) > 40


def test_a_release_that_closes_a_hole_says_so_to_artifact_hub(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").touch()
    shutil.copytree(CHART, tmp_path / "helm/gabarito")
    digests = dict.fromkeys(IMAGES, f"sha256:{'0' * 64}")
    said = []
    for kind in ("Fixed", "Security"):
        (tmp_path / "CHANGELOG.md").write_text(CHANGES.replace("### Fixed", f"### {kind}"))
        to = tmp_path / kind
        folder = write_chart(tmp_path, to, Origin("x.y/z", "0.3.0"), "https://x.y/z", digests)
        annotations = yaml.safe_load((folder / "Chart.yaml").read_text())["annotations"]
        said.append(annotations["artifacthub.io/containsSecurityUpdates"])
    assert said == ["false", "true"]


def test_the_published_values_and_their_table_name_the_registry(tmp_path: Path) -> None:
    digests = dict.fromkeys(IMAGES, f"sha256:{'0' * 64}")
    origin = Origin("registry.example/team", __version__)
    folder = write_chart(ROOT, tmp_path, origin, "https://git.example/team/gabarito", digests)
    before = (CHART / "values.yaml").read_text(encoding="utf-8").splitlines()
    after = (folder / "values.yaml").read_text(encoding="utf-8").splitlines()
    new = [line for line, old in zip(after, before, strict=True) if line != old]
    assert new == ["  registry: registry.example/team"]
    assert "| `image.registry` | `registry.example/team` |" in (folder / "README.md").read_text()


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_an_image_that_holds_what_is_locked_differs_in_nothing(
    image: str, architecture: str
) -> None:
    assert [*differences(sbom(image), lock(image), architecture, OWN)] == []


def test_a_package_that_is_missing_added_or_another_is_named() -> None:
    document = sbom("serve", torch="1.0")
    packages = [one for one in document["packages"] if one["name"] != "numpy"]
    document["packages"] = [*packages, package("leftpad", "1", "/opt/gabarito")]
    added, missing, other = differences(document, lock("serve"), "amd64", OWN)
    assert added == "leftpad 1: is in the image, and not locked"
    assert missing.startswith("numpy ")
    assert missing.endswith("is locked, and not in the image")
    assert other.startswith("torch: is 1.0 in the image, and locked as ")


def test_an_sbom_of_the_base_image_alone_is_told_of() -> None:
    document = {"packages": [package("pip", "25.0", "/usr/local")]}
    with pytest.raises(DataError, match="packages of 0 Pythons in /opt/gabarito, not 1"):
        [*differences(document, lock("ingest"), "amd64", OWN)]
