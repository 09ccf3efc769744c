"""What a release tells a Prometheus and a collector of traces while it works."""

import urllib.request
from collections.abc import Iterator

import pytest
from tests.tracing.receiver import Receiver, receiving

from .conftest import Open
from .kubectl import Object, until
from .machine import in_url
from .quick import LONG, fresh
from .release import FULLNAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]

METRICS_PORT = 8080
TRAINING = (
    "gabarito_train_loss",
    "gabarito_train_tokens_per_second",
    'gabarito_stage_progress_items{stage="train",what="steps"}',
    'gabarito_stage_planned_items{stage="train",what="steps"}',
    'gabarito_stage_progress_seconds{stage="train"}',
)


@pytest.fixture(scope="module")
def receiver(node_addresses: list[str]) -> Iterator[Receiver]:
    with receiving(host=node_addresses[0]) as found:
        yield found


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object, receiver: Receiver) -> Release:
    values = fresh(demo_values, "monitoring")
    values["pipeline"]["train"]["steps"] = LONG
    values["tracing"] = {"endpoint": receiver.url}
    found = open_release("monitoring", values)
    found.install()
    return found


def test_a_running_training_is_seen_in_the_controllers_metrics(release: Release) -> None:
    release.wait_steps()
    seen = until("all of it is told", lambda: _training(release), 120)
    steps = seen['gabarito_stage_progress_items{stage="train",what="steps"}']
    assert 0 < steps <= seen['gabarito_stage_planned_items{stage="train",what="steps"}'] == LONG
    assert seen["gabarito_train_loss"] > 0
    assert seen["gabarito_train_tokens_per_second"] > 0


def test_what_the_teacher_was_asked_is_a_trace(release: Release, receiver: Receiver) -> None:
    assert release.run
    calls = [one for one in receiver.spans if one.raw.name == "chat recorded"]
    assert calls
    (about,) = {str(one.resource["service.name"]) for one in calls}
    assert about == f"{FULLNAME}-generate"


def test_so_is_what_the_endpoint_was_asked(release: Release, receiver: Receiver) -> None:
    release.wait_promoted(900)
    release.ask("Quem foi o campeão?")
    until("its span arrives", lambda: "POST /v1/chat/completions" in _names(receiver), 60)


def test_then_the_endpoint_is_ready_and_nothing_trains(release: Release) -> None:
    until("it is told", lambda: _metrics(release).get("gabarito_endpoint_ready") == 1, 60)
    assert not [name for name in _metrics(release) if name.startswith("gabarito_train_loss")]


def _training(release: Release) -> dict[str, float] | None:
    seen = _metrics(release)
    return seen if all(name in seen for name in TRAINING) else None


def _metrics(release: Release) -> dict[str, float]:
    """Return the metrics of the controller without those of the process itself."""
    (pod,) = release.controllers()
    address = f"http://{in_url(pod['status']['podIP'])}:{METRICS_PORT}/metrics"
    with urllib.request.urlopen(address, timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if line.startswith("gabarito_")]
    return {name: float(value) for name, value in pairs}


def _names(receiver: Receiver) -> set[str]:
    return {one.raw.name for one in receiver.spans}
