"""A release of tiny images, published to a real registry on loopback and read back."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from tests.chart.helm import ci_values
from tests.real_registry import needs_registry

from gabarito import __version__
from gabarito.core.errors import DataError, ServiceError
from gabarito.exports.oci_registry import ImageName, OciRegistry
from release.__main__ import GITHUB, main
from release.artifact_hub import CONFIG_KIND, LAYER_KIND, TAG, push_metadata
from release.chart import Origin, package, write_chart
from release.chart import push as push_chart
from release.images import (
    ARCHITECTURES,
    IMAGES,
    INDEX_KIND,
    find_digest,
    join,
    known_digest,
    place_of,
    platforms,
    tag,
)
from release.signatures import NO_LOG, Signer
from release.tools import call

from .built import (
    PROVENANCE,
    ROOT,
    SBOM,
    Json,
    predicates,
    push,
    push_all,
    push_index,
    push_to,
    sbom,
)
from .conftest import FakeCosign
from .fake_cosign import Signed, content_of

SOURCE = "https://git.example/team/gabarito"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

pytestmark = [needs_registry, pytest.mark.usefixtures("cosign", "checkout")]


@dataclass(frozen=True)
class Published:
    """A release: where it lies, what cosign was asked, and what it was to sign."""

    registry: str
    asked: list[list[str]]
    signed: list[Signed]


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
    return Published(folder, environment.asked(), environment.signed())


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
    above = f"{SOURCE}/blob/v{__version__}/"
    paths = [one["url"].removeprefix(above) for one in links if one["url"].startswith(above)]
    assert "helm/gabarito/UPGRADE.md" in paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []
    assert all(one["url"].startswith(SOURCE) for one in links)
    assert (chart["home"], chart["sources"]) == (SOURCE, [SOURCE])


def metadata(chart: ImageName, work: Path) -> Json:
    """Return what Artifact Hub reads beside a chart."""
    registry = OciRegistry(chart)
    manifest = yaml.safe_load(registry.manifest(TAG, MANIFEST))
    (layer,) = manifest["layers"]
    assert (manifest["config"]["mediaType"], layer["mediaType"]) == (CONFIG_KIND, LAYER_KIND)
    registry.pull_blob(layer["digest"], work / "metadata")
    read: Json = yaml.safe_load((work / "metadata").read_text())
    return read


def test_artifact_hub_finds_whose_the_repository_is(published: Published, tmp_path: Path) -> None:
    chart = Origin(published.registry, __version__).chart
    assert metadata(chart, tmp_path)["repositoryID"] == "6f1c"


def test_whose_the_repository_is_stays_until_another_is_named(
    registry: str, tmp_path: Path
) -> None:
    chart = Origin(f"{registry}/hub", __version__).chart
    found = []
    for given in (None, "6f1c", None, "77aa"):
        push_metadata(ROOT, chart, given)
        found.append(metadata(chart, tmp_path).get("repositoryID"))
    assert found == [None, "6f1c", "6f1c", "77aa"]


def test_index_architectures_and_chart_are_signed(published: Published) -> None:
    registry = published.registry
    chart = Origin(registry, __version__).chart
    wanted = {f"{chart.repository}@{known_digest(chart)}"}
    for name, digest in digests(registry).items():
        place = place_of(registry, name, __version__)
        images = [one.digest for one in platforms(place, str(digest))]
        wanted |= {f"{place.repository}@{each}" for each in [digest, *images]}
    found = {one.subject for one in published.signed if one.who == "cosign" and not one.kind}
    assert wanted <= found
    assert all("--recursive" in words for words in published.asked if words[0] == "sign")
    assert all({"--yes", *NO_LOG} <= {*words} for words in published.asked)


def test_each_architecture_s_image_is_attested_with_its_own_statements(
    published: Published,
) -> None:
    wanted = {
        Signed("cosign", f"{place.repository}@{one.digest}", kind, content_of(predicate))
        for name in IMAGES
        for place in [place_of(published.registry, name, __version__)]
        for one in platforms(place, find_digest(place))
        for kind, predicate in predicates(name, one.architecture, sbom(name))
    }
    assert len({one.content for one in wanted}) == 2 * len(IMAGES) * len(ARCHITECTURES)
    assert {one for one in published.signed if one.kind} == wanted


def test_a_release_is_read_back(published: Published) -> None:
    done = verified(published.registry, "--key", "cosign.pub")
    assert done.exit_code == 0, done.exception
    assert done.output.count(": signed") == len(IMAGES) + 1
    assert done.output.count("as locked") == len(IMAGES) * len(ARCHITECTURES)


def test_a_release_that_another_key_signed_is_told_of(published: Published) -> None:
    done = verified(published.registry, "--key", "theirs.pub")
    assert isinstance(done.exception, ServiceError)
    assert "cosign verify: ended with 1: no matching signatures" in str(done.exception)


@pytest.fixture
def asked_of_helm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file to which helm adds what it is asked."""
    asked, helm = tmp_path / "asked", tmp_path / "helm"
    helm.write_text(f'#!/bin/sh\necho "$*" >>{asked}\nexec {shutil.which("helm")} "$@"\n')
    helm.chmod(0o755)
    asked.touch()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return asked


def test_the_chart_that_is_read_back_is_the_one_that_was_verified(
    published: Published, asked_of_helm: Path
) -> None:
    assert verified(published.registry, "--key", "theirs.pub").exit_code != 0
    assert asked_of_helm.read_text() == ""
    assert verified(published.registry, "--key", "cosign.pub").exit_code == 0
    place = Origin(published.registry, __version__).chart
    (pulled,) = asked_of_helm.read_text().splitlines()
    assert pulled.split()[:2] == ["pull", f"oci://{place.repository}@{find_digest(place)}"]


def test_a_release_that_another_workflow_signed_is_told_of(
    published: Published, cosign: FakeCosign, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (f"https://git.example/{name}/release.yml@refs/tags/v1" for name in ("a", "b"))
    monkeypatch.setenv("FAKE_COSIGN_IDENTITY", f"{ours} {GITHUB}")
    assert released(published.registry).exit_code == 0
    assert all({"--yes", *NO_LOG} & {*words} == {"--yes"} for words in cosign.asked())
    assert verified(published.registry, "--identity", ours).exit_code == 0
    for others in (("--identity", theirs), ("--identity", ours, "--issuer", "https://x.y")):
        done = verified(published.registry, *others)
        assert "cosign verify: ended with 1: no matching signatures" in str(done.exception)


def test_an_image_that_nobody_signed_is_told_of(published: Published, cosign: FakeCosign) -> None:
    place = place_of(published.registry, IMAGES[-1], __version__)
    with cosign.forgotten(f"{place.repository}@{find_digest(place)}"):
        done = verified(published.registry, "--key", "cosign.pub")
    assert "cosign verify: ended with 1: no matching signatures" in str(done.exception)


@contextmanager
def moved(place: ImageName) -> Iterator[OciRegistry]:
    """Let a tag be moved within a block."""
    registry = OciRegistry(place)
    before = registry.manifest(place.tag, f"{INDEX_KIND}, {MANIFEST}")
    try:
        yield registry
    finally:
        # what helm pushes leaves its kind out
        kind = yaml.safe_load(before).get("mediaType", MANIFEST)
        registry.push_manifest(before, kind, place.tag)


def test_statements_that_nobody_signed_are_told_of(
    published: Published, cosign: FakeCosign
) -> None:
    for kind in (PROVENANCE, SBOM):
        with cosign.forgotten(kind):
            done = verified(published.registry, "--key", "cosign.pub")
        assert "cosign verify-attestation: ended with 1: no matching" in str(done.exception)


def test_an_image_with_another_sbom_after_publishing_is_told_of(published: Published) -> None:
    place = place_of(published.registry, "ingest", __version__)
    for each in ARCHITECTURES:
        part = place_of(published.registry, "ingest", f"later-{each}")
        push_to(part, each, sbom("ingest") | {"comment": "another"})
    later = join(place_of(published.registry, "ingest", "later"), {})
    with moved(place) as registry:
        index = registry.manifest(later, INDEX_KIND)
        registry.push_manifest(index, INDEX_KIND, place.tag)
        done = verified(published.registry, "--key", "cosign.pub")
    assert f"@{later}: the chart names {place.repository}:" in str(done.exception)


def test_a_chart_that_names_another_digest_is_told_of(
    published: Published, checkout: Path, tmp_path: Path
) -> None:
    origin = Origin(published.registry, __version__)
    named = {**digests(published.registry), "serve": f"sha256:{'0' * 64}"}
    folder = write_chart(checkout, tmp_path, origin, SOURCE, {k: str(v) for k, v in named.items()})
    with moved(origin.chart):
        place = f"oci://{published.registry}/charts"
        call("helm", "push", str(package(folder, tmp_path)), place, "--plain-http")
        unsigned = verified(published.registry, "--key", "cosign.pub")
        Signer("cosign.key").sign(origin.chart, find_digest(origin.chart))
        done = verified(published.registry, "--key", "cosign.pub")
    assert "cosign verify: ended with 1" in str(unsigned.exception)
    assert f"the chart names {published.registry}/gabarito-serve:{__version__}@sha256:0000" in str(
        done.exception
    )


@pytest.mark.parametrize("kind", ["manifest", "blob"])
def test_a_registry_that_gives_other_bytes_is_told_of(
    published: Published, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    manifest = OciRegistry.manifest

    def pull_blob(_registry: OciRegistry, _digest: str, path: Path) -> None:
        path.write_bytes(b"{}")

    def altered(registry: OciRegistry, tag: str, kind: str) -> bytes:
        return manifest(registry, tag, kind) + b" "

    if kind == "blob":
        monkeypatch.setattr(OciRegistry, "pull_blob", pull_blob)
    else:
        monkeypatch.setattr(OciRegistry, "manifest", altered)
    done = verified(published.registry, "--key", "cosign.pub")
    assert isinstance(done.exception, DataError)
    assert "the registry gives another content" in str(done.exception)


def test_a_statement_about_another_image_is_told_of(registry: str, cosign: FakeCosign) -> None:
    folder, other = f"{registry}/other-subject", f"sha256:{'0' * 64}"
    push(folder, "ingest", "amd64", sbom("ingest"))
    part = place_of(folder, "ingest", f"{__version__}-arm64")
    push_to(part, "arm64", sbom("ingest"), about=other)
    done = released(folder)
    assert f"is of ['{other}']; build it with docker buildx bake" in str(done.exception)
    assert cosign.asked() == []


def test_publishing_once_more_changes_nothing(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged, push_manifest = [], OciRegistry.push_manifest

    def noted(registry: OciRegistry, manifest: bytes, kind: str, tag: str) -> None:
        tagged.append(tag)
        push_manifest(registry, manifest, kind, tag)

    monkeypatch.setattr(OciRegistry, "push_manifest", noted)
    chart = Origin(published.registry, __version__).chart
    before = digests(published.registry), known_digest(chart)
    assert released(published.registry, "--key", "cosign.key").exit_code == 0
    assert (digests(published.registry), known_digest(chart)) == before
    assert __version__ not in tagged


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


def test_nothing_is_published_with_a_key_whose_password_is_missing(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD")
    done = released(f"{registry}/without-password", "--key", "cosign.key")
    assert "set COSIGN_PASSWORD, empty if it has none" in str(done.exception)


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
