"""The controller's probes and metrics, over HTTP."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clock import Clock

import gabarito.evaluate
from gabarito.artifacts.channel import Channel
from gabarito.controller.health import STUCK_S, Health, start_server
from gabarito.controller.kube.api import CONFIG_MAPS
from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.release_metrics import PERCENT_RIGHT
from gabarito.controller.state import Observed, StageResult
from gabarito.controller.summary import summarise
from gabarito.core.errors import SettingsError
from gabarito.core.records import Progress

from .builders import NOW, OTHER_RUN, RUN, A, desired, endpoint, job, observed, passed
from .fake import FakeCluster


@pytest.fixture
def lease(clock: Clock) -> Lease:
    cluster = FakeCluster()
    cluster.create(CONFIG_MAPS, {"metadata": {"name": "owner"}})
    return Lease(cluster, "lease", holder="one", owner="owner", clock=clock)


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


@pytest.fixture
def address(health: Health) -> Iterator[str]:
    server = start_server(0, health)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_answers_at_addresses_of_both_families(health: Health) -> None:
    with start_server(0, health) as server:
        for host in ("127.0.0.1", "[::1]"):
            assert get(f"http://{host}:{server.server_port}/health") == (200, "ok\n")
        server.shutdown()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def succeed(health: Health, seen: Observed) -> None:
    """End a round that went well."""
    health.succeeded(seen, summarise(desired(), seen, ()))


def test_scores_have_the_name_under_which_the_evaluation_counts_them() -> None:
    counted = Path(gabarito.evaluate.__path__[0], "job.py").read_text()
    assert f'work.counts[f"{PERCENT_RIGHT}{{name}}"]' in counted


def test_it_is_ready_once_it_has_reconciled(health: Health, lease: Lease, address: str) -> None:
    assert get(f"{address}/ready")[0] == 503
    lease.renew()
    health.begin(lease)
    assert get(f"{address}/ready") == (503, "the first round has not ended yet\n")
    succeed(health, observed())
    assert get(f"{address}/ready") == (200, "ok\n")
    health.failed("no such bucket")
    assert get(f"{address}/ready") == (503, "no such bucket\n")


def test_who_waits_for_the_lease_is_ready(health: Health, lease: Lease, address: str) -> None:
    health.begin(lease)
    assert get(f"{address}/ready") == (503, "the Lease has not been requested yet\n")
    lease.problem = ""
    health.begin(lease)
    assert get(f"{address}/ready")[0] == 200


def test_a_loop_that_is_stuck_is_not_healthy(
    health: Health, lease: Lease, clock: Clock, address: str
) -> None:
    assert get(f"{address}/health")[0] == 200
    clock.now += STUCK_S
    assert get(f"{address}/health") == (503, "the loop is stuck\n")
    lease.renew()
    health.begin(lease)
    assert get(f"{address}/health")[0] == 200


def test_a_controller_whose_lease_nobody_renews_is_not_healthy(
    health: Health, lease: Lease, clock: Clock, address: str
) -> None:
    lease.renew()
    clock.now += STUCK_S
    health.begin(lease)
    assert get(f"{address}/health") == (503, "the thread that renews the Lease is stuck\n")


def test_another_path_names_those_there_are(address: str) -> None:
    assert get(f"{address}/")[0] == 404


def test_a_port_that_is_taken_is_a_setting(health: Health, address: str) -> None:
    with pytest.raises(SettingsError, match="choose another --port"):
        start_server(int(address.rpartition(":")[2]), health)


def test_a_leader_has_the_metrics_of_its_release(
    health: Health, lease: Lease, address: str
) -> None:
    lease.renew()
    health.begin(lease)
    counts = {f"{PERCENT_RIGHT}model": 90.0, f"{PERCENT_RIGHT}base": 10.0}
    succeed(
        health,
        observed(
            job("generate", "failed"),
            job("generate", "running", attempt=2),
            job("train", "complete"),
            job("merge"),
            job("merge", "failed", run=OTHER_RUN, attempt=3),
            done=["ingest", "evaluate"],
            stale=["curate"],
            results={
                "ingest": StageResult("", 2.5, {"documents": 3}),
                "evaluate": StageResult("", 1, counts),
            },
            evaluation=passed(),
            channel=Channel(model=A, since=NOW),
            endpoint=endpoint(),
            pipelines={A: "cellar"},
        ),
    )
    lines = get(f"{address}/metrics")[1].splitlines()
    for line in (
        "gabarito_controller_leader 1.0",
        "gabarito_controller_reconciles_total 1.0",
        "gabarito_controller_reconcile_errors_total 0.0",
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
        f'gabarito_promoted_info{{digest="{A}",pipeline="cellar"}} 1.0',
        'gabarito_pipeline_info{pipeline="handbook"} 1.0',
        "gabarito_endpoint_ready 1.0",
    ):
        assert line in lines


def test_who_does_not_lead_has_only_its_own_metrics(
    health: Health, lease: Lease, clock: Clock, address: str
) -> None:
    lease.renew()
    health.begin(lease)
    succeed(health, observed())
    clock.now += 60
    health.begin(lease)
    text = get(f"{address}/metrics")[1]
    assert "gabarito_controller_leader 0.0" in text
    assert "gabarito_stage" not in text


def test_a_stage_that_runs_tells_how_far_it_is(health: Health, lease: Lease, address: str) -> None:
    lease.renew()
    health.begin(lease)
    figures = {"loss": 0.17, "tokens_per_s": 901.5, "gpu_utilization": 0.97, "gpu_memory": 0.5}
    reading = Progress(attempt="a", what="steps", done=413, total=800, seconds=61.5, **figures)
    shards = {RUN: (1, 4), OTHER_RUN: (8, 8)}
    generate = [job("generate", "running", run=run, shards=of) for run, of in shards.items()]
    jobs = job("train", "running"), *generate
    told = {"train": "413/800 steps", "generate": "1/4 shards"}
    succeed(health, observed(*jobs, progress=told, readings={"train": reading}))
    lines = get(f"{address}/metrics")[1].splitlines()
    for line in (
        'gabarito_stage_progress_items{stage="train",what="steps"} 413.0',
        'gabarito_stage_planned_items{stage="train",what="steps"} 800.0',
        'gabarito_stage_progress_items{stage="generate",what="shards"} 1.0',
        'gabarito_stage_planned_items{stage="generate",what="shards"} 4.0',
        'gabarito_stage_progress_seconds{stage="train"} 61.5',
        "gabarito_train_loss 0.17",
        "gabarito_train_tokens_per_second 901.5",
        "gabarito_train_gpu_utilization_ratio 0.97",
        "gabarito_train_gpu_memory_ratio 0.5",
    ):
        assert line in lines
    assert not any(line.startswith("gabarito_train_exact_match_ratio") for line in lines)


@pytest.mark.parametrize(("is_served", "rollout"), [(False, "ready"), (True, "idle")])
def test_an_endpoint_that_nobody_wants_is_not_missed(
    lease: Lease, clock: Clock, is_served: bool, rollout: str
) -> None:
    health = Health(clock, is_served=is_served)
    lease.renew()
    health.begin(lease)
    succeed(
        health, observed(channel=Channel(model=A, since=NOW), endpoint=endpoint(rollout=rollout))
    )
    assert b"\ngabarito_endpoint_ready " not in health.metrics()


def test_what_is_not_known_yet_has_no_metric(health: Health, lease: Lease, address: str) -> None:
    lease.renew()
    health.begin(lease)
    succeed(health, observed())
    text = get(f"{address}/metrics")[1]
    assert "\ngabarito_gate_passed " not in text
    assert "\ngabarito_promoted_info{" not in text
    assert "gabarito_endpoint_ready 0.0" in text
