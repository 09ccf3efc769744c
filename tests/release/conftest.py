"""A registry on loopback, a checkout to release, helm, and a cosign that signs nothing."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chart.helm import program
from tests.real_registry import running_registry

from .built import ROOT, copy_versions
from .fake_cosign import Signed

FAKE = Path(__file__).with_name("fake_cosign.py")


@dataclass(frozen=True)
class FakeCosign:
    """A program that signs nothing, and remembers what it was to sign."""

    path: Path

    def asked(self) -> list[list[str]]:
        """Return the words of each call."""
        return self._lines("asked")

    def signed(self) -> list[Signed]:
        """Return what each call of sign and attest was about."""
        return [Signed(*line) for line in self._lines("signed")]

    def forget(self) -> None:
        """Forget the calls; what is signed stays signed."""
        self._beside("asked").unlink(missing_ok=True)

    @contextmanager
    def forgotten(self, said: str) -> Iterator[None]:
        """Let nothing of a kind, or of a subject, be signed within a block."""
        path = self._beside("signed")
        before = path.read_text()
        kept = [line for line in before.splitlines(keepends=True) if said not in json.loads(line)]
        path.write_text("".join(kept))
        try:
            yield
        finally:
            path.write_text(before)

    def _lines(self, name: str) -> list[list[str]]:
        path = self._beside(name)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f"cosign.{name}")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeCosign]:
    """Put helm and a cosign that signs nothing on the PATH, without anybody's logins."""
    folder = tmp_path_factory.mktemp("programs")
    path = folder / "cosign"
    path.write_text(f"#!{sys.executable} -ES\n{FAKE.read_text(encoding='utf-8')}")
    path.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        places = [str(folder), str(Path(program()).parent), os.environ["PATH"]]
        patch.setenv("PATH", os.pathsep.join(places))
        patch.setenv("COSIGN_PASSWORD", "")
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
