"""What is wrong is seen with kubectl, in an Event and in `gabarito status`, with what to do."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Open, releases
from .kubectl import Kubectl, Object, until
from .quick import fresh, quick
from .release import CONTROLLER, NAME, Release, credentials
from .teacher import ADDRESS, teacher

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
SOON_S = 120
GPU: Object = {"count": 1, "resource": "example.com/gpu"}


@pytest.fixture
def open_release(kubectl: Kubectl, tmp_path: Path) -> Iterator[Open]:
    """Opens releases that are gone after each test: what is corrected would go on to its end."""
    with releases(kubectl, tmp_path) as open_one:
        yield open_one


def test_an_image_that_is_not_there(open_release: Open, demo_values: Object) -> None:
    release = _spoilt(open_release, demo_values, "image", {"image": "registry.local/absent:1"})
    assert "registry.local/absent:1" in _said(release, "StageWaiting")
    assert "ingest" in _status(release)


def test_a_corrected_image_makes_shards_anew(open_release: Open, demo_values: Object) -> None:
    ingest = {"image": "registry.local/absent:1", "shards": 2}
    release = _spoilt(open_release, demo_values, "shards-image", ingest)
    assert "registry.local/absent:1" in _said(release, "StageWaiting")
    del release.values["stages"]["ingest"]["image"]
    release.upgrade()
    _said(release, "StageStopped")
    until("both shards are done", lambda: _succeeded(release, "ingest") == 2, 300)


def test_a_gpu_that_nobody_has(open_release: Open, demo_values: Object) -> None:
    release = _spoilt(open_release, demo_values, "gpu", {"gpu": GPU})
    assert GPU["resource"] in _said(release, "StageWaiting")
    assert GPU["resource"] in _status(release)


def test_a_queue_without_kueue(open_release: Open, demo_values: Object) -> None:
    release = open_release("queue", {**fresh(demo_values, "queue"), "queue": "documents"})
    release.install()
    said = _said(release, "StageWaiting")
    assert "this cluster has no Kueue" in said
    until("status says it too", lambda: "has no Kueue" in _status(release), SOON_S)


def test_a_quota_that_is_too_small(open_release: Open, demo_values: Object) -> None:
    release = open_release("quota", fresh(demo_values, "quota"))
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"count/pods": "1"}},  # the controller's
    }
    release.kubectl.apply(quota)
    release.install()
    assert "exceeded quota: small" in _said(release, "StageWaiting")
    until("status says it too", lambda: "exceeded quota: small" in _status(release), SOON_S)


def test_names_that_yaml_reads_as_numbers(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "2026")
    values["store"]["existingSecret"] = "123"
    values["nameOverride"] = "true"
    release = open_release("2026", values)
    release.kubectl.apply(credentials("123", "test"))
    release.install()
    until("ingest is done", lambda: "ingest    done" in _status(release), 300)


def test_a_missing_teacher_secret(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "secret")
    values["teacher"]["existingSecret"] = "absent"
    release = open_release("secret", values)
    release.install()
    until("the Secret is named", lambda: "absent" in _told(release, "StageWaiting"), 300)


def test_refused_credentials_fail_at_once(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "refused")
    values["teacher"] = {"url": ADDRESS}
    release = open_release("refused", values)
    release.kubectl.apply(*teacher({"name": "GABARITO_TEACHER_KEY", "value": "right"}))
    wait = ("wait", "pod/teacher", "--for=condition=Ready", "--timeout=5s")
    until("the teacher answers", lambda: release.kubectl.try_to(*wait).returncode == 0, 300)
    release.install()
    assert "401" in _said(release, "StageFailed", 400)
    assert len(release.pods("generate")) == 1


def test_a_failed_stage_is_tried_again_when_asked(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "retried")
    values["pipeline"]["generate"]["yield_floor"] = 1.0
    release = open_release("retried", values)
    release.install()
    _said(release, "StageFailed", 400)
    (job,) = release.jobs("generate")
    release.kubectl("annotate", "job", job["metadata"]["name"], "gabarito.dev/retry=true")
    until("another attempt", lambda: len(release.jobs("generate")) == 2, SOON_S)


def test_a_bucket_that_does_not_exist(open_release: Open, demo_values: Object) -> None:
    values = quick(demo_values, "bucket")
    values["store"]["url"] = "s3://absent/prefix"
    release = open_release("bucket", values)
    release.install()
    assert "no such bucket" in _warned(release, "RunWaiting")


def test_a_wrong_key_of_the_store(open_release: Open, demo_values: Object) -> None:
    release = open_release("key", quick(demo_values, "key"))
    release.kubectl.apply(credentials("s3-credentials", "wrong"))
    release.install()
    assert "access refused" in _warned(release, "RunWaiting")


def test_a_missing_secret_of_the_store(open_release: Open, demo_values: Object) -> None:
    values = quick(demo_values, "keyless")
    values["store"]["existingSecret"] = "absent"
    release = open_release("keyless", values)
    release.install()
    until("status says it", lambda: 'secret "absent" not found' in _status(release), SOON_S)


def test_a_store_without_conditional_writes(
    open_release: Open, demo_values: Object, careless_store: str
) -> None:
    values = quick(demo_values, "careless")
    values["store"] |= {"url": "s3://bucket/prefix", "endpoint": careless_store}
    release = open_release("careless", values)
    release.install()
    assert "conditional" in _warned(release, "StoreUnsafe")


def test_a_controller_without_rights(open_release: Open, demo_values: Object) -> None:
    release = open_release("rights", quick(demo_values, "rights"))
    release.install()
    release.kubectl("delete", "rolebinding", CONTROLLER)
    release.kubectl("rollout", "restart", f"deployment/{CONTROLLER}")
    until("it says so", lambda: "forbidden" in _log(release).lower(), SOON_S)


def test_values_that_the_schema_refuses(open_release: Open, demo_values: Object) -> None:
    values = quick(demo_values, "schema", learing_rate=0.1)
    release = open_release("schema", values)
    with pytest.raises(AssertionError, match="learing_rate"):
        release.install()


def _spoilt(open_release: Open, demo_values: Object, name: str, ingest: Object) -> Release:
    """Install a release whose first stage has these values."""
    values = fresh(demo_values, name)
    values["stages"]["ingest"] = ingest
    release = open_release(name, values)
    release.install()
    return release


def _succeeded(release: Release, stage: str) -> int:
    """Return how many pods of a stage's only Job have succeeded."""
    (job,) = release.jobs(stage) or [{}]
    return int(job.get("status", {}).get("succeeded", 0))


def _said(release: Release, reason: str, seconds: float = SOON_S) -> str:
    """Return what the first Event with this reason says."""
    events = until(f"event {reason}", lambda: release.events(reason), seconds)
    return str(events[0]["message"])


def _told(release: Release, reason: str) -> str:
    """Return what all Events with this reason say by now."""
    return "\n".join(str(event["message"]) for event in release.events(reason))


def _warned(release: Release, reason: str) -> str:
    """Return what the controller says of what stands in its way, in an Event and in status."""
    said = _said(release, reason)
    until("status says it too", lambda: said in _status(release), SOON_S)
    return said


def _status(release: Release) -> str:
    """Return what `gabarito status` prints."""
    command = [sys.executable, "-m", "gabarito", "status", "--release", NAME]
    command += ["--namespace", release.kubectl.namespace]
    environment = release.kubectl.environment
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _log(release: Release) -> str:
    return release.kubectl.try_to("logs", f"deployment/{CONTROLLER}").stdout
