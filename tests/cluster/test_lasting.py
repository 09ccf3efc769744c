"""Trouble that lasts: a store that is away, interruptions on end, failed Jobs that are deleted."""

import time

import pytest

from .conftest import Open, OpenTraining
from .kubectl import Object, until
from .quick import ENDLESS, fresh, quick
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
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


def test_a_failed_stage_whose_job_is_deleted_stays_failed(
    open_release: Open, demo_values: Object
) -> None:
    values = fresh(demo_values, "deleted")
    values["pipeline"]["generate"]["yield_floor"] = 1.0
    values["stages"]["generate"]["ttlSecondsAfterFinished"] = 5
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
