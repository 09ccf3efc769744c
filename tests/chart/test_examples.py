"""The sample without the controller: k8s/examples."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gabarito.core.errors import NEVER_COUNTED, NEVER_RETRIED
from gabarito.core.settings import local_path, read_yaml
from gabarito.pipeline.stages import STAGES

from .helm import ROOT, Object
from .release import scenario
from .restricted import violations

EXAMPLES = ROOT / "k8s/examples"


@pytest.fixture(scope="module")
def items() -> list[Object]:
    found: list[Object] = _load("jobs.yaml")[0]["items"]
    return found


@pytest.fixture(scope="module")
def workflow() -> Object:
    spec: Object = _load("argo-workflow.yaml")[0]["spec"]
    return spec


def test_the_pipeline_is_the_sample(items: list[Object]) -> None:
    text = items[0]["data"]["pipeline.yaml"]
    assert yaml.safe_load(text) == read_yaml(local_path("gabarito:demo/pipeline.yaml"))


def test_there_is_a_job_for_each_stage(items: list[Object]) -> None:
    for stage, job in zip(STAGES, items[1:], strict=True):
        assert job["metadata"]["name"] == f"gabarito-{stage}"
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["args"][-4:] == ["--from", stage, "--until", stage]
        assert container["image"] == _image(stage)
        (codes, *_, ignored) = job["spec"]["podFailurePolicy"]["rules"]
        assert {*codes["onExitCodes"]["values"]} == NEVER_RETRIED
        assert {*ignored["onExitCodes"]["values"]} == NEVER_COUNTED


def test_their_pods_are_restricted(items: list[Object]) -> None:
    owners = [*items[1:], _load("serve.yaml")[1]]
    assert [violations(each["spec"]["template"]["spec"]) for each in owners] == [[]] * len(owners)


def test_a_job_does_its_stage_and_no_other(items: list[Object], tmp_path: Path) -> None:
    ingest, _, curate = (_arguments(items[1 + number], tmp_path) for number in range(3))
    early = _run(curate, tmp_path)
    assert (early.returncode, "ingest, generate not in the store" in early.stderr) == (65, True)
    assert "made ingest" in _run(ingest, tmp_path).stdout


def test_the_workflow_is_the_pipeline(workflow: Object) -> None:
    tasks = workflow["templates"][0]["dag"]["tasks"]
    assert [task["name"] for task in tasks] == list(STAGES)
    assert [task.get("depends") for task in tasks] == [None, *list(STAGES)[:-1]]
    for task in tasks:
        given = {
            each["name"]: each["value"] for each in task.get("arguments", {}).get("parameters", ())
        }
        if given:
            assert given["stage"] == task["name"]
            assert f"gabarito-{given['image']}:0.1.0" == _image(task["name"])


def test_the_workflow_finds_its_account(workflow: Object) -> None:
    account, secret, role = _load("argo-account.yaml")
    name = account["metadata"]["name"]
    assert name == workflow["serviceAccountName"] == workflow["executor"]["serviceAccountName"]
    assert secret["metadata"]["name"] == f"{name}.service-account-token"
    assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": name}
    assert [rule["resources"] for rule in role["rules"]] == [["workflowtaskresults"]]


def test_the_workflow_tries_again_what_a_job_would(workflow: Object) -> None:
    for each in workflow["templates"][1:]:
        codes = re.findall(r"\d+", each["retryStrategy"]["expression"])
        assert {int(code) for code in codes} == NEVER_RETRIED
        spec = {**workflow, "containers": [{"name": "main", **each["container"]}],
                "initContainers": each.get("sidecars", [])}  # fmt: skip
        assert not violations(spec)


def _load(name: str) -> list[Object]:
    return list(yaml.safe_load_all((EXAMPLES / name).read_text(encoding="utf-8")))


def _image(stage: str) -> str:
    """The image that the chart gives a stage."""
    image: str = scenario("demo").pod(stage).spec["containers"][0]["image"]
    return image


def _arguments(job: Object, folder: Path) -> list[str]:
    """Return a Job's command as it stands, with the pipeline in a folder."""
    pipeline = folder / "pipeline.yaml"
    sample = local_path("gabarito:demo/pipeline.yaml")
    pipeline.write_text(sample.read_text(encoding="utf-8"), encoding="utf-8")
    given = job["spec"]["template"]["spec"]["containers"][0]["args"]
    return [str(pipeline) if each.startswith("/etc/") else each for each in given]


def _run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gabarito", *arguments],
        env={**os.environ, "GABARITO_STORE": str(folder / "store")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
