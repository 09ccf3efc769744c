"""What ``helm test`` runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.loopback import QuietHandler, served

from .release import scenario


class _Endpoint(QuietHandler):
    def answer(self) -> None:
        if self.headers.get("Authorization") == "Bearer right":
            card = b'{"id": "handbook", "root": "handbook-0123456789ab"}'
            self.send(200, {}, b'{"data": [%b]}' % card)
        else:
            self.send(401, {}, b"")


@pytest.fixture
def endpoint() -> Iterator[str]:
    with served(_Endpoint) as address:
        yield f"http://{address}/v1/models"


def test_it_says_what_is_served(endpoint: str, tmp_path: Path) -> None:
    done = _run(endpoint, tmp_path, GABARITO_SERVE_TOKEN="right\n")
    assert (done.returncode, "serves handbook-0123456789ab" in done.stdout) == (0, True)


def test_an_endpoint_that_refuses_fails_it(endpoint: str, tmp_path: Path) -> None:
    done = _run(endpoint, tmp_path)
    assert done.returncode
    assert "401" in done.stderr


def test_while_nothing_is_served_it_checks_what_a_run_needs(tmp_path: Path) -> None:
    done = _run("http://127.0.0.1:9/v1/models", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "no model is served yet" in done.stdout
    assert "ready to run" in done.stdout


def _run(address: str, folder: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the container's command as it stands, with another address and pipeline."""
    release = scenario("demo")
    program, *script, where, _, option = release.pod("test").spec["containers"][0]["command"]
    assert program == "python3"
    assert where == "http://demo-gabarito.team.svc:80/v1/models"
    assert option == "--no-teacher"  # it runs beside the stages alone
    pipeline = folder / "pipeline.yaml"
    pipeline.write_text(release.files["pipeline.yaml"], encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, *script, address, str(pipeline), option],
        env={**os.environ, "PATH": path, "GABARITO_STORE": str(folder / "store"), **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
