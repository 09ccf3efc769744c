"""New values for a release: what is still wanted is kept, what is not started is replaced."""

from functools import partial

import pytest

from gabarito.pipeline.stages import STAGES

from .conftest import Open, OpenTraining
from .kubectl import Object, holds, until
from .quick import ENDLESS, fresh, quick
from .release import NAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

SHARDED = [name for name, stage in STAGES.items() if stage.is_sharded]
KEPT, MADE = list(STAGES)[:3], list(STAGES)[3:]


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    """A release whose first run has ended and is served."""
    release = open_release("changes", quick(demo_values, "changes"))
    release.install()
    release.wait_promoted()
    return release


@pytest.fixture(scope="module")
def training(open_training: OpenTraining, demo_values: Object) -> Release:
    return open_training(quick(demo_values, "training", steps=ENDLESS, learning_rate=1.1e-3))


def test_a_changed_learning_rate_trains_again_and_keeps_the_dataset(release: Release) -> None:
    before = release.wait_served()
    release.values["pipeline"]["train"]["learning_rate"] = 2.5e-3
    release.upgrade()
    until("another model is served", lambda: release.served() not in (None, before), 600)
    assert [release.jobs(stage) for stage in KEPT] == [[]] * len(KEPT)
    assert [len(release.jobs(stage)) for stage in MADE] == [1] * len(MADE)


def test_shards_are_pods_of_one_job(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "shards")
    for stage in SHARDED:
        values["stages"].setdefault(stage, {})["shards"] = 2
    release = open_release("shards", values)
    release.install()
    for stage in SHARDED:
        until(f"both of {stage} are done", partial(_are_both_done, release, stage), 300)
    until("curate runs on both", lambda: release.pods("curate"), 30)
    until("progress tells of both", lambda: _progress(release) == "2/2 shards", 120)
    release.helm("uninstall", NAME)


def test_upgrade_and_rollback_leave_a_running_stage_alone(training: Release) -> None:
    (pod,) = training.pods("train")
    training.values["stages"]["merge"] = {"podLabels": {"team": "docs"}}
    training.upgrade()
    training.helm("rollback", NAME)
    assert holds(lambda: _same(training, pod), 15)


def test_settings_of_a_later_stage_leave_a_running_stage_alone(training: Release) -> None:
    (pod,) = training.pods("train")
    first = training.run.run
    training.values["pipeline"]["evaluate"]["seed"] = 1
    training.upgrade()
    assert training.run.run != first
    until("evaluate of the new run is planned", lambda: training.jobs("evaluate"), 120)
    until("evaluate of the old run is gone", lambda: not training.jobs("evaluate", first), 120)
    assert _same(training, pod)


def test_settings_that_a_running_stage_is_not_wanted_under_stop_it(training: Release) -> None:
    (pod,) = training.pods("train")
    training.values["pipeline"]["train"]["learning_rate"] = 1.2e-3
    training.upgrade()
    name = pod["metadata"]["name"]
    until("the old pod is gone", lambda: training.kubectl.get("Pod", name) is None, 300)
    training.wait_running("train")


def test_uninstalling_in_the_middle_leaves_nothing(training: Release) -> None:
    kinds = training.kubectl(
        "api-resources", "--namespaced", "--verbs", "list", "--output", "name"
    ).split()
    kinds = sorted({*kinds} - {"events", "events.events.k8s.io", "bindings"})
    ours = ("get", ",".join(kinds), "--output", "name", "--ignore-not-found")
    training.helm("uninstall", NAME)
    theirs = {"configmap/kube-root-ca.crt", "serviceaccount/default", "secret/s3-credentials"}
    until("nothing is left", lambda: {*training.kubectl(*ours).split()} <= theirs, 300)


def _are_both_done(release: Release, stage: str) -> bool:
    jobs = release.jobs(stage)
    return bool(jobs) and jobs[0].get("status", {}).get("completedIndexes") == "0,1"


def _progress(release: Release) -> str | None:
    (job,) = release.jobs("generate")
    progress: str | None = job["metadata"]["annotations"].get("gabarito.dev/progress")
    return progress


def _same(release: Release, pod: Object) -> bool:
    now = release.kubectl.get("Pod", pod["metadata"]["name"])
    return now is not None and "deletionTimestamp" not in now["metadata"]
