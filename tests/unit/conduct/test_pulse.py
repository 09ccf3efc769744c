"""The conductor's probes and metrics, over HTTP."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import gabarito.evaluate
from gabarito.conduct.api import CONFIG_MAPS
from gabarito.conduct.lease import Lease
from gabarito.conduct.probes import start_server
from gabarito.conduct.pulse import PERCENT_RIGHT, STUCK_S, Pulse
from gabarito.conduct.state import Figures, Observed
from gabarito.conduct.summary import summarise
from gabarito.core.channel import Channel
from gabarito.core.errors import SettingsError

from .builders import NOW, OTHER_RUN, A, desired, endpoint, job, observed, passed
from .fake import FakeCluster


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(clock: Clock) -> Lease:
    cluster = FakeCluster()
    cluster.create(CONFIG_MAPS, {"metadata": {"name": "anchor"}})
    return Lease(cluster, "lease", holder="one", anchor="anchor", clock=clock)


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    return Pulse(clock)


@pytest.fixture
def address(pulse: Pulse) -> Iterator[str]:
    server = start_server(0, pulse)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def look(pulse: Pulse, seen: Observed) -> None:
    """End a round that went well."""
    pulse.looked(seen, summarise(desired(), seen, ()))


def test_scores_have_the_name_under_which_the_evaluation_counts_them() -> None:
    counted = Path(gabarito.evaluate.__path__[0], "job.py").read_text()
    assert f'work.counts[f"{PERCENT_RIGHT}{{name}}"]' in counted


def test_it_is_ready_once_it_has_looked(pulse: Pulse, lease: Lease, address: str) -> None:
    assert get(f"{address}/ready")[0] == 503
    lease.renew()
    pulse.beat(lease)
    assert get(f"{address}/ready") == (503, "it has not looked yet\n")
    look(pulse, observed())
    assert get(f"{address}/ready") == (200, "ok\n")
    pulse.failed("no such bucket")
    assert get(f"{address}/ready") == (503, "no such bucket\n")


def test_who_waits_for_the_lease_is_ready(pulse: Pulse, lease: Lease, address: str) -> None:
    pulse.beat(lease)
    assert get(f"{address}/ready") == (503, "the Lease was not asked for yet\n")
    lease.problem = ""
    pulse.beat(lease)
    assert get(f"{address}/ready")[0] == 200


def test_a_loop_that_is_stuck_is_not_healthy(
    pulse: Pulse, lease: Lease, clock: Clock, address: str
) -> None:
    assert get(f"{address}/health")[0] == 200
    clock.now += STUCK_S
    assert get(f"{address}/health") == (503, "the loop is stuck\n")
    lease.renew()
    pulse.beat(lease)
    assert get(f"{address}/health")[0] == 200


def test_a_conductor_whose_lease_nobody_renews_is_not_healthy(
    pulse: Pulse, lease: Lease, clock: Clock, address: str
) -> None:
    lease.renew()
    clock.now += STUCK_S
    pulse.beat(lease)
    assert get(f"{address}/health") == (503, "nobody asks for the Lease any more\n")


def test_another_path_names_those_there_are(address: str) -> None:
    assert get(f"{address}/")[0] == 404


def test_a_port_that_is_taken_is_a_setting(pulse: Pulse, address: str) -> None:
    with pytest.raises(SettingsError, match="choose another --port"):
        start_server(int(address.rpartition(":")[2]), pulse)


def test_a_leader_tells_of_its_release(pulse: Pulse, lease: Lease, address: str) -> None:
    lease.renew()
    pulse.beat(lease)
    counts = {f"{PERCENT_RIGHT}model": 90.0, f"{PERCENT_RIGHT}base": 10.0}
    look(
        pulse,
        observed(
            job("generate", "failed"),
            job("generate", "running", attempt=2),
            job("train", "complete"),
            job("merge"),
            job("merge", "failed", run=OTHER_RUN, attempt=3),
            done=["ingest", "evaluate"],
            stale=["curate"],
            figures={
                "ingest": Figures("", 2.5, {"documents": 3}),
                "evaluate": Figures("", 1, counts),
            },
            evaluation=passed(),
            channel=Channel(model=A, since=NOW),
            endpoint=endpoint(),
        ),
    )
    lines = get(f"{address}/metrics")[1].splitlines()
    for line in (
        "gabarito_conductor_leads 1.0",
        "gabarito_conductor_looks_total 1.0",
        "gabarito_conductor_failures_total 0.0",
        'gabarito_stage_state{stage="ingest",state="done"} 1.0',
        'gabarito_stage_state{stage="generate",state="running"} 1.0',
        'gabarito_stage_state{stage="curate",state="stale"} 1.0',
        'gabarito_stage_state{stage="train",state="failed"} 1.0',
        'gabarito_stage_state{stage="merge",state="planned"} 1.0',
        'gabarito_stage_duration_seconds{stage="ingest"} 2.5',
        'gabarito_stage_items{name="documents",stage="ingest"} 3.0',
        'gabarito_eval_score{system="model"} 0.9',
        'gabarito_eval_score{system="base"} 0.1',
        "gabarito_gate_passed 1.0",
        f'gabarito_promoted_info{{digest="{A}"}} 1.0',
        "gabarito_endpoint_ready 1.0",
    ):
        assert line in lines


def test_who_does_not_lead_tells_only_of_itself(
    pulse: Pulse, lease: Lease, clock: Clock, address: str
) -> None:
    lease.renew()
    pulse.beat(lease)
    look(pulse, observed())
    clock.now += 60
    pulse.beat(lease)
    text = get(f"{address}/metrics")[1]
    assert "gabarito_conductor_leads 0.0" in text
    assert "gabarito_stage" not in text


def test_before_there_is_anything_to_tell_it_tells_nothing(
    pulse: Pulse, lease: Lease, address: str
) -> None:
    lease.renew()
    pulse.beat(lease)
    look(pulse, observed())
    text = get(f"{address}/metrics")[1]
    assert "\ngabarito_gate_passed " not in text
    assert "\ngabarito_promoted_info{" not in text
    assert "gabarito_endpoint_ready 0.0" in text
