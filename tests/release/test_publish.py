"""A release of tiny images, published to a real registry on loopback and read back."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from tests.chart.helm import ci_values
from tests.real_registry import needs_registry

from gabarito import __version__
from gabarito.core.errors import DataError, ServiceError
from gabarito.exports.oci_registry import OciRegistry
from release.__main__ import main
from release.artifact_hub import CONFIG_KIND, LAYER_KIND, TAG
from release.chart import Origin, package, write_chart
from release.chart import push as push_chart
from release.images import ARCHITECTURES, IMAGES, join, known_digest, place_of, tag

from .built import PROVENANCE, ROOT, SBOM, Json, push, push_all, push_index, sbom
from .conftest import FakeCosign

SOURCE = "https://git.example/team/gabarito"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

pytestmark = [needs_registry, pytest.mark.usefixtures("cosign", "checkout")]


@dataclass(frozen=True)
class Published:
    """A release: where it lies, and what cosign was asked."""

    registry: str
    asked: list[list[str]]


def released(registry: str, *options: str) -> Result:
    said = ("--registry", registry, "--source", SOURCE, "--revision", "0123abc", *options)
    return CliRunner().invoke(main, ["publish", *said])


def verified(registry: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["verify", "--registry", registry, *options])


def rendered(registry: str, *options: str) -> list[Json]:
    """Return the objects of the published chart."""
    chart = ["helm", "template", "demo", f"oci://{registry}/charts/gabarito", "--plain-http"]
    values = next(path for path in ci_values() if path.name == "demo-values.yaml")
    command = [*chart, "--version", __version__, "--values", str(values), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def images_of(objects: list[Json]) -> dict[str, str]:
    """Return the image of the controller, and of every body that it is given."""
    controllers = [one for one in objects if one["kind"] == "Deployment"]
    (controller,) = (one["spec"]["template"]["spec"]["containers"][0] for one in controllers)
    bodies = {
        name: yaml.safe_load(text)
        for one in objects
        if one["kind"] == "ConfigMap"
        for name, text in (one.get("data") or {}).items()
        if name.endswith(".yaml")
    }
    stages = {
        name.removesuffix(".yaml"): body["spec"]["template"]["spec"]["containers"][0]["image"]
        for name, body in bodies.items()
        if body.get("kind") in ("Job", "Deployment")
    }
    return {"controller": controller["image"], **stages}


@pytest.fixture(scope="module")
def published(environment: FakeCosign, registry: str, checkout: Path) -> Published:
    """A release."""
    environment.forget()
    folder = f"{registry}/team"
    push_all(folder)
    done = released(folder, "--key", "cosign.key", "--artifact-hub", "6f1c")
    assert done.exit_code == 0, done.exception
    return Published(folder, environment.asked())


def digests(registry: str) -> dict[str, str | None]:
    return {name: known_digest(place_of(registry, name, __version__)) for name in IMAGES}


def test_the_published_chart_runs_each_image_by_its_digest(published: Published) -> None:
    found = images_of(rendered(published.registry))
    wanted = {
        f"{published.registry}/gabarito-{name}:{__version__}@{digest}"
        for name, digest in digests(published.registry).items()
    }
    assert set(found.values()) == wanted
    assert found["controller"].startswith(f"{published.registry}/gabarito-generate:")


def test_another_tag_or_a_digest_of_one_s_own_replaces_the_published_digest(
    published: Published,
) -> None:
    tagged = images_of(
        rendered(published.registry, "--set", "image.tag=0.2.0", "--set", "image.registry=x.y")
    )
    assert tagged["controller"] == "x.y/gabarito-generate:0.2.0"
    own = f"sha256:{'0' * 64}"
    found = images_of(rendered(published.registry, "--set", f"image.digests.generate={own}"))
    assert found["controller"].endswith(f":{__version__}@{own}")
    assert own not in found["template-train"]


def test_the_published_chart_says_what_artifact_hub_lists(published: Published) -> None:
    shown = subprocess.run(
        ["helm", "show", "chart", f"oci://{published.registry}/charts/gabarito", "--plain-http"],
        capture_output=True,
        text=True,
        check=True,
    )
    chart = yaml.safe_load(shown.stdout)
    listed = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    assert [one["name"] for one in listed] == [f"gabarito-{name}" for name in IMAGES]
    assert all(one["platforms"] == ["linux/amd64", "linux/arm64"] for one in listed)
    links = yaml.safe_load(chart["annotations"]["artifacthub.io/links"])
    assert all(one["url"].startswith(SOURCE) for one in links)
    assert (chart["home"], chart["sources"]) == (SOURCE, [SOURCE])


def test_artifact_hub_finds_whose_the_repository_is(published: Published, tmp_path: Path) -> None:
    registry = OciRegistry(Origin(published.registry, __version__).chart)
    manifest = yaml.safe_load(registry.manifest(TAG, MANIFEST))
    (layer,) = manifest["layers"]
    assert (manifest["config"]["mediaType"], layer["mediaType"]) == (CONFIG_KIND, LAYER_KIND)
    registry.pull_blob(layer["digest"], tmp_path / "metadata")
    assert yaml.safe_load((tmp_path / "metadata").read_text())["repositoryID"] == "6f1c"


def test_everything_is_signed_by_its_digest(published: Published) -> None:
    signed = {words[-1] for words in published.asked if words[0] == "sign"}
    chart = Origin(published.registry, __version__).chart
    places = {
        f"{published.registry}/gabarito-{name}@{digest}"
        for name, digest in digests(published.registry).items()
    }
    assert signed == places | {f"{chart.repository}@{known_digest(chart)}"}
    attested = [words[words.index("--type") + 1] for words in published.asked if "--type" in words]
    assert sorted(attested) == sorted([PROVENANCE, SBOM] * len(IMAGES) * len(ARCHITECTURES))
    assert all("--key cosign.key" in " ".join(words) for words in published.asked)


def test_a_release_is_read_back(published: Published) -> None:
    done = verified(published.registry, "--key", "cosign.pub")
    assert done.exit_code == 0, done.exception
    assert done.output.count(": signed") == len(IMAGES) + 1
    assert done.output.count("as locked") == len(IMAGES) * len(ARCHITECTURES)


def test_a_release_that_somebody_else_signed_is_told_of(
    published: Published, cosign: FakeCosign
) -> None:
    cosign.refuse()
    done = verified(
        published.registry, "--identity", "https://git.example/release.yml@refs/tags/v1"
    )
    assert isinstance(done.exception, ServiceError)
    assert "cosign verify: ended with 1: no matching signatures" in str(done.exception)


def test_publishing_once_more_changes_nothing(published: Published) -> None:
    chart = Origin(published.registry, __version__).chart
    before = digests(published.registry), known_digest(chart)
    assert released(published.registry, "--key", "cosign.key").exit_code == 0
    assert (digests(published.registry), known_digest(chart)) == before


def test_a_released_tag_is_never_moved(registry: str) -> None:
    folder = f"{registry}/built-again"
    place = place_of(folder, "ingest", __version__)
    for architecture in ARCHITECTURES:
        push(folder, "ingest", architecture, sbom("ingest"))
    tag(place, join(place, {}))
    push(folder, "ingest", "arm64", sbom("ingest") | {"name": "built again"})
    with pytest.raises(DataError, match="a released tag is never moved: release another version"):
        join(place, {})


def test_a_released_chart_is_never_replaced(published: Published, tmp_path: Path) -> None:
    origin = Origin(published.registry, __version__)
    found = {name: str(digest) for name, digest in digests(published.registry).items()}
    folder = write_chart(ROOT, tmp_path, origin, "https://elsewhere.example", found)
    with pytest.raises(DataError, match="a released chart is never replaced: release another"):
        push_chart(package(folder, tmp_path), origin, tmp_path)


def test_an_image_with_other_packages_is_neither_signed_nor_tagged(
    registry: str, cosign: FakeCosign
) -> None:
    folder = f"{registry}/other-packages"
    push(folder, "ingest", "amd64", sbom("ingest"))
    push(folder, "ingest", "arm64", sbom("ingest", lxml="0.1"))
    done = released(folder)
    assert isinstance(done.exception, DataError)
    assert "gabarito-ingest, arm64: its packages are not those of" in str(done.exception)
    assert "build it anew: lxml: is 0.1 in the image, and locked as " in str(done.exception)
    assert cosign.asked() == []
    assert set(digests(folder).values()) == {None}


def test_nothing_of_a_checkout_that_cannot_be_released_is_published(
    registry: str, cosign: FakeCosign, checkout: Path
) -> None:
    folder, changelog = f"{registry}/unreleased", checkout / "CHANGELOG.md"
    push_all(folder)
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace("(2027-01-31)", "(unreleased)", 1), encoding="utf-8")
    done = released(folder)
    changelog.write_text(text, encoding="utf-8")
    assert isinstance(done.exception, DataError)
    assert "is of 'unreleased'; write the day" in str(done.exception)
    assert (cosign.asked(), set(digests(folder).values())) == ([], {None})


def test_no_image_of_a_chart_that_cannot_be_packed_is_signed_or_tagged(
    registry: str, cosign: FakeCosign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, helm = f"{registry}/unpacked", tmp_path / "helm"
    push_all(folder)
    helm.write_text("#!/bin/sh\necho no such chart >&2\nexit 1\n")
    helm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "helm package: ended with 1: no such chart" in str(released(folder).exception)
    assert (cosign.asked(), set(digests(folder).values())) == ([], {None})


def test_an_architecture_that_is_missing_is_named(registry: str) -> None:
    folder = f"{registry}/one-architecture"
    push(folder, "ingest", "amd64", sbom("ingest"))
    done = released(folder)
    assert f"gabarito-ingest:{__version__}-arm64: is not in the registry" in str(done.exception)


def test_an_image_of_another_architecture_than_its_tag_is_refused(registry: str) -> None:
    folder = f"{registry}/wrong-architecture"
    push(folder, "ingest", "amd64", sbom("ingest"))
    place = place_of(folder, "ingest", f"{__version__}-arm64")
    push_index(place, entries_of(folder, "amd64"))
    assert "-arm64: is for amd64, not for arm64" in str(released(folder).exception)


def test_an_image_without_statements_is_told_how_to_be_built(registry: str) -> None:
    folder = f"{registry}/unstated"
    for architecture in ARCHITECTURES:
        push(folder, "ingest", architecture, sbom("ingest"))
        place = place_of(folder, "ingest", f"{__version__}-{architecture}")
        push_index(place, entries_of(folder, architecture)[:1])
    said = "0 statements of https://spdx.dev/Document, not one; build it with docker buildx bake"
    assert said in str(released(folder).exception)


def entries_of(folder: str, architecture: str) -> list[Json]:
    place = place_of(folder, "ingest", f"{__version__}-{architecture}")
    entries: list[Json] = yaml.safe_load(OciRegistry(place).manifest(place.tag, "*/*"))["manifests"]
    return entries


def test_a_program_that_is_missing_is_named(
    published: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no helm on the PATH" in str(released(published.registry).exception)
