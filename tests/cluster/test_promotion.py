"""What is served changes only to a model that passed its gate and answers as it did there."""

import pytest

from gabarito.artifacts.artifact import Address
from gabarito.artifacts.channel import SHORT_DIGEST, find_channel
from gabarito.store.base import Store

from .conftest import Open
from .kubectl import Object, until
from .quick import quick
from .release import CONTROLLER, EXAMPLE, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

CHANNEL = "promotion"
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    """A release whose model is served."""
    release = open_release("promotion", quick(demo_values, CHANNEL))
    release.values["stages"].setdefault("serve", {})["readyTimeoutSeconds"] = 60
    release.install()
    release.wait_promoted()
    return release


def test_a_failing_gate_leaves_the_served_model_alone(release: Release, store: Store) -> None:
    before, first = release.wait_served(), release.run.run
    release.values["pipeline"]["evaluate"] = {"floor": 1.0, "max_forgetting": 0.0}
    release.upgrade()
    (event, *_) = until("the gate fails", lambda: release.events("GateFailed"), 400)
    assert "floor" in event["message"]
    assert release.wait_served() == before == _channel(store)
    said = release.kubectl("describe", "job", release.jobs("evaluate")[-1]["metadata"]["name"])
    assert "GateFailed" in said
    listed = release.kubectl("exec", f"deployment/{CONTROLLER}", "--", "gabarito", "models")
    assert before[:SHORT_DIGEST] in listed
    compared = ("gabarito", "diff", first, release.run.run)
    said = release.kubectl("exec", f"deployment/{CONTROLLER}", "--", *compared)
    assert "evaluate.floor" in said


def test_a_model_that_never_becomes_ready_is_rolled_back(release: Release, store: Store) -> None:
    before = release.wait_served()
    release.values["pipeline"] = quick(release.values, CHANNEL, learning_rate=2e-3)["pipeline"]
    release.upgrade()
    release.wait_running("evaluate", 400)
    release.kubectl("scale", f"deployment/{CONTROLLER}", "--replicas=0")
    until("evaluate ends", lambda: release.jobs("evaluate")[0]["status"].get("succeeded"), 300)
    _spoil(store, release.run.address("merge"))
    release.kubectl("scale", f"deployment/{CONTROLLER}", "--replicas=1")
    _rolled_back(release, store, before, "ready")


def test_a_model_that_answers_otherwise_is_rolled_back(release: Release, store: Store) -> None:
    before = release.wait_served()
    release.values["pipeline"] = quick(release.values, CHANNEL)["pipeline"]
    release.values["pipeline"]["serve"] = {"threshold": 1.0}
    release.upgrade()
    _rolled_back(release, store, before, "the endpoint answers")


def test_a_template_that_never_becomes_ready_is_rolled_back(release: Release, store: Store) -> None:
    before = release.wait_served()
    release.values["pipeline"] = quick(release.values, CHANNEL)["pipeline"]
    release.values["stages"]["serve"]["extraArgs"] = ["--port", "9999"]
    release.upgrade()
    _rolled_back(release, store, before, "the template before serves again")


def _rolled_back(release: Release, store: Store, before: str, why: str) -> None:
    """An Event has the reason, the model before serves again, and requests are answered."""

    def is_recorded() -> bool:
        release.ask(EXAMPLE)
        return any(why in event["message"] for event in release.events("RolledBack"))

    until(f"it is rolled back: {why}", is_recorded, 600)
    until("the model before is served", lambda: release.served() == before, 300)
    assert _channel(store) == before


def _spoil(store: Store, model: Address) -> None:
    """Overwrite a model's weights, as no program of ours does."""
    (key,) = [entry.key for entry in store.list(f"{model.prefix}/") if WEIGHTS in entry.key]
    store.write(key, b"spoilt")


def _channel(store: Store) -> str | None:
    channel = find_channel(store, CHANNEL)
    return channel.model if channel else None
