"""A stage whose pods work together: a JobSet is made, and its Job is seen as part of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    DEPLOYMENTS,
    JOB_SETS,
    JOBS,
    LEASES,
    PODS,
    Kind,
    Object,
    annotations_of,
)
from gabarito.controller.kube.parse import StageJob, stage_jobs
from gabarito.controller.kube.trim import trimmed
from gabarito.controller.status import status_lines
from gabarito.controller.templates import TTL
from gabarito.core.errors import MissingError, SettingsError
from gabarito.pipeline.stages import STAGES

from .builders import NOW, RUN
from .test_parse import at, condition, ended, pod
from .world import Process, World

NAME = f"demo-gabarito-{RUN}-train"
LABELS = {meta.INSTANCE: "demo", meta.STAGE: "train", meta.RUN: RUN, meta.ATTEMPT: "1"}


class TwoNodes(World):
    """A world whose training is a JobSet, and in which JobSet's controller runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write_train("train")
        self.change_config(jobsets=True, serve={**self.settings["serve"], "replicas": 0})

    @property
    def settings(self) -> Object:
        """The controller's settings as they are written."""
        text = (self.folder / "controller.yaml").read_text()
        settings: Object = yaml.safe_load(text)
        return settings

    def change_config(self, **changes: object) -> None:
        """Change the controller's settings."""
        (self.folder / "controller.yaml").write_text(yaml.safe_dump({**self.settings, **changes}))

    def write_train(self, *args: str) -> None:
        """Write the template of train."""
        pod = {"containers": [{"name": meta.STAGE_CONTAINER, "args": [*args]}]}
        spec = {"activeDeadlineSeconds": 900, "template": {"spec": pod}}
        body = {
            "apiVersion": JOB_SETS.api,
            "kind": JOB_SETS.kind,
            "metadata": {"labels": {}},
            "spec": {TTL: 60, "replicatedJobs": [{"name": "t", "template": {"spec": spec}}]},
        }
        (self.folder / "templates/train.yaml").write_text(yaml.safe_dump(body))

    def advance(self) -> bool:
        """Let JobSet's controller make and finish Jobs, too."""
        with self.cluster.unobserved():
            changes = [self._reconcile(each) for each in self.cluster.list(JOB_SETS, meta.STAGE)]
        return super().advance() or any(changes)

    def _reconcile(self, job_set: Object) -> bool:
        metadata, spec = job_set["metadata"], job_set["spec"]
        (replicated,) = spec["replicatedJobs"]
        name, suspend = f"{metadata['name']}-t-0", {"suspend": spec["suspend"]}
        job = self.cluster.read(JOBS, name)
        if job is None:
            owner = {"kind": JOB_SETS.kind, "uid": metadata["uid"], "controller": True}
            labels = replicated["template"]["metadata"]["labels"]
            own = {"name": name, "labels": labels, "annotations": {}, "ownerReferences": [owner]}
            spec = replicated["template"]["spec"] | suspend
            self.cluster.create(JOBS, {"metadata": own, "spec": spec})
            return True
        if job["spec"]["suspend"] != suspend["suspend"]:
            self.cluster.patch(JOBS, name, {"spec": suspend})
            return True
        return False


@pytest.fixture
def world(tmp_path: Path) -> TwoNodes:
    return TwoNodes(tmp_path)


def job_set_of(world: World) -> Object:
    (found,) = world.cluster.list(JOB_SETS, meta.STAGE)
    return found


def test_a_run_with_a_job_set_comes_to_its_end(world: TwoNodes) -> None:
    Process(world).run_loop(world)
    made = job_set_of(world)
    assert annotations_of(made)[meta.STATE] == "done"
    assert made["spec"] | {"replicatedJobs": 1} == {"suspend": False, TTL: 60, "replicatedJobs": 1}
    (owner,) = made["metadata"]["ownerReferences"]
    assert owner["kind"] == "ConfigMap"
    job = world.cluster.read(JOBS, f"{made['metadata']['name']}-t-0")
    assert job
    assert annotations_of(job) == {}
    subjects = [
        body["involvedObject"]["kind"]
        for (kind, _), body in world.cluster.objects.items()
        if kind == "Event" and "train is done" in body["message"]
    ]
    assert subjects == ["JobSet"]


def test_nothing_is_made_twice_while_no_job_is_there(world: TwoNodes) -> None:
    process = Process(world)
    process.lease.renew()
    for _ in range(3):
        process.reconciler.reconcile_once()
    assert len(world.cluster.list(JOB_SETS, meta.STAGE)) == 1
    assert world.cluster.list(JOBS, f"{meta.STAGE}=train") == []


def test_what_has_not_begun_is_made_again_from_a_new_template(world: TwoNodes) -> None:
    first = Process(world)
    first.lease.renew()
    first.reconciler.reconcile_once()
    before = job_set_of(world)["metadata"]["uid"]
    world.write_train("train", "--processes", "2")
    Process(world).run_loop(world)
    assert job_set_of(world)["metadata"]["uid"] != before


def test_a_cluster_that_knows_no_job_sets_is_told_of(
    world: TwoNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = world.cluster.list

    def known(kind: Kind, selector: str) -> list[Object]:
        if kind is JOB_SETS:
            raise MissingError("404: the server could not find the requested resource")
        return listed(kind, selector)

    monkeypatch.setattr(world.cluster, "list", known)
    process = Process(world)
    process.lease.renew()
    with pytest.raises(SettingsError, match=r"stages\.train\.nodes: .* not installed") as refused:
        process.reconciler.reconcile_once()
    process.reconciler.report_problem(str(refused.value))
    (said,) = [body for (kind, _), body in world.cluster.objects.items() if kind == "Event"]
    assert (said["reason"], "install it" in said["message"]) == ("RunWaiting", True)
    world.write_template("train")
    another = Process(world)
    another.lease.renew()
    another.reconciler.reconcile_once()  # with one node none is needed
    assert len(world.cluster.list(JOBS, meta.STAGE)) == len(STAGES)


def test_more_processes_than_rows_are_refused_before_anything_is_made(world: TwoNodes) -> None:
    world.change_config(processes=64)
    world.write_pipeline(batch_size=16)
    process = Process(world)
    process.lease.renew()
    with pytest.raises(SettingsError, match="16 rows are too few for 64 processes"):
        process.reconciler.reconcile_once()
    assert world.cluster.list(JOBS, meta.STAGE) == []


def job_set(suspend: bool = False, seconds_ago: float = 60, **parts: Any) -> Object:  # noqa: ANN401
    annotations = {} if suspend else {meta.UNSUSPENDED: at(seconds_ago)}
    metadata = {"name": NAME, "uid": "s", "labels": LABELS, "annotations": annotations}
    return {"metadata": metadata, "spec": {"suspend": suspend}, **parts}


def made_job(**status: Any) -> Object:  # noqa: ANN401
    owner = {"kind": JOB_SETS.kind, "uid": "s", "controller": True}
    metadata = {"name": f"{NAME}-t-0", "uid": "u", "labels": LABELS, "ownerReferences": [owner]}
    spec = {"suspend": False, "completionMode": "Indexed", "completions": 2}
    return {"metadata": metadata, "spec": spec, "status": {"startTime": at(50), **status}}


def seen(thing: Object, *jobs: Object, pods: tuple[Object, ...] = ()) -> StageJob:
    """What is read of a JobSet, of what is kept in memory as well."""
    (found,) = stage_jobs(jobs, pods, "team-a", NOW, [thing])
    kept = [trimmed(JOBS, each) for each in jobs], [trimmed(PODS, each) for each in pods]
    assert stage_jobs(*kept, "team-a", NOW, [trimmed(JOB_SETS, thing)]) == (found,)
    return found


def test_a_job_set_and_its_job_are_one_thing() -> None:
    found = seen(job_set(), made_job(), pods=(pod("Running"),))
    assert (found.name, found.uid, found.kind, found.phase) == (NAME, "s", JOB_SETS, "running")
    assert (found.shards, found.problem, found.has_begun) == (None, None, True)
    assert found.began == NOW - timedelta(seconds=50)


@pytest.mark.parametrize(
    ("thing", "job", "phase"),
    [
        (job_set(suspend=True), made_job(), "planned"),
        (job_set(), made_job(**condition("Complete")), "complete"),
        (job_set(), made_job(**condition("Failed")), "failed"),
        (job_set(status=condition("Completed")), made_job(), "complete"),
        (job_set(status=condition("Failed", message="no")), made_job(), "failed"),
        (job_set(status=condition("Suspended", "False")), made_job(), "running"),
    ],
)
def test_where_a_job_set_is(thing: Object, job: Object, phase: str) -> None:
    assert seen(thing, job).phase == phase


def test_why_it_failed_is_what_its_pod_said() -> None:
    found = seen(job_set(), made_job(**condition("Failed")), pods=(ended(78, "base: unknown"),))
    assert found.problem
    assert "base: unknown" in found.problem.text


def test_a_job_set_without_a_job_says_who_is_to_make_it() -> None:
    found = seen(job_set())
    assert found.problem
    assert found.problem.reason == "NoJob"
    assert f"kubectl describe jobset -n team-a {NAME}" in found.problem.text
    assert not found.has_begun
    assert seen(job_set(seconds_ago=1)).problem is None


def test_between_two_pods_it_is_told_where_the_logs_are() -> None:
    found = seen(job_set(), made_job(failed=1), pods=(ended(69, "no store"),))
    assert found.problem
    assert f"kubectl logs -n team-a -l {meta.JOB_SET_NAME}={NAME}" in found.problem.text


def test_the_status_shows_the_progress_of_a_job_set(world: TwoNodes) -> None:
    process = Process(world)
    labels = {meta.INSTANCE: "demo", meta.COMPONENT: "controller"}
    name = "demo-gabarito-controller"
    metadata = {"name": name, "labels": {**labels, meta.PART_OF: "gabarito"}}
    world.cluster.create(DEPLOYMENTS, {"metadata": metadata, "spec": {}})
    process.lease.renew()
    process.reconciler.reconcile_once()
    while not _runs(world):
        world.advance()
        process.reconciler.reconcile_once()
    process.reconciler.reconcile_once()
    made = job_set_of(world)["metadata"]["name"]
    changes = {"metadata": {"annotations": {meta.PROGRESS: "3/8 steps"}}}
    world.cluster.patch(JOB_SETS, made, changes)
    assert world.cluster.read(LEASES, name)
    (line,) = [each for each in status_lines(world.cluster, "demo") if "train" in each[:9]]
    assert "3/8 steps" in line


def _runs(world: World) -> bool:
    return any(not each["spec"]["suspend"] for each in world.cluster.list(JOB_SETS, meta.STAGE))
