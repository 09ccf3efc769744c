"""The command as people use it: real processes, a real teacher, a store on disk."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.core.errors import GateFailed
from gabarito.core.settings import local_path
from gabarito.demo.process import started

PAGES = ("premios.md", "tecnicos.md", "final.md")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def gabarito(*arguments: str, cwd: Path | None = None, **environment: str) -> Done:
    """Run the command and wait for it."""
    command = [sys.executable, "-m", "gabarito", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=cwd,
        check=False,
        timeout=300,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def teacher_url() -> Iterator[str]:
    with started("teacher", "--replies", "gabarito:demo/replies.jsonl", "--port", "0") as server:
        yield f"{server.address}/v1"


class Project:
    """A pipeline file over three pages of the sample, quick to train, and its store."""

    def __init__(self, folder: Path, teacher_url: str) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.url = teacher_url
        pages = folder / "pages"
        pages.mkdir()
        for page in PAGES:
            shutil.copy(local_path(f"gabarito:demo/sources/{page}"), pages)
        self.settings: dict[str, Any] = {
            "name": "quick",
            "ingest": {"sources": [{"type": "files", "path": "pages"}]},
            "generate": {"language": "pt", "teacher": {"model": "recorded"}},
            "curate": {"prompts": "prompts.jsonl", "refusals": 0.2},
            "train": {
                "base": "gabarito:demo/nano",
                "learning_rate": 2e-3,
                "steps": 6,
                "batch_size": 16,
                "choice": {"every": 3, "questions": 8},
                "limits": {"checkpoint_every_s": 0},
            },
        }
        prompts = local_path("gabarito:demo/prompts.jsonl").read_text(encoding="utf-8")
        (folder / "prompts.jsonl").write_text("\n".join(prompts.splitlines()[:24]))
        self.path = folder / "pipeline.yaml"
        self.write()

    def write(self) -> None:
        """Write the settings to the pipeline file."""
        self.path.write_text(yaml.safe_dump(self.settings, allow_unicode=True))

    def run(self, *arguments: str) -> Done:
        """Run the pipeline."""
        return self.call("run", str(self.path), *arguments)

    def call(self, *arguments: str) -> Done:
        """Run a command on the project's store."""
        return gabarito(*arguments, GABARITO_STORE=str(self.store), GABARITO_TEACHER_URL=self.url)

    def manifests(self, stage: str) -> list[Path]:
        """Return the manifests of all artifacts of a stage."""
        return sorted((self.store / "artifacts" / stage).glob("*/manifest.json"))

    def lines(self, stage: str, name: str) -> list[dict[str, Any]]:
        """Return the records in a file of a stage's first artifact."""
        manifest = json.loads(self.manifests(stage)[0].read_text())
        text = (self.store / manifest["files"][name]["key"]).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def project(tmp_path: Path, teacher_url: str) -> Project:
    return Project(tmp_path, teacher_url)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, teacher_url: str) -> Project:
    """A project whose run has ended."""
    project = Project(tmp_path_factory.mktemp("finished"), teacher_url)
    done = project.run()
    assert done.code == GateFailed.exit_code, done.err  # six steps teach too little
    return project
