"""How a release of the one-node cluster is interrupted: each way, and that it is over."""

import copy
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from tests.cluster.kubectl import Kubectl, Object, until
from tests.cluster.machine import Machine
from tests.cluster.release import NAME, Release, stage_of

from . import interruptions as kinds
from .interruptions import Blow

AWAY_S = 30
API_DOWN_S = 10
GONE_S = 400
S3_PROGRAM = "app:app"
OTHER_RATE = 1.7e-3
"""A learning rate under which the running training is not wanted."""


class TooLate(Exception):  # noqa: N818  # no error: what was to be hit had ended
    """Nothing was there to be hit."""


class Killable(Protocol):
    """A process of this machine."""

    def start(self) -> None:
        """Start it and wait until it answers."""

    def kill(self) -> None:
        """Kill it."""


class Striker:
    """Interrupts releases."""

    def __init__(
        self, machine: Machine, kubectl: Kubectl, teacher: Killable, releases: Sequence[Release]
    ) -> None:
        self._machine = machine
        self._kubectl = kubectl
        self._teacher = teacher
        self._releases = releases
        self.faults: list[str] = []
        """What should not have been disturbed, and was."""
        self._ways: dict[str, Callable[[Release], str]] = {
            kinds.STAGE_DELETED: lambda release: self._delete(release, _stage(release)),
            kinds.STAGE_EVICTED: lambda release: self._evict(release, _stage(release)),
            kinds.STAGE_FORCED: self._force,
            kinds.STAGE_KILLED: self._kill_stage,
            kinds.CONTROLLER_DELETED: lambda release: self._delete(release, _controller(release)),
            kinds.CONTROLLER_KILLED: lambda release: self._kill(_controller(release), "controller"),
            kinds.ENDPOINT_DELETED: lambda release: self._delete(release, _endpoint(release)),
            kinds.ENDPOINT_KILLED: lambda release: self._kill(_endpoint(release), "serve"),
            kinds.TEACHER_KILLED: lambda _: self._teacher_away(1),
            kinds.TEACHER_AWAY: lambda _: self._teacher_away(AWAY_S),
            kinds.NODE_DRAINED: self._drain,
            kinds.API_KILLED: self._kill_api,
            kinds.API_HANGS: self._hang_api,
            kinds.BUCKET_CUT_OFF: self._cut_bucket_off,
            kinds.BUCKET_HANGS: self._hang_bucket,
            kinds.UPGRADED: self._upgrade,
            kinds.STOPPED: self._stop_training,
        }

    def strike(self, what: str, release: Release) -> Blow:
        """Interrupt a release, or all of them, and return when that began and was over.

        Raises:
            TooLate: if nothing was there to be hit.
        """
        began = time.time()
        try:
            victim = self._ways[what](release)
        except subprocess.CalledProcessError as error:
            if any("NotFound" in note for note in getattr(error, "__notes__", ())):
                raise TooLate(what) from error
            raise
        return Blow(began, time.time(), victim)

    def _delete(self, release: Release, pod: Object) -> str:
        name: str = pod["metadata"]["name"]
        release.kubectl("delete", "pod", name, "--wait=false")
        return _gone(release, pod)

    def _evict(self, release: Release, pod: Object) -> str:
        release.evict(pod["metadata"]["name"])
        return _gone(release, pod)

    def _force(self, release: Release) -> str:
        pod = _stage(release)
        release.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
        return _gone(release, pod)

    def _kill_stage(self, release: Release) -> str:
        pod = _stage(release)
        return self._kill(pod, stage_of(pod))

    def _kill(self, pod: Object, program: str) -> str:
        if not self._machine.kill_in_pod(pod["metadata"]["uid"], program):
            raise TooLate(program)
        name: str = pod["metadata"]["name"]
        return name

    def _teacher_away(self, seconds: float) -> str:
        self._teacher.kill()
        time.sleep(seconds)
        self._teacher.start()
        return ""

    def _drain(self, _: Release) -> str:
        """Drain the node of the releases' pods: the bucket's holds its objects in memory."""
        name = self._kubectl("get", "nodes", "--output", "name").strip()
        node = name.removeprefix("node/")
        self._kubectl("cordon", node)
        try:
            evicted = []
            for release in self._releases:
                for pod in _all_pods(release):
                    with suppress(subprocess.CalledProcessError):  # it is gone already
                        release.evict(pod["metadata"]["name"])
                        evicted.append((release, pod))
            for release, pod in evicted:
                _gone(release, pod)
            time.sleep(AWAY_S)
        finally:
            self._kubectl("uncordon", node)
        return ""

    def _kill_api(self, release: Release) -> str:
        with self._undisturbed(release):
            self._machine.kill("apiserver")
            time.sleep(API_DOWN_S)
            self._machine.call("up")
            self._wait_api()
        return ""

    def _hang_api(self, release: Release) -> str:
        with self._undisturbed(release):
            with self._machine.paused("apiserver"):
                time.sleep(AWAY_S)
            self._wait_api()
        return ""

    def _wait_api(self) -> None:
        until("the API answers", lambda: self._kubectl.try_to("version").returncode == 0, 120)

    def _cut_bucket_off(self, _: Release) -> str:
        service = self._kubectl.within("s3").get("Service", "s3")
        assert service
        with self._machine.cut_off(service["spec"]["clusterIP"]):
            time.sleep(AWAY_S)
        return ""

    def _hang_bucket(self, _: Release) -> str:
        (pod,) = self._kubectl.within("s3").find("Pod", app="s3")
        with self._machine.paused_in_pod(pod["metadata"]["uid"], S3_PROGRAM):
            time.sleep(AWAY_S)
        return ""

    def _upgrade(self, release: Release) -> str:
        """Upgrade to another template of a later stage, and back."""
        values = copy.deepcopy(release.values)
        release.values["stages"].setdefault("merge", {})["podLabels"] = {"team": "docs"}
        with self._undisturbed(release):
            release.upgrade()
            release.helm("rollback", NAME)
        release.values = values
        return ""

    def _stop_training(self, release: Release) -> str:
        """Upgrade to settings that stop the training, and back once it has stopped."""
        pod = _stage(release)
        if stage_of(pod) != "train":
            raise TooLate("train")
        values = copy.deepcopy(release.values)
        release.values["pipeline"]["train"]["learning_rate"] = OTHER_RATE
        release.upgrade()
        try:
            return _gone(release, pod)
        finally:
            release.values = values
            release.helm("rollback", NAME)

    @contextmanager
    def _undisturbed(self, release: Release) -> Iterator[None]:
        """Note it if a stage's pod that runs before the block is being deleted after it."""
        before = release.running_pod()
        yield
        if before is None:
            return
        after = release.kubectl.get("Pod", before["metadata"]["name"])
        if after is None or "deletionTimestamp" in after["metadata"]:
            self.faults.append(f"{before['metadata']['name']} was disturbed by what is beside it")


def _stage(release: Release) -> Object:
    return _there(release.running_pod())


def _controller(release: Release) -> Object:
    return _there(_last(release.controllers()))


def _endpoint(release: Release) -> Object:
    return _there(_last(release.endpoint_pods()))


def _all_pods(release: Release) -> list[Object]:
    pods = [release.running_pod(), *release.controllers(), *release.endpoint_pods()]
    return [pod for pod in pods if pod is not None]


def _last(pods: list[Object]) -> Object | None:
    """Return the pod that was made last and is not on its way out, or None."""
    there = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return there[-1] if there else None


def _there(pod: Object | None) -> Object:
    if pod is None:
        raise TooLate
    return pod


def _gone(release: Release, pod: Object) -> str:
    """Return the pod's name once it is gone, or another one has its name."""
    name: str = pod["metadata"]["name"]

    def is_gone() -> bool:
        now = release.kubectl.get("Pod", name)
        return now is None or now["metadata"]["uid"] != pod["metadata"]["uid"]

    until(f"pod {name} is gone", is_gone, GONE_S)
    return name
