"""llama.cpp's server as the engine, in a container of its own behind the endpoint.

The sample's nano cannot be written as GGUF: a small Llama, whose run lies in the store before the
release is installed, stands for what the stages would have made.
"""

import copy
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.exports.taught import (
    ANSWER,
    ANSWERS,
    ENTRY,
    FACT,
    QUESTION,
    REFUSAL,
    UNSURE,
    Evaluated,
    contract,
    publish_run,
    save_taught,
    taught_tokenizer,
)

from gabarito.artifacts.channel import SHORT_DIGEST
from gabarito.chat.ask import served_name
from gabarito.core.errors import ServiceError
from gabarito.models import CONTRACT_FILE
from gabarito.store.open import open_store

from .conftest import Open
from .kubectl import Object, until
from .machine import ROOT, Machine
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

IMAGE = "gabarito-llama-cpp:dev"
CHANNEL = "engine"
FILE = "/model/gguf/model.gguf"
SERVER = "/opt/llama-cpp/server.py"

PIPELINE = {
    "name": "taught",
    "channel": CHANNEL,
    "ingest": {"sources": [{"type": "files", "path": "gabarito:demo/sources/final.md"}]},
    "generate": {"teacher": {"model": "recorded"}},
    "curate": {},
    "train": {"base": "gabarito:demo/nano"},
}

SERVE = {
    "engine": "container",
    "container": {
        "image": f"registry.local/{IMAGE}",
        "format": "gguf",
        "args": [FILE, "8080", "1024", "4"],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    },
}


@pytest.fixture(scope="module")
def values(
    machine: Machine,
    demo_values: Object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Object:
    """Values of a release whose run is done: what is left is to promote and to serve."""
    machine.call("image", IMAGE, str(ROOT / "k8s/dev/llama-cpp"))
    machine.call("load", IMAGE)
    found = copy.deepcopy(demo_values)
    found["store"]["url"] += f"/{CHANNEL}"
    found["pipeline"] = PIPELINE
    found["stages"]["serve"] |= SERVE
    _publish(found["store"]["url"], tmp_path_factory.mktemp("taught") / "model")
    return found


def _publish(url: str, folder: Path) -> None:
    tokenizer = taught_tokenizer()
    save_taught(folder, tokenizer)
    (folder / CONTRACT_FILE).write_text(contract(tokenizer).model_dump_json())
    publish_run(open_store(url), folder, PIPELINE, Evaluated(facts=[ENTRY]))


@pytest.fixture(scope="module")
def release(open_release: Open, values: Object) -> Release:
    found = open_release("engine", values)
    found.install()
    found.wait_promoted()
    return found


def test_the_known_questions_are_answered_by_it(release: Release) -> None:
    digest = release.wait_served()
    (event, *_) = release.events("Serving")
    assert "answers as in the evaluation" in event["message"]
    assert {question: release.ask(question).text for question in ANSWERS} == ANSWERS
    name = served_name(release.endpoint)
    assert name == f"taught-{digest[:SHORT_DIGEST]}"


def test_proof_threshold_and_refusal_stand_before_it(release: Release) -> None:
    reply, unsure = release.ask(QUESTION), release.ask(UNSURE)
    assert (reply.text, reply.known, reply.verified) == (ANSWER, True, True)
    assert reply.probability is not None
    assert 0.8 < reply.probability < 1
    assert reply.proof is not None
    assert reply.proof.statement == FACT.statement
    assert (unsure.text, unsure.known) == (REFUSAL, False)


def test_nobody_else_reaches_it(release: Release) -> None:
    (pod,) = release.pods("serve")
    script = (
        "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3)"
    )
    here = ("exec", pod["metadata"]["name"], "--container", "serve", "--", "python", "-c", script)
    assert release.kubectl.try_to(*here, "127.0.0.1", "8080").returncode == 0
    assert release.kubectl.try_to(*here, pod["status"]["podIP"], "8080").returncode != 0


def test_an_engine_that_dies_comes_back_and_the_endpoint_is_not_restarted(
    release: Release, machine: Machine
) -> None:
    (pod,) = release.pods("serve")
    before = _restarts(release, "engine"), _restarts(release, "serve")
    assert machine.kill_in_pod(pod["metadata"]["uid"], SERVER)
    until("it is started again", lambda: _restarts(release, "engine") == before[0] + 1, 60)
    until("the model is served again", lambda: _answers(release), 120)
    assert _restarts(release, "serve") == before[1]


def test_an_engine_that_never_gets_ready_is_rolled_back_with_its_reason(release: Release) -> None:
    before = release.wait_served()
    release.values["stages"]["serve"]["readyTimeoutSeconds"] = 60
    release.values["stages"]["serve"]["container"]["args"] = ["/model/none", "8080", "1024", "4"]
    release.upgrade()

    def is_told() -> bool:
        said = [event["message"] for event in release.events("RolledBack")]
        return any("the template before serves again" in message for message in said)

    until("it is rolled back", is_told, 300)
    (event, *_) = release.events("EndpointWaiting")
    assert "container engine keeps failing" in event["message"]
    until("the model is served", lambda: release.served() == before, 300)
    assert release.ask(QUESTION).text == ANSWER


def _answers(release: Release) -> bool:
    """Whether it answers; a pod is ready for a moment more when its engine has gone."""
    with suppress(ServiceError):
        return release.ask(QUESTION).text == ANSWER
    return False


def _restarts(release: Release, container: str) -> int:
    (pod,) = release.pods("serve")
    status = pod["status"]
    found = [*status["initContainerStatuses"], *status["containerStatuses"]]
    return sum(one["restartCount"] for one in found if one["name"] == container)
