"""The release's own teacher: it loads, is asked, and is gone before train begins.

The recorded teacher stands for a real one, beginning late so that it can be seen to load;
llama.cpp's server, over a small Llama that writes no facts, for one with the wrong model.
"""

import copy
from pathlib import Path

import pytest
from tests.unit.exports.taught import contract, save_taught, shape, taught_tokenizer
from transformers import LlamaConfig

from gabarito.exports.gguf_file import write_gguf
from gabarito.store.open import open_store

from .conftest import Open
from .kubectl import Object, until
from .machine import ROOT, Machine
from .quick import fresh
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]

LATE_S = 30
PORT = "8100"
LLAMA_IMAGE = "gabarito-llama-cpp:dev"
GGUF = "teacher.gguf"
CONTEXT = 16384
RECORDED = "gabarito teacher --replies gabarito:demo/replies.jsonl --port"
SLOWLY = f"sleep {LATE_S}; exec {RECORDED} {PORT} --latency 1"
"""Long enough for generate to be killed in the middle."""


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    values = fresh(demo_values, "ownteacher")
    values["teacher"]["deploy"] |= {"command": ["sh", "-c"], "args": [SLOWLY]}
    values["pipeline"]["generate"]["teacher"]["concurrency"] = 1
    found = open_release("ownteacher", values)
    found.install()
    return found


def test_it_is_said_that_it_loads(release: Release) -> None:
    (event,) = until("it is told", lambda: _waiting(release, "the teacher is loading"), 300)
    assert event["type"] == "Normal"
    assert "-c teacher" in event["message"]


def test_nobody_outside_the_pod_reaches_it(release: Release) -> None:
    pod = release.wait_running("generate")
    script = f"import socket; socket.create_connection(('{pod['status']['podIP']}', {PORT}), 3)"
    name = pod["metadata"]["name"]
    inside = ("exec", name, "--container", "stage", "--", "python", "-c")
    assert release.kubectl.try_to(*inside, script).returncode != 0
    there = script.replace(pod["status"]["podIP"], "127.0.0.1")
    assert release.kubectl.try_to(*inside, there).returncode == 0


def test_a_pod_that_is_killed_takes_it_along_and_none_runs_twice(release: Release) -> None:
    (before,) = release.pods("generate")
    (controller,) = release.controllers()
    release.kubectl("delete", "pod", before["metadata"]["name"], "--wait=false")
    release.kubectl("delete", "pod", controller["metadata"]["name"], "--wait=false")
    most = 0

    def another() -> bool:
        nonlocal most
        most = max(most, len(_teachers(release)))
        names = [pod["metadata"]["name"] for pod in _teachers(release)]
        return names != [] and before["metadata"]["name"] not in names

    until("another pod has it", another, 300)
    assert most == 1


def test_it_is_gone_before_train_begins(release: Release) -> None:
    release.wait_running("train", 900)
    assert not _teachers(release)
    pod = release.pods("generate")[-1]
    assert pod["status"]["phase"] == "Succeeded"
    (train, *_) = release.pods("train")
    assert _ended(pod, "teacher") <= train["metadata"]["creationTimestamp"]


def test_one_that_never_gets_ready_fails_the_stage_with_its_reason(
    open_release: Open, demo_values: Object
) -> None:
    values = fresh(demo_values, "noteacher")
    right = copy.deepcopy(values["teacher"]["deploy"])
    values["teacher"]["deploy"] |= {
        "args": ["teacher", "--replies", "gabarito:demo/none.jsonl"],
        "readyTimeoutSeconds": 45,
    }
    release = open_release("noteacher", values)
    release.install()
    until("it is told", lambda: _waiting(release, "container teacher keeps failing"), 200)
    until("the stage fails", lambda: release.events("StageFailed"), 300)
    (event, *_) = release.events("StageFailed")
    assert "not ready within 45 s" in event["message"]
    assert "none.jsonl" in event["message"]
    assert not _teachers(release)
    release.values["teacher"]["deploy"] = right
    release.values["retries"] = {"generate": 1}
    release.upgrade()
    until("generate is done", lambda: _is_done(release), 400)


def test_a_wrong_image_is_named_and_corrected_without_a_retry(
    open_release: Open, demo_values: Object
) -> None:
    values = fresh(demo_values, "noimage")
    values["teacher"]["deploy"]["image"] = "registry.local/no-such-server:1"
    release = open_release("noimage", values)
    release.install()
    until("it is told", lambda: _waiting(release, "correct teacher.deploy.image"), 200)
    release.values["teacher"]["deploy"]["image"] = ""
    release.upgrade()
    until("generate is done", lambda: _is_done(release), 400)


def test_a_model_of_the_bucket_that_writes_no_facts_ends_the_stage(
    open_release: Open, demo_values: Object, machine: Machine, tmp_path: Path
) -> None:
    machine.call("image", LLAMA_IMAGE, str(ROOT / "k8s/dev/llama-cpp"))
    machine.call("load", LLAMA_IMAGE)
    values = fresh(demo_values, "llama")
    place = f"{values['store']['url']}/models/teacher"
    open_store(place).upload(_gguf(tmp_path), GGUF)
    values["teacher"]["deploy"] = {
        "enabled": True,
        "image": f"registry.local/{LLAMA_IMAGE}",
        "model": place,
        "modelFiles": ["*.gguf"],
        "args": [f"/model/{GGUF}", "8080", str(CONTEXT), "2"],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    }
    teacher = {"model": "teacher", "max_tokens": 64, "concurrency": 2}
    values["pipeline"]["generate"]["teacher"] = teacher
    release = open_release("llama", values)
    release.install()
    until("the stage fails", lambda: release.events("StageFailed"), 900)
    (event, *_) = release.events("StageFailed")
    assert "bad data (exit code 65)" in event["message"]
    assert "the floor is" in event["message"]
    assert not _teachers(release)


def _gguf(folder: Path) -> Path:
    """A small Llama whose context takes a whole passage, as llama.cpp reads it."""
    tokenizer = taught_tokenizer()
    longer = shape(tokenizer) | {"max_position_embeddings": CONTEXT}
    save_taught(folder / "model", tokenizer, LlamaConfig(**longer))
    write_gguf(folder / "model", contract(tokenizer), folder / GGUF, "f16", "teacher")
    return folder / GGUF


def _waiting(release: Release, words: str) -> list[Object]:
    return [event for event in release.events("StageWaiting") if words in event["message"]][:1]


def _teachers(release: Release) -> list[Object]:
    """The pods in which a teacher runs."""
    return [
        pod
        for stage in ("generate", "evaluate")
        for pod in release.pods(stage)
        for status in pod["status"].get("initContainerStatuses", ())
        if status["name"] == "teacher" and "running" in status["state"]
    ]


def _ended(pod: Object, container: str) -> str:
    """When an init container of a pod that is done ended."""
    (status,) = (
        each for each in pod["status"]["initContainerStatuses"] if each["name"] == container
    )
    ended: str = status["state"]["terminated"]["finishedAt"]
    return ended


def _is_done(release: Release) -> bool:
    jobs = release.jobs("generate")
    return bool(jobs) and bool(jobs[-1]["status"].get("succeeded"))
