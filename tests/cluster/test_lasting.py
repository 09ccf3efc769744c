"""Trouble that lasts: a store that is away, interruptions on end, failed Jobs that are deleted."""

import time

import pytest

from .conftest import Open, OpenTraining
from .kubectl import Object, until
from .quick import ENDLESS, fresh, quick
from .release import Release
from .teacher import ADDRESS, teacher

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(2400)]
MANY = 5


def test_interruptions_on_end_do_not_make_a_training_wait_for_long(
    open_training: OpenTraining, demo_values: Object
) -> None:
    """The sixth pod of a Job comes after 160 seconds; another Job goes on after a minute."""
    values = quick(demo_values, "lasting", steps=ENDLESS, learning_rate=1.6e-3)
    release = open_training(values)
    for _ in range(MANY):
        name = release.wait_steps()
        release.kubectl("delete", "pod", name)
        began = time.monotonic()
        assert release.wait_continued(name) > 0
        assert time.monotonic() - began < 120
    assert release.events("StageRenewed")
    assert release.jobs("train")[-1]["metadata"]["name"].endswith("-a2")


def test_a_teacher_that_is_away_counts_against_no_budget(
    open_release: Open, demo_values: Object
) -> None:
    values = fresh(demo_values, "absent")
    values["stages"]["generate"] = {"backoffLimit": 0}
    values["teacher"] = {"url": ADDRESS}
    release = open_release("absent", values)
    release.install()

    def said() -> list[str]:
        waiting = [str(event["message"]) for event in release.events("StageWaiting")]
        return [text for text in waiting if "another is created at about" in text]

    messages = until("it is tried again more than once", lambda: said()[1:] and said(), 600)
    assert all("a service did not answer (exit code 69)" in text for text in messages)
    assert not release.events("StageFailed")
    release.kubectl.apply(*teacher())
    until("the teacher is asked", lambda: _is_complete(release), 400)
    (job,) = release.jobs("generate")
    assert not job["status"].get("failed")


def test_a_failed_stage_whose_job_is_deleted_stays_failed(
    open_release: Open, demo_values: Object
) -> None:
    values = fresh(demo_values, "deleted")
    values["pipeline"]["generate"]["yield_floor"] = 1.0
    values["stages"]["generate"] = {"ttlSecondsAfterFinished": 5}
    release = open_release("deleted", values)
    release.install()
    until("generate fails", lambda: release.events("StageFailed"), 400)
    until("its Job expires", lambda: not release.jobs("generate"), 60)
    time.sleep(30)
    assert not release.jobs("generate")
    assert len(release.events("StageFailed")) == 1
    release.values["retries"] = {"generate": 1}
    release.upgrade()
    until("it is tried again", lambda: _attempts(release) == ["2"], 120)


def _attempts(release: Release) -> list[str]:
    return [job["metadata"]["labels"]["gabarito.dev/attempt"] for job in release.jobs("generate")]


def _is_complete(release: Release) -> bool:
    (job,) = release.jobs("generate")
    return bool(job["status"].get("succeeded"))
