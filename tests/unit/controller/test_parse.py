import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.diagnose import Problem, Scope, failure_of_job, last_termination
from gabarito.controller.kube.parse import endpoint_of, phase_of, rollout_of, stage_jobs

from .builders import NOW, RUN, A

SCOPE = Scope("train", "team-a", NOW)
DESCRIBE = "kubectl describe pod -n team-a train-x"


def at(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def job(suspend: bool = False, **parts: Any) -> Object:  # noqa: ANN401
    labels = {meta.STAGE: "train", meta.RUN: RUN, meta.ATTEMPT: "2", **parts.pop("labels", {})}
    metadata = {"name": "train", "uid": "u", "labels": labels, **parts.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"suspend": suspend, **parts.pop("spec", {})}, **parts}


def condition(kind: str, status: str = "True", **more: str) -> Object:
    return {"conditions": [{"type": kind, "status": status, **more}]}


def pod(phase: str = "Pending", age: float = 5, **status: Any) -> Object:  # noqa: ANN401
    labels = {meta.CONTROLLER_UID: "u", "app": "serve"}
    metadata = {"name": "train-x", "labels": labels, "creationTimestamp": at(age)}
    return {"metadata": metadata, "status": {"phase": phase, **status}}


def waiting(reason: str, message: str = "", **more: Any) -> Object:  # noqa: ANN401
    state = {"waiting": {"reason": reason, "message": message}}
    return pod(
        containerStatuses=[{"name": "stage", "image": "here/there:1", "state": state, **more}]
    )


def ended(code: int, message: str = "", reason: str = "Error", when: float = 0) -> Object:
    state = {"exitCode": code, "reason": reason, "message": message, "finishedAt": at(when)}
    return pod("Failed", containerStatuses=[{"name": "stage", "state": {"terminated": state}}])


@pytest.mark.parametrize(
    ("thing", "phase"),
    [
        (job(suspend=True), "planned"),
        (job(), "running"),
        (job(status=condition("Complete")), "complete"),
        (job(status=condition("Failed")), "failed"),
        (job(status=condition("Failed", "False")), "running"),
        (job(status={"conditions": None}), "running"),
        (job(suspend=True, metadata={"annotations": {meta.UNSUSPENDED: "then"}}), "paused"),
        (
            job(
                suspend=True,
                labels={meta.QUEUE: "q"},
                metadata={"annotations": {meta.QUEUE_GATE: "us"}},
            ),
            "planned",
        ),
    ],
)
def test_where_a_job_is(thing: Object, phase: str) -> None:
    assert phase_of(thing) == phase


def test_a_job_whose_gate_is_open_waits_in_its_queue() -> None:
    thing = job(suspend=True, labels={meta.QUEUE: "gpus"})
    (found,) = stage_jobs([thing], [], "team-a", NOW)
    assert found.phase == "queued"
    assert found.problem
    assert "quota in queue gpus" in found.problem.text


def test_a_job_that_somebody_suspended_says_how_to_resume_it() -> None:
    thing = job(suspend=True, metadata={"annotations": {meta.UNSUSPENDED: "then"}})
    (found,) = stage_jobs([thing], [], "team-a", NOW)
    assert found.problem
    assert "kubectl patch job -n team-a train" in found.problem.text


def test_what_a_job_is_made_of() -> None:
    thing = job(
        metadata={"annotations": None, "deletionTimestamp": "now"},
        spec={"completionMode": "Indexed", "completions": 4, "ttlSecondsAfterFinished": 9},
        status={"succeeded": 3},
    )
    (found,) = stage_jobs([thing, job(labels={meta.STAGE: "helm-test"})], [], "team-a", NOW)
    assert (found.name, found.uid, found.stage, found.run) == ("train", "u", "train", RUN)
    assert (found.attempt, found.phase, found.annotations) == (2, "running", {})
    assert found.is_deleting
    assert found.shards == (3, 4)
    assert found.expires_after_s == 9


def test_an_attempt_that_is_no_number_is_the_first() -> None:
    (found,) = stage_jobs([job(labels={meta.ATTEMPT: "x"})], [], "team-a", NOW)
    assert found.attempt == 1


PROBLEMS: dict[str, tuple[Object, str | None]] = {
    "a pod that runs": (pod("Running"), None),
    "a pod that is young": (pod(), None),
    "no node": (
        pod(**condition("PodScheduled", "False", message="0/1 nodes: Insufficient nvidia.com/gpu")),
        "no node fits its pod: 0/1 nodes: Insufficient nvidia.com/gpu; add such a node, or "
        "change stages.train's resources, gpu, nodeSelector, tolerations",
    ),
    "no node, no message": (
        pod(**condition("PodScheduled", "False", reason="Unschedulable")),
        "no node fits its pod: Unschedulable; add such a node, or "
        "change stages.train's resources, gpu, nodeSelector, tolerations",
    ),
    "no image": (
        waiting("ImagePullBackOff", "not found"),
        "image here/there:1: not found; correct image.registry, image.tag or the stage's image, "
        "or set image.pullSecrets",
    ),
    "no secret": (
        waiting("CreateContainerConfigError", 'secret "absent" not found'),
        'secret "absent" not found; create it in namespace team-a, or correct the chart\'s values',
    ),
    "no key in the secret": (
        waiting("CreateContainerConfigError", "couldn't find key k in Secret team-a/s"),
        "couldn't find key k in Secret team-a/s; create it in namespace team-a, or correct the "
        "chart's values",
    ),
    "a user that may not be": (
        waiting("CreateContainerConfigError", "container has runAsNonRoot and runs as root"),
        "container has runAsNonRoot and runs as root; correct the values of stages.train",
    ),
    "no such program": (
        waiting("RunContainerError", "no such file"),
        "no such file; correct the values of stages.train",
    ),
    "it ends again and again": (
        waiting(
            "CrashLoopBackOff", lastState={"terminated": {"exitCode": 77, "message": "denied"}}
        ),
        "container stage keeps failing: access refused (exit code 77): denied; correct "
        "that; it is restarted by itself",
    ),
    "it is being made": (waiting("ContainerCreating"), None),
    "it takes long": (
        {**waiting("ContainerCreating"), "metadata": pod(age=500)["metadata"]},
        "its pod has not started yet; a large image, a volume or the network may be why: "
        f"see {DESCRIBE}",
    ),
    "between two tries to pull an image its reason is the same as after one": (
        waiting("ImagePullBackOff", 'Back-off pulling image "here/there:1": ErrImagePull: gone'),
        "image here/there:1: gone; correct image.registry, image.tag or the stage's image, or set "
        "image.pullSecrets",
    ),
    "a sidecar's problem is the pod's": (
        pod(initContainerStatuses=waiting("ErrImagePull", "gone")["status"]["containerStatuses"]),
        "image here/there:1: gone; correct image.registry, image.tag or the stage's image, or set "
        "image.pullSecrets",
    ),
}


def beginning(
    *, teacher: Object | None = None, phase: str = "Pending", age: float = 300, **states: Object
) -> Object:
    """A pod whose init containers are in these states: with a teacher's server among them."""
    names = ("teacher-model", "teacher", "teacher-ready")
    statuses = [
        {"name": name, "image": "their/server:1", "state": states[name.replace("-", "_")]}
        for name in names
        if name.replace("-", "_") in states
    ]
    if teacher:
        statuses.append({"name": "teacher", "image": "their/server:1", **teacher})
    seen = pod(phase, age, initContainerStatuses=statuses)
    sidecar = {"name": "teacher", "restartPolicy": "Always"}
    seen["spec"] = {
        "initContainers": [{"name": "teacher-model"}, sidecar, {"name": "teacher-ready"}]
    }
    return seen


RUNS = {"running": {"startedAt": at(240)}}
OUT_OF_MEMORY = {"exitCode": 1, "message": "loading\nCUDA out of memory"}
TEACHERS: dict[str, tuple[Object, str]] = {
    "its model is copied": (
        beginning(teacher_model=RUNS),
        "the teacher's model is copied, since 11:56 UTC; to watch it: kubectl logs -n team-a "
        "train-x -c teacher-model",
    ),
    "it reads its weights": (
        beginning(teacher=RUNS, teacher_ready=RUNS),
        "the teacher is loading, since 11:56 UTC; to watch it: kubectl logs -n team-a train-x -c "
        "teacher",
    ),
    "it has no image": (
        beginning(teacher={"state": {"waiting": {"reason": "ErrImagePull", "message": "gone"}}}),
        "image their/server:1: gone; correct teacher.deploy.image, or set image.pullSecrets",
    ),
    "it has no such program": (
        beginning(teacher={"state": {"waiting": {"reason": "RunContainerError"}}}),
        "RunContainerError; correct the values of teacher.deploy",
    ),
    "it was started again while it loads": (
        beginning(
            teacher={"state": RUNS, "lastState": {"terminated": OUT_OF_MEMORY}},
            teacher_ready=RUNS,
        ),
        "container teacher keeps failing: exit code 1: CUDA out of memory; correct "
        "teacher.deploy; it is restarted by itself",
    ),
    "it is started again later": (
        beginning(
            teacher={
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": OUT_OF_MEMORY},
            },
            teacher_ready=RUNS,
        ),
        "container teacher keeps failing: exit code 1: CUDA out of memory; correct "
        "teacher.deploy; it is restarted by itself",
    ),
    "no node has a GPU for it": (
        {
            **beginning(),
            "status": {"phase": "Pending", **condition("PodScheduled", "False", message="no GPU")},
        },
        "no node fits its pod: no GPU; add such a node, or change stages.train's resources, gpu, "
        "nodeSelector, tolerations, or the resources and gpu of teacher.deploy, which stand "
        "beside these",
    ),
}


@pytest.mark.parametrize(("seen", "text"), TEACHERS.values(), ids=TEACHERS.keys())
def test_why_a_stage_waits_for_its_teacher(seen: Object, text: str) -> None:
    (found,) = stage_jobs([job()], [seen], "team-a", NOW)
    assert found.problem
    assert found.problem.text == text
    assert found.problem.is_usual == ("to watch it" in text)


def test_a_stage_that_runs_does_not_wait_for_its_teacher() -> None:
    ready = {"terminated": {"exitCode": 0}}
    seen = beginning(phase="Running", teacher={"state": RUNS}, teacher_ready=ready)
    (found,) = stage_jobs([job()], [seen], "team-a", NOW)
    assert found.problem is None


def test_a_teacher_that_is_loaded_is_corrected_without_a_retry() -> None:
    loading = beginning(teacher=RUNS, teacher_ready=RUNS)
    (found,) = stage_jobs([job()], [loading], "team-a", NOW)
    assert not found.has_begun  # a changed template replaces it


def test_a_teacher_that_was_not_ready_in_time_says_what_it_said() -> None:
    late = {"terminated": {"exitCode": 78, "message": "not ready within 60 s"}}
    stopped = {"exitCode": 137, "finishedAt": at(0)}
    seen = beginning(
        phase="Failed",
        teacher={"state": {"terminated": stopped}, "lastState": {"terminated": OUT_OF_MEMORY}},
        teacher_ready=late,
    )
    assert last_termination([seen]) == (
        "bad settings (exit code 78): not ready within 60 s; container teacher: exit code 1: "
        "CUDA out of memory"
    )


def test_a_sidecar_that_is_stopped_last_is_not_why_a_stage_failed() -> None:
    stopped = {"exitCode": 143, "finishedAt": at(0)}
    seen = beginning(phase="Failed", teacher={"state": {"terminated": stopped}})
    stage = ended(69, "bucket away", when=9)["status"]["containerStatuses"]
    seen["status"]["containerStatuses"] = stage
    assert last_termination([seen]) == "a service did not answer (exit code 69): bucket away"


@pytest.mark.parametrize(("seen", "text"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_why_a_running_job_waits(seen: Object, text: str | None) -> None:
    (found,) = stage_jobs([job()], [seen], "team-a", NOW)
    assert (found.problem and found.problem.text) == text


@pytest.mark.parametrize(
    ("status", "pods", "said"),
    [
        ({}, [], None),
        ({"startTime": at(5)}, [], None),
        ({"startTime": at(60)}, [], "it has no pod"),
        ({"startTime": at(60)}, [pod("Succeeded")], None),
        (
            {"startTime": at(60)},
            [pod("Failed", reason="Evicted", message="disk full")],
            "its pod failed, another is created at about 12:00 UTC: Evicted: disk full",
        ),
        ({"failed": 1}, [], "its pod failed, another is created"),
        ({"failedIndexes": "1,3-4"}, [pod("Running")], "shards 1,3-4 failed, the others continue"),
        (
            {"failedIndexes": "2"},
            [pod("Running"), ended(65, "line 3")],
            "shards 2 failed, the others continue: bad data (exit code 65): line 3",
        ),
        (
            {"failedIndexes": "2"},
            [waiting("ErrImagePull", "gone"), ended(65, "line 3")],
            "image here/there:1: gone",
        ),
        (
            {"failed": 2},
            [ended(69, "teacher away")],
            "its pod failed, another is created at about 12:00 UTC: a service",
        ),
        ({"failed": 2}, [ended(1), pod("Running")], None),
    ],
)
def test_why_a_job_has_no_pod_that_runs(status: Object, pods: list[Object], said: str) -> None:
    (found,) = stage_jobs([job(status=status)], pods, "team-a", NOW)
    assert (
        (found.problem is None)
        if said is None
        else said in (found.problem or Problem("", "", "")).message
    )


@pytest.mark.parametrize(
    ("status", "pods", "has_begun"),
    [
        ({}, [], False),
        ({}, [pod()], False),
        ({}, [waiting("ErrImagePull", "gone")], False),
        ({}, [pod(), pod("Running")], True),
        ({}, [pod("Failed")], True),
        ({"failed": 1}, [pod()], True),
        ({"succeeded": 1}, [pod()], True),
    ],
)
def test_a_job_has_begun_when_one_of_its_pods_has(
    status: Object, pods: list[Object], has_begun: bool
) -> None:
    (found,) = stage_jobs([job(status=status)], pods, "team-a", NOW)
    assert found.has_begun is has_begun


def test_a_job_whose_pod_was_deleted_and_counts_for_nothing_has_begun() -> None:
    begun = job(metadata={"annotations": {meta.BEGUN: "true"}}, status={})
    (found,) = stage_jobs([begun], [], "team-a", NOW)
    assert found.has_begun


def test_progress_that_another_attempt_left_is_no_sign_that_a_job_has_begun() -> None:
    noted = job(metadata={"annotations": {meta.PROGRESS: "0/4 shards"}}, status={})
    (found,) = stage_jobs([noted], [waiting("ImagePullBackOff", "gone")], "team-a", NOW)
    assert not found.has_begun


def test_pods_of_an_earlier_job_of_this_name_say_nothing_of_it() -> None:
    earlier = waiting("ErrImagePull", "gone")
    earlier["metadata"]["labels"][meta.CONTROLLER_UID] = "another"
    (found,) = stage_jobs([job()], [earlier], "team-a", NOW)
    assert found.problem is None


def test_a_failed_job_says_what_its_last_pod_said() -> None:
    failed = job(status=condition("Failed", reason="BackoffLimitExceeded", message="too often"))
    pods = [ended(65, "line 3", when=1), ended(65, "line 2", when=9)]
    (found,) = stage_jobs([failed], pods, "team-a", NOW)
    assert found.problem
    assert found.problem.text == "bad data (exit code 65): line 3"
    assert failure_of_job(failed, []) == "too often"
    lost = job(status={**failed["status"], "failedIndexes": "1,3"})
    assert failure_of_job(lost, pods) == "shards 1,3 failed: bad data (exit code 65): line 3"
    assert failure_of_job(job(), []) == "the Job failed"
    late = job(status=condition("Failed", reason="DeadlineExceeded"))
    assert failure_of_job(late, []) == "ran longer than its activeDeadlineSeconds"
    away = [ended(69, "teacher away")]
    assert failure_of_job(late, away) == (
        "ran longer than its activeDeadlineSeconds; its last pod: a service did not answer "
        "(exit code 69): teacher away"
    )


def test_after_an_eviction_the_next_pod_comes_within_ten_minutes() -> None:
    since = {meta.WAITING_SINCE: at(60)}
    thing = job(metadata={"annotations": since}, status={"startTime": at(3600)})
    (found,) = stage_jobs([thing], [], "team-a", NOW)
    assert found.problem
    assert "after an eviction the next one is created by 12:09 UTC" in found.problem.remedy


def test_what_is_tried_again_says_when_and_until_when() -> None:
    thing = job(spec={"activeDeadlineSeconds": 7200}, status={"startTime": at(3600)})
    pods = [ended(69, "teacher away", when=when) for when in (900, 700, 500, 300, 100)]
    (found,) = stage_jobs([thing], pods, "team-a", NOW)
    assert found.problem
    assert found.problem.again == NOW + timedelta(seconds=60)
    assert found.problem.message == (
        "its pod failed, another is created at about 12:01 UTC, the last one before "
        "2026-05-01 13:00 UTC: a service did not answer (exit code 69): teacher away"
    )
    (later,) = stage_jobs([thing], [*pods, ended(69, when=0)], "team-a", NOW)
    assert later.problem
    assert later.problem.key != found.problem.key


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (ended(3), "exit code 3"),
        (ended(0), ""),
        (ended(65, "one\ntwo"), "bad data (exit code 65): two"),
        (ended(65, '{"event": "failed", "error": "line 3"}'), "bad data (exit code 65): line 3"),
        (ended(65, '{"event": "other"}'), 'bad data (exit code 65): {"event": "other"}'),
        (ended(65, "[1]"), "bad data (exit code 65): [1]"),
        (ended(137), "killed (exit code 137)"),
        (
            ended(137, reason="OOMKilled"),
            "killed, it used more memory than its limit; raise resources.limits.memory",
        ),
        (pod("Failed", reason="Evicted", message="disk full"), "Evicted: disk full"),
        (pod("Failed", reason="Shutdown"), "Shutdown"),
    ],
)
def test_how_a_pod_ended(seen: Object, words: str) -> None:
    assert last_termination([seen]) == words


def deployment(wanted: int | None = 2, **status: Any) -> Object:  # noqa: ANN401
    annotations = {meta.MODEL: A, meta.TEMPLATE: "t", meta.APPLIED: at(60), meta.VERIFIED: "v"}
    metadata = {"name": "serve", "uid": "u", "generation": 3, "annotations": annotations}
    spec: Object = {"selector": {"matchLabels": {"app": "serve"}}}
    if wanted is not None:
        spec["replicas"] = wanted
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 3, **status}}


def timed_out(seconds_ago: float) -> Object:
    """The Deployment gave up then; it was applied a minute ago."""
    reason = "ProgressDeadlineExceeded"
    return condition("Progressing", "False", reason=reason, lastTransitionTime=at(seconds_ago))


FULL = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("seen", "rollout"),
    [
        (deployment(**FULL), "ready"),
        (deployment(None, replicas=1, updatedReplicas=1, availableReplicas=1), "ready"),
        (deployment(**FULL, observedGeneration=2), "rolling"),
        (deployment(**{**FULL, "replicas": 3}), "rolling"),
        (deployment(**{**FULL, "updatedReplicas": 1}), "rolling"),
        (deployment(**{**FULL, "availableReplicas": 1}), "rolling"),
        (deployment(), "rolling"),
        (deployment(0), "idle"),
        (deployment(**timed_out(10)), "failed"),
        (deployment(**timed_out(60)), "rolling"),
        (deployment(**timed_out(99)), "rolling"),
        (deployment(**{**timed_out(10), "observedGeneration": 2}), "rolling"),
        (
            deployment(**condition("Progressing", "False", reason="ReplicaSetCreateError")),
            "rolling",
        ),
        ({**deployment(), "status": {}}, "rolling"),
    ],
)
def test_how_far_a_rollout_is(seen: Object, rollout: str) -> None:
    assert rollout_of(seen) == rollout


def test_what_an_endpoint_is_made_of() -> None:
    seen = deployment(**FULL)
    found = endpoint_of(seen, [], SCOPE)
    assert found
    assert (found.model, found.template, found.verified, found.rollout) == (A, "t", "v", "ready")
    assert found.since == NOW - timedelta(seconds=60)
    assert (found.is_deleting, found.problem) == (False, None)
    assert endpoint_of(None, [], SCOPE) is None


def test_an_endpoint_that_ceased_to_be_available_begins_anew() -> None:
    lost = condition("Available", "False", lastTransitionTime=at(10))
    found = endpoint_of(deployment(**lost), [], SCOPE)
    assert found
    assert found.since == NOW - timedelta(seconds=10)


def test_an_endpoint_says_why_its_pods_do_not_run() -> None:
    other = pod(**condition("PodScheduled", "False"))
    other["metadata"]["labels"] = {"app": "else"}
    found = endpoint_of(deployment(), [other, waiting("ErrImagePull", "gone")], SCOPE)
    assert found
    assert found.problem
    assert found.problem.reason == "ImageNotFound"


def test_an_endpoint_whose_pods_are_refused_says_so() -> None:
    refused = condition("ReplicaFailure", message="exceeded quota")
    found = endpoint_of(deployment(**refused), [], replace(SCOPE, section="serve"))
    assert found
    assert found.problem == Problem("NoPod", "exceeded quota", "correct the values of stages.serve")


def test_every_reason_is_in_the_troubleshooting_table() -> None:
    root = Path(__file__).parents[3]
    table = (root / "docs/troubleshooting.md").read_text(encoding="utf-8")
    kube = root / "jobs/gabarito/controller/kube"
    source = "".join(path.read_text(encoding="utf-8") for path in kube.glob("*.py"))
    reasons = set(re.findall(r'Problem\(\s*"(\w+)"', source))
    assert {"Unschedulable", "Paused"} <= reasons
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in table] == []
