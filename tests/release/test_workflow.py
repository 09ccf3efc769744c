"""The workflow that releases, as far as it can be read without GitHub."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.real_registry import BUILT

from .built import ROOT

WORKFLOW = ROOT / ".github/workflows/release.yml"
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
ACTIONLINT = shutil.which("actionlint") or f"{BUILT}/actionlint"

needs_actionlint = pytest.mark.skipif(
    not os.access(ACTIONLINT, os.X_OK), reason="no actionlint; k8s/dev/cluster build actionlint"
)


def workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return loaded


@needs_actionlint
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run([ACTIONLINT, WORKFLOW], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@needs_actionlint
def test_actionlint_would_find_a_step_that_names_no_job_s_output(tmp_path: Path) -> None:
    broken = tmp_path / "release.yml"
    text = WORKFLOW.read_text(encoding="utf-8")
    broken.write_text(text.replace("needs.check.outputs.version", "needs.check.outputs.versoin"))
    done = subprocess.run([ACTIONLINT, broken], capture_output=True, text=True, check=False)
    assert 'property "versoin" is not defined' in done.stdout


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    lines = [line for line in WORKFLOW.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert len(lines) > 5
    assert [line for line in lines if not PINNED.search(line)] == []


def test_every_command_is_one_that_the_makefile_has() -> None:
    steps = [step for job in workflow()["jobs"].values() for step in job["steps"]]
    called = set(re.findall(r"make ([a-z-]+)", " ".join(step.get("run", "") for step in steps)))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert called == {"release-tools", "release-check", "release", "release-verify"}
    assert called <= targets


def test_no_command_of_make_is_given_a_value_that_make_or_a_shell_could_run() -> None:
    """Git lets a tag be called v9;true or v$(info)."""
    lines = WORKFLOW.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"\bmake [a-z-]+ +\S*=", line)] == []


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ("release-check", ["TAG"]),
        ("release", ["REGISTRY", "SOURCE", "REVISION", "KEY", "ARTIFACT_HUB"]),
        ("release-verify", ["REGISTRY", "KEY", "IDENTITY"]),
    ],
)
def test_what_make_is_given_is_never_run(tmp_path: Path, target: str, given: list[str]) -> None:
    program = tmp_path / "release"
    program.write_text("#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 3\n")
    program.chmod(0o755)
    values = {name: f"{name}; true $(true)" for name in given}
    command = ["make", "--no-print-directory", target, f"RELEASE={program}"]
    environment = {"PATH": os.environ["PATH"], **values}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    found = re.findall(r"\[([^]]*)\]", done.stdout)
    assert [each for each in found if ";" in each] == [*values.values()]


def test_a_command_of_make_that_lacks_a_value_names_it() -> None:
    done = subprocess.run(
        ["make", "release", "RELEASE=true", "REGISTRY=x.y", "REVISION=0123abc"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SOURCE: " in done.stderr


def test_only_what_publishes_may_sign_and_nothing_may_write_code() -> None:
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {"contents": "read"}
    may_sign = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert may_sign == {"publish"}
    assert {job.get("permissions", {}).get("contents", "read") for job in jobs.values()} == {"read"}


def test_a_pipe_that_breaks_ends_a_step() -> None:
    assert workflow()["defaults"]["run"]["shell"] == "bash"


def test_the_images_are_built_for_both_architectures_with_what_publish_reads() -> None:
    job = workflow()["jobs"]["images"]
    built = [one["architecture"] for one in job["strategy"]["matrix"]["include"]]
    (bake,) = (step for step in job["steps"] if "buildx bake" in step.get("run", ""))
    assert built == ["amd64", "arm64"]
    assert "--provenance=mode=max --sbom=true" in bake["run"]
    assert bake["env"]["TAG"].endswith("-${{ matrix.architecture }}")
    variables = set(re.findall(r'^variable "(\w+)"', bake_file(), re.MULTILINE))
    assert set(bake["env"]) <= variables


def bake_file() -> str:
    return (ROOT / "images/docker-bake.hcl").read_text(encoding="utf-8")
