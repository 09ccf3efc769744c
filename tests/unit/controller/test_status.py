from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from gabarito.artifacts.channel import Channel, Rejected
from gabarito.cli import cli
from gabarito.controller.decide import decide
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, JOBS, LEASES, PODS, Object, labels_of
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.parse import endpoint_key
from gabarito.controller.state import (
    Evaluation,
    Memory,
    Observed,
    SmokeTestResult,
    StageMemory,
    StageResult,
)
from gabarito.controller.status import status_lines
from gabarito.controller.summary import Summary, read_summary, summarise, summary_annotation
from gabarito.core.errors import DataError, MissingError
from gabarito.pipeline.stages import STAGES

from .builders import NOW, OTHER_RUN, RUN, A, B, desired, endpoint, job, observed, passed, short
from .fake import FakeCluster

PLANNED = tuple(job(stage) for stage in STAGES)
UNFIT = Problem("Unschedulable", "no node fits its pod", "add one")
AGAIN = f"kubectl annotate job -n team-a demo-gabarito-{RUN}-ingest gabarito.dev/retry=true"

STATES: dict[str, tuple[Observed, str, str]] = {
    "done": (
        observed(done=["ingest"], results={"ingest": StageResult("2 documents", 61.5, {})}),
        "done",
        "    61.5 s  2 documents",
    ),
    "done, not read yet": (observed(done=["ingest"]), "done", ""),
    "stale": (observed(stale=["ingest"]), "stale", "is stale"),
    "planned": (observed(*PLANNED), "planned", "starts now"),
    "no Job yet": (observed(), "planned", "starts now"),
    "running": (observed(job("ingest", "running")), "running", ""),
    "waiting": (
        observed(job("ingest", "running", problem=UNFIT)),
        "waiting",
        "no node fits its pod; add one",
    ),
    "queued": (observed(job("ingest", "queued", problem=UNFIT)), "queued", UNFIT.text),
    "failed": (
        observed(job("ingest", "failed", problem=Problem("Failed", "line 3", ""))),
        "failed",
        f"line 3; correct that, then: {AGAIN}",
    ),
    "running, begun in another run, where one had failed in this": (
        observed(
            job("ingest", "running"),
            memory=Memory(stages={"ingest": StageMemory(run=RUN, attempt=2, failure="line 3")}),
        ),
        "running",
        "",
    ),
    "complete, without a manifest": (
        observed(job("ingest", "complete")),
        "failed",
        f"its Job is Complete, but the store holds no manifest; correct that, then: {AGAIN}",
    ),
}


@pytest.mark.parametrize(("seen", "state", "said"), STATES.values(), ids=STATES.keys())
def test_where_a_stage_is(seen: Observed, state: str, said: str) -> None:
    found = summarise(desired(), seen, ()).stages["ingest"]
    assert (found.state, found.details) == (state, said)


@pytest.mark.parametrize(("asked", "made_under", "cure"), [(0, 0, 1), (0, 2, 3), (2, 2, 3)])
def test_a_failed_stage_whose_job_is_gone_names_a_number_that_starts_it(
    asked: int, made_under: int, cure: int
) -> None:
    failed = StageMemory(run=RUN, attempt=1, retries=made_under, failure="line 3")
    seen = observed(*PLANNED[1:], memory=Memory(stages={"ingest": failed}))
    found = summarise(desired(retries={"ingest": asked}), seen, ()).stages["ingest"]
    assert found.details == (
        f"line 3; its Job is gone; correct that, then set retries.ingest to {cure}"
    )
    assert "create ingest 2" in short(decide(desired(retries={"ingest": cure}), seen))


def test_a_planned_stage_says_what_it_waits_for() -> None:
    found = summarise(desired(), observed(*PLANNED, done=["ingest", "generate", "curate"]), ())
    assert found.stages["train"].details == "starts now"
    assert found.stages["evaluate"].details == "after train, merge"


def channel(model: str | None = A, *rejected: str) -> Channel:
    taken = tuple(
        Rejected(model=digest, at=NOW, reason="it answers otherwise", under="x")
        for digest in rejected
    )
    return Channel(model=model, since=NOW, rejected=taken)


def serves(changes: dict[str, Any], replicas: int = 1) -> str:
    wanted = desired(serve={"replicas": replicas})
    return summarise(wanted, observed(**changes), ()).served


A_12, B_12 = A[:12], B[:12]
PROMOTED = f"model {A_12}, promoted {NOW:%Y-%m-%d %H:%M} UTC"
ASKED = SmokeTestResult(endpoint_key(A, "serve-1"), "running", "refused")
SERVED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing yet": ({}, "nothing yet; a model is promoted when its gate passes"),
    "nothing yet, but what another channel named": (
        {"endpoint": endpoint(B)},
        f"model {B_12}, which this channel never named, until a model passes its gate",
    ),
    "nothing any more": (
        {"channel": channel(None, A)},
        f"nothing; model {A_12} was rolled back: it answers otherwise",
    ),
    "no Deployment": ({"channel": channel()}, f"{PROMOTED}, not rolled out yet"),
    "another model's": (
        {"channel": channel(), "endpoint": endpoint(B)},
        f"{PROMOTED}, not rolled out yet",
    ),
    "rolling": (
        {"channel": channel(), "endpoint": endpoint(rollout="rolling")},
        f"{PROMOTED}, not ready yet",
    ),
    "waiting": (
        {"channel": channel(), "endpoint": endpoint(rollout="rolling", problem=UNFIT)},
        f"{PROMOTED}, not ready: no node fits its pod; add one",
    ),
    "scaled away": (
        {"channel": channel(), "endpoint": endpoint(rollout="idle")},
        f"{PROMOTED}, scaled to no pods",
    ),
    "ready": (
        {"channel": channel(), "endpoint": endpoint()},
        f"{PROMOTED}, ready, its smoke test is running",
    ),
    "asked": (
        {"channel": channel(), "endpoint": endpoint(), "smoke_test": ASKED},
        f"{PROMOTED}, ready, its smoke test is running: refused",
    ),
    "good": (
        {"channel": channel(A, B), "endpoint": endpoint(is_good=True)},
        f"{PROMOTED}, which answers as in its evaluation; "
        f"model {B_12} was rolled back: it answers otherwise",
    ),
    "the template before": (
        {
            "channel": channel(),
            "endpoint": endpoint(is_good=True),
            "memory": Memory(failed_revision="serve-1/0"),
        },
        f"{PROMOTED}, which answers as in its evaluation; "
        "the template before is used, stages.serve as it is now did not work",
    ),
}


@pytest.mark.parametrize(("seen", "text"), SERVED.values(), ids=SERVED.keys())
def test_what_is_served(seen: dict[str, Any], text: str) -> None:
    assert serves(seen) == text


def test_whose_model_is_served_and_whose_is_not() -> None:
    parts = {"channel": channel(), "endpoint": endpoint(is_good=True)}
    own = serves({**parts, "pipelines": {A: "handbook"}})
    assert own.startswith(f"model {A_12} of pipeline handbook, promoted ")
    other = serves({**parts, "pipelines": {A: "cellar"}})
    assert other.startswith(f"nothing; model {A_12} of pipeline cellar is not served: this release")
    before = {"channel": channel(B), "endpoint": endpoint(A), "pipelines": {B: "cellar"}}
    assert serves(before).startswith(f"model {A_12}; model {B_12} of pipeline cellar is not")


def test_without_an_endpoint_the_channel_is_all_there_is() -> None:
    assert (
        serves({"channel": channel()}, replicas=0) == f"{PROMOTED} to channel handbook, no endpoint"
    )


@pytest.mark.parametrize(
    ("evaluation", "text"),
    [
        (None, "not evaluated yet"),
        (passed(), "passed"),
        (Evaluation(A, passed=False, reasons=("one", "two")), "failed: one; two"),
    ],
)
def test_what_the_gate_decided(evaluation: Evaluation | None, text: str) -> None:
    assert summarise(desired(), observed(evaluation=evaluation), ()).gate == text


def test_a_summary_is_read_as_it_was_written() -> None:
    summary = summarise(desired(), observed(*PLANNED), ("careless store",))
    assert read_summary(summary_annotation(summary)[meta.SUMMARY]) == summary
    assert read_summary(None) == Summary()


def labels(component: str, release: str = "demo") -> dict[str, str]:
    return {
        "app.kubernetes.io/part-of": "gabarito",
        meta.INSTANCE: release,
        meta.COMPONENT: component,
    }


def add_release(cluster: FakeCluster, release: str = "demo", replicas: int = 1) -> str:
    name = f"{release}-controller"
    metadata = {"name": name, "labels": labels("controller", release)}
    cluster.create(DEPLOYMENTS, {"metadata": metadata, "spec": {"replicas": replicas}})
    return name


def add_lease(
    cluster: FakeCluster, name: str, summary: Summary, *, age_s: float = 1, holder: str = "pod"
) -> None:
    renewed = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    metadata = {"name": name, "annotations": summary_annotation(summary)}
    spec = {"holderIdentity": holder, "renewTime": renewed}
    cluster.create(LEASES, {"metadata": metadata, "spec": spec})


def lines(cluster: FakeCluster, release: str | None = None) -> list[str]:
    return list(status_lines(cluster, release))


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


SUMMARY = summarise(
    desired(),
    replace(
        observed(job("generate", "running", problem=UNFIT), *PLANNED[2:], done=["ingest"]),
        results={"ingest": StageResult("2 documents", 1.5, {})},
    ),
    ("careless store",),
)


def test_a_release_in_a_few_lines(cluster: FakeCluster) -> None:
    add_lease(cluster, add_release(cluster), SUMMARY)
    for run, attempt, text in (
        (RUN, "9", "7/8 passages"),
        (RUN, "10", "3/8 passages · eta 2 min"),
        (OTHER_RUN, "11", "8/8 passages"),
    ):
        mine = {meta.STAGE: "generate", meta.RUN: run, meta.ATTEMPT: attempt}
        metadata = {
            "name": f"{run}-generate-{attempt}",
            "labels": {**labels("generate"), **mine},
            "annotations": {meta.PROGRESS: text},
        }
        cluster.create(JOBS, {"metadata": metadata})
    assert lines(cluster) == [
        f"release demo in namespace team-a: run {RUN} of handbook",
        "  ingest    done           1.5 s  2 documents",
        "  generate  waiting   3/8 passages · eta 2 min · no node fits its pod; add one",
        "  curate    planned   after generate",
        "  train     planned   after curate",
        "  merge     planned   after train",
        "  evaluate  planned   after generate, curate, train, merge",
        "gate       not evaluated yet",
        "serves     nothing yet; a model is promoted when its gate passes",
        "warning    careless store",
    ]


def test_a_problem_is_shown_even_before_there_is_a_run(cluster: FakeCluster) -> None:
    add_lease(cluster, add_release(cluster), Summary(problem="no such bucket"))
    assert lines(cluster, "demo") == [
        "release demo in namespace team-a: no run yet",
        "problem    no such bucket",
    ]


def test_a_summary_of_another_version_is_none(cluster: FakeCluster) -> None:
    for text in ('{"run": "x", "mood": "good"}', "<html>", '{"run": 1}'):
        found = read_summary(text)
        assert found.run == ""
        assert "use that version" in found.problem


def test_a_release_is_found_by_its_name(cluster: FakeCluster) -> None:
    with pytest.raises(MissingError, match="no release; name another --namespace"):
        lines(cluster)
    add_release(cluster, "one")
    add_release(cluster, "two")
    with pytest.raises(DataError, match="releases one, two; name one of them"):
        lines(cluster)
    with pytest.raises(MissingError, match="no release 'three'"):
        lines(cluster, "three")
    assert lines(cluster, "two")[0].startswith("release two ")


@pytest.mark.parametrize(("age_s", "holder"), [(300, "pod"), (1, "")])
def test_a_controller_that_is_not_there_is_missed(
    cluster: FakeCluster, age_s: float, holder: str
) -> None:
    add_lease(cluster, add_release(cluster), SUMMARY, age_s=age_s, holder=holder)
    assert lines(cluster)[-1] == (
        "controller does not run: its pods give no reason; "
        "see kubectl logs -n team-a deployment/demo-controller"
    )


WAITING = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
ENDED = {"terminated": {"exitCode": 78, "message": "controller.yaml is not valid"}}


@pytest.mark.parametrize(
    ("state", "said"),
    [(WAITING, "image here:1: not found"), (ENDED, "bad settings (exit code 78): controller.yaml")],
)
def test_it_is_said_why_the_controller_does_not_run(
    cluster: FakeCluster, state: Object, said: str
) -> None:
    add_release(cluster)
    metadata = {"name": "controller-0", "labels": labels("controller")}
    container = {"name": "controller", "image": "here:1", "state": state}
    status = {"phase": "Pending", "containerStatuses": [container]}
    cluster.create(PODS, {"metadata": metadata, "status": status})
    assert labels_of(cluster.list(PODS, meta.INSTANCE)[0])
    assert said in lines(cluster)[-1]


def test_a_controller_that_is_scaled_away_is_named(cluster: FakeCluster) -> None:
    add_release(cluster, replicas=0)
    assert lines(cluster)[-1].endswith("its Deployment demo-controller is scaled to no pods")


def test_what_a_terminal_would_obey_is_shown(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_lease(cluster, add_release(cluster), Summary(problem="said by a pod: \x1b[2J"))
    monkeypatch.setattr("gabarito.controller.kube.cluster.connect", lambda *_: cluster)
    shown = CliRunner().invoke(cli, ["status", "--release", "demo"])
    assert (shown.exit_code, "\x1b" in shown.output) == (0, False)
    assert r"said by a pod: \x1b[2J" in shown.output
