"""What a release is given, and helm and cosign as it calls them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from gabarito.core.errors import ServiceError, UsageError
from release.__main__ import main
from release.images import check_registry
from release.signatures import Signer
from release.tools import call


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called asking on the PATH, which is still to be written."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    path = tmp_path / "asking"
    path.touch(mode=0o755)
    return path


@contextmanager
def standard_input(data: bytes) -> Iterator[None]:
    """Let this process be given something."""
    before = os.dup(0)
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    os.dup2(read, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(read)


def test_a_program_is_given_nothing_to_read(program: Path) -> None:
    program.write_text("#!/bin/sh\nexec cat\n")
    with standard_input(b"y"):
        assert call("asking", "whether") == ""


def test_a_program_that_does_not_end_is_told_of(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("release.tools.TIMEOUT_S", 0.1)
    with pytest.raises(ServiceError, match=r"^asking whether: has not ended after 0\.1 s; check"):
        call("asking", "whether")


@pytest.mark.parametrize("key", ["cosign.key", "/keys/cosign.key", "env://KEY"])
def test_the_password_of_a_key_is_wanted_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    with pytest.raises(UsageError, match=f"^--key {key}: its password is wanted in the env"):
        Signer(key).check()
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    Signer(key).check()


@pytest.mark.parametrize(
    "key", [None, "awskms:///alias/release", "k8s://team/cosign", "pkcs11:a=b"]
)
def test_who_has_no_key_at_hand_needs_no_password(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    Signer(key).check()


@pytest.mark.parametrize(
    "registry",
    [
        "ghcr.io/Owner",
        "GHCR.io/owner",
        "ghcr.io/owner/",
        "oci://ghcr.io/owner",
        "ghcr.io/owner:1",
        "",
    ],
)
@pytest.mark.parametrize("command", ["publish", "verify"])
def test_a_registry_that_can_hold_no_image_is_refused_by_name(command: str, registry: str) -> None:
    options = {"publish": ["--source", "x", "--revision", "y"], "verify": ["--key", "cosign.pub"]}
    done = CliRunner().invoke(main, [command, "--registry", registry, *options[command]])
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(f"--registry {registry}: no place of images; write")


@pytest.mark.parametrize("registry", ["ghcr.io/owner", "localhost:5000", "registry.example/a/b-c"])
def test_a_registry_with_or_without_a_folder_is_a_place_of_images(registry: str) -> None:
    check_registry(registry)
