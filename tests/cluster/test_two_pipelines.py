"""Two teams on one bucket prefix, without a channel: each is served its own pipeline's model."""

import pytest

from gabarito.artifacts.channel import SHORT_DIGEST, find_channel, read_model
from gabarito.chat.ask import served_name
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .conftest import Open
from .kubectl import Object, until
from .quick import fresh
from .release import CONTROLLER, NAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]

PREFIX = "two-pipelines"
RATES = {"team-a": 3e-3, "team-b": 2e-3}


@pytest.fixture(scope="module")
def values(demo_values: Object) -> dict[str, Object]:
    """The values of both teams: no channel, and one store."""
    found = {}
    for name, rate in RATES.items():
        found[name] = fresh(demo_values, PREFIX)
        del found[name]["pipeline"]["channel"]
        found[name]["pipeline"]["name"] = name
        found[name]["pipeline"]["train"]["learning_rate"] = rate
    return found


@pytest.fixture(scope="module")
def shared(values: dict[str, Object]) -> Store:
    return open_store(values["team-a"]["store"]["url"])


@pytest.fixture(scope="module")
def teams(open_release: Open, values: dict[str, Object]) -> dict[str, Release]:
    """A release of each team whose model is served."""
    found = {name: open_release(name, given) for name, given in values.items()}
    for release in found.values():
        release.install()
    for release in found.values():
        release.wait_promoted()
    return found


def test_each_is_served_the_model_of_its_own_pipeline(
    teams: dict[str, Release], shared: Store
) -> None:
    served = {name: release.wait_served() for name, release in teams.items()}
    assert len(set(served.values())) == 2
    for name, digest in served.items():
        channel = find_channel(shared, name)
        assert channel
        assert channel.model == digest
        assert read_model(shared, digest).pipeline == name
        assert served_name(teams[name].endpoint) == f"{name}-{digest[:SHORT_DIGEST]}"
        (event, *_) = teams[name].events("Promoted")
        assert f"model {digest[:SHORT_DIGEST]} of pipeline {name}" in event["message"]
        assert f"model {digest[:SHORT_DIGEST]} of pipeline {name}, promoted" in _status(teams[name])


def test_a_model_of_the_other_pipeline_is_refused_in_a_channel_of_its_name(
    teams: dict[str, Release], shared: Store
) -> None:
    own, other = (teams[name].wait_served() for name in RATES)
    moved = _gabarito(teams["team-b"], "promote", other, "--channel", "team-a")
    assert "channel 'team-a' serves" in moved
    (event, *_) = until("it is refused", lambda: teams["team-a"].events("ModelRefused"), 60)
    assert f"model {other[:SHORT_DIGEST]} of pipeline team-b is not served" in event["message"]
    assert teams["team-a"].wait_served() == own
    assert "of pipeline team-b is not served" in _status(teams["team-a"])
    _gabarito(teams["team-a"], "promote", own, "--channel", "team-a")
    until("status says so", lambda: "is not served" not in _status(teams["team-a"]), 60)
    assert teams["team-a"].wait_served() == own


def _status(release: Release) -> str:
    where = ("--release", NAME, "--namespace", release.kubectl.namespace)
    return _gabarito(release, "status", *where)


def _gabarito(release: Release, *arguments: str) -> str:
    return release.kubectl("exec", f"deployment/{CONTROLLER}", "--", "gabarito", *arguments)
