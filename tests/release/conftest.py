"""A registry on loopback, a checkout to release, helm, and a cosign that signs nothing."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chart.helm import program
from tests.real_registry import running_registry

from .built import ROOT, copy_versions

FAKE = """#!/bin/sh
# No argument of a release has a space or a quote in it.
printf '%s\\n' "$*" >>"$0.asked"
[ ! -e "$0.refuses" ] || { echo "no matching signatures" >&2; exit 1; }
"""


@dataclass(frozen=True)
class FakeCosign:
    """A program that signs nothing."""

    path: Path

    def asked(self) -> list[list[str]]:
        """Return the words of each call."""
        asked = self.path.with_name("cosign.asked")
        return [line.split() for line in asked.read_text().splitlines()] if asked.exists() else []

    def refuse(self) -> None:
        """Fail from now on."""
        self.path.with_name("cosign.refuses").touch()

    def forget(self) -> None:
        """Begin anew."""
        for name in ("cosign.asked", "cosign.refuses"):
            self.path.with_name(name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeCosign]:
    """Put helm and a cosign that signs nothing on the PATH, without anybody's logins."""
    folder = tmp_path_factory.mktemp("programs")
    path = folder / "cosign"
    path.write_text(FAKE)
    path.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        places = [str(folder), str(Path(program()).parent), os.environ["PATH"]]
        patch.setenv("PATH", os.pathsep.join(places))
        for name in ("DOCKER_CONFIG", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"):
            patch.setenv(name, str(folder))
        yield FakeCosign(path)


@pytest.fixture
def cosign(environment: FakeCosign) -> Iterator[FakeCosign]:
    """What was asked of cosign within a test."""
    environment.forget()
    yield environment
    environment.forget()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry."""
    with running_registry(tmp_path_factory.mktemp("registry"), {}) as address:
        yield address


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The checkout that is released, with the day of the release in it."""
    to = tmp_path_factory.mktemp("checkout")
    for folder in ("helm", "requirements"):
        shutil.copytree(ROOT / folder, to / folder)
    shutil.copy(ROOT / "LICENSE", to)
    copy_versions(to)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("release.__main__.ROOT", to)
        yield to
