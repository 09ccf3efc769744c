"""What is said to registries that ask again, point elsewhere or break off."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gabarito.artifacts.channel import SHORT_DIGEST, ServedModel
from gabarito.commands.export import export
from gabarito.core.errors import AccessError, ServiceError, UsageError
from gabarito.exports.export_model import export_oci
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.oci_registry import ImageName, OciRegistry
from gabarito.exports.registry_login import login, login_cure
from gabarito.store.base import Store

from .scripted_registry import ScriptedRegistry, running

LOGIN = base64.b64encode(b"ann:secret").decode()


@pytest.fixture
def registry(keep: Path) -> Iterator[ScriptedRegistry]:
    with running() as found:
        kept(keep, {"auths": {found.address: {"auth": LOGIN}}})
        yield found


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file where docker keeps logins."""
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def kept(keep: Path, what: object) -> None:
    keep.write_text(json.dumps(what))


def opened_name(registry: ScriptedRegistry) -> ImageName:
    return ImageName.parse(f"{registry.address}/team/taught", "one")


def opened(registry: ScriptedRegistry) -> OciRegistry:
    return OciRegistry(opened_name(registry))


def push(registry: ScriptedRegistry, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"weights")
    opened(registry).push_blob(tmp_path / "blob", "sha256:0")


def test_a_token_that_ends_before_an_upload_is_got_anew(
    registry: ScriptedRegistry, tmp_path: Path
) -> None:
    registry.token_lasts = 2
    push(registry, tmp_path)
    assert registry.taken == b"weights"
    assert [one for one in registry.asked if one[0] in ("GET", "PUT")] == [
        ("GET", "/token", f"Basic {LOGIN}"),
        ("PUT", "/upload", "Bearer t1"),
        ("GET", "/token", f"Basic {LOGIN}"),
        ("PUT", "/upload", "Bearer t2"),
    ]


def test_where_a_registry_sends_an_upload_gets_no_login(
    registry: ScriptedRegistry, tmp_path: Path
) -> None:
    with running() as elsewhere:
        registry.uploads_to = f"http://{elsewhere.address}/upload"
        with pytest.raises(AccessError, match=r"refuses team/taught \(401\)"):
            push(registry, tmp_path)
    assert elsewhere.asked == [("PUT", "/upload", "")]


@pytest.mark.parametrize("to", [None, "http://["])
def test_a_registry_that_names_no_place_to_upload_to_is_told_of(
    registry: ScriptedRegistry, tmp_path: Path, to: str | None
) -> None:
    registry.uploads_to = to
    with pytest.raises(ServiceError, match=r"the registry names no place to upload to; check its"):
        push(registry, tmp_path)


def test_a_registry_that_breaks_off_is_told_of(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.blob = b"weight"
    with pytest.raises(ServiceError, match=r"the registry does not answer: .*; check its name"):
        opened(registry).pull_blob("sha256:0", tmp_path / "pulled")


def test_what_refuses_is_told_of_before_a_model_is_fetched(
    registry: ScriptedRegistry, model: ExportedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExportedModel, "fetch", None)
    for status, kind, said in (
        (403, AccessError, r"\(403\); log in with docker login"),
        (500, ServiceError, r"\(500\): out of order; try again"),
    ):
        registry.begins = status
        with pytest.raises(kind, match=rf"refuses team/taught {said}"):
            export_oci(model, opened_name(registry), verify=False)


def test_an_upload_that_is_broken_off_is_told_of_without_its_address(
    registry: ScriptedRegistry, tmp_path: Path
) -> None:
    registry.uploads_to = "/closes?signature=secret"
    said = r"does not answer: Remote end closed connection without response; check its name"
    with pytest.raises(ServiceError, match=said):
        push(registry, tmp_path)


def test_docker_io_is_where_docker_finds_it_with_the_login_that_docker_keeps(keep: Path) -> None:
    name = ImageName.parse("docker.io/team/taught", "one")
    assert name.repository == "docker.io/team/taught"
    assert name.url == "https://registry-1.docker.io/v2/team/taught"
    kept(keep, {"auths": {"https://index.docker.io/v1/": {"auth": LOGIN}}})
    assert login("docker.io") == LOGIN


def test_logins_in_a_credential_helper_are_told_of(keep: Path) -> None:
    kept(keep, {"auths": {"x.y": {}}, "credsStore": "desktop"})
    assert "credential helper here, which is not read: log in with podman" in login_cure("x.y")
    kept(keep, {"auths": {"x.y": {"auth": LOGIN}}, "credsStore": "desktop"})
    assert login_cure("x.y") == "log in with docker login or podman login, or ask its owner"


def test_the_command_tags_an_image_by_the_model_s_digest(
    registry: ScriptedRegistry, store: Store, record: ServedModel
) -> None:
    to = f"oci://{registry.address}/team/taught"
    done = CliRunner().invoke(export, ["oci", "--to", to, "--unverified", "--store", store.url])
    tag = record.digest[:SHORT_DIGEST]
    digest = hashlib.sha256(registry.taken).hexdigest()
    place = f"{registry.address}/team/taught:{tag}@sha256:{digest}"
    assert done.output == f"wrote {place}: not read back\n", done.exception
    assert registry.asked[-1][:2] == ("PUT", f"/v2/team/taught/manifests/{tag}")


def test_the_command_tells_of_a_name_that_is_none_before_the_store_is_opened() -> None:
    done = CliRunner().invoke(export, ["oci", "--to", "taught", "--store", "/nowhere"])
    assert isinstance(done.exception, UsageError)
    assert "not the name of an image in a registry" in str(done.exception)
