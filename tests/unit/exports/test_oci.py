"""Images in a real registry on loopback: the program that the cluster of k8s/dev runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from tests.real_registry import free_port, needs_registry, running_registry

from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.exports import export_model
from gabarito.exports.export_model import export_oci
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.oci_image import build_image, push_image
from gabarito.exports.oci_registry import ImageName, OciRegistry


@pytest.fixture
def registry(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a registry; a parameter says how it asks who one is."""
    with running_registry(tmp_path, getattr(request, "param", {})) as address:
        yield address


def tags(address: str) -> list[str]:
    reply = urllib3.request("GET", f"http://{address}/v2/team/taught/tags/list")
    return [*(reply.json().get("tags") or [])]


@needs_registry
def test_an_image_is_pulled_back_and_answers_as_the_model_did(
    model: ExportedModel, registry: str
) -> None:
    name = ImageName.parse(f"oci://{registry}/team/taught", tag="one")
    place, seen = export_oci(model, name, verify=True)
    assert seen == "answers 8 of 8 known questions as in its evaluation"
    assert place.startswith(f"{registry}/team/taught:one@sha256:")
    assert export_oci(model, name, verify=True)[0] == place
    assert tags(registry) == ["one"]


def test_a_model_lies_once_on_the_disk_while_it_is_pushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text("{}")
    image = build_image(tmp_path / "model", tmp_path, {})
    assert {path.name for path in tmp_path.iterdir()} == {"layer.tar", "config.json"}
    for name in ("push_blob", "push_manifest"):
        monkeypatch.setattr(OciRegistry, name, lambda *_: None)
    push_image(image, OciRegistry(ImageName.parse("localhost:1/a", "t")))
    assert {path.name for path in tmp_path.iterdir()} == {"config.json"}


@needs_registry
def test_what_is_read_back_otherwise_gets_no_tag(
    model: ExportedModel, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        if (refused := next(calls)) == "pulled":
            raise DataError(refused)
        return "answers"

    calls = iter(["local", "pulled"])
    monkeypatch.setattr(export_model, "check_folder", refuse)
    with pytest.raises(DataError, match="pulled"):
        export_oci(model, ImageName.parse(f"{registry}/team/taught:one", ""), verify=True)
    assert tags(registry) == []


@needs_registry
@pytest.mark.parametrize("registry", [{"htpasswd": {"realm": "r"}}], indirect=True)
def test_a_registry_that_asks_who_we_are_is_told_of(
    model: ExportedModel, registry: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(AccessError, match=r"refuses team/taught \(401\); log in with docker login"):
        export_oci(model, ImageName.parse(f"{registry}/team/taught", "one"), verify=False)


def test_a_registry_that_is_not_there_is_told_of(model: ExportedModel) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ServiceError, match=f"^{address}: the registry does not answer: .*; check"):
        export_oci(model, ImageName.parse(f"{address}/team/taught", "one"), verify=False)


@pytest.mark.parametrize(
    "text",
    [
        "taught",
        "team/taught",
        "example.org/Taught",
        "oci://x.y/",
        "x.y/a//b",
        "x.y/a..b",
        "x.y/a._b",
        "x.y/a___b",
        "x.y/café",
    ],
)
def test_a_name_that_is_none_of_an_image_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--to .*: not the name of an image in a registry"):
        ImageName.parse(text, "one")


def test_names_have_a_tag_and_only_this_machine_is_spoken_to_plainly() -> None:
    assert ImageName.parse("localhost:5000/a", "t") == ImageName("localhost:5000", "a", "t", True)
    assert ImageName.parse("x.y/a.b/c__d/e--f_g", "t").name == "a.b/c__d/e--f_g"
    assert ImageName.parse("ghcr.io/a/b:v1", "t") == ImageName("ghcr.io", "a/b", "v1", False)


def test_the_same_files_make_the_same_image(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        os.utime(tmp_path / name / "config.json", (len(name), 7 if name == "one" else 9))
    one = build_image(tmp_path / "one", tmp_path, {})
    assert one.digest == build_image(tmp_path / "two", tmp_path, {}).digest
