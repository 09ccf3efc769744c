"""What a whole controller asks of an API server over HTTP, and that it starts stages by it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.api_server import ApiServer, api_server

from gabarito.controller import main as controller_main
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import labels_of
from gabarito.pipeline.stages import STAGES

from .builders import CONFIG
from .world import World, make_artifact

EARLIER = 30


class Started:
    """A controller in a thread, of a release that has made many Jobs before."""

    def __init__(self, world: World, api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.api = world, api
        api.put("configmaps", {"metadata": {"name": CONFIG["owner"]}})
        for number in range(EARLIER):
            labels = {meta.INSTANCE: "demo", meta.STAGE: "train", meta.RUN: f"{number:012x}"}
            done = {"conditions": [{"type": "Complete", "status": "True"}]}
            metadata = {"name": f"old-{number}", "labels": labels}
            spec = {"suspend": False, "ttlSecondsAfterFinished": 60}
            api.put("jobs", {"metadata": metadata, "spec": spec, "status": done})
        self._stop = threading.Event()
        monkeypatch.setattr(controller_main, "deferred_stop", lambda: _Asked(self._stop))
        self._thread = threading.Thread(target=controller_main.run, args=(world.config, 0))
        self._thread.start()

    def stages(self) -> dict[str, bool]:
        """The stages of this run that have a Job, and whether it is started."""
        jobs = [one for (plural, _), one in list(self.api.objects.items()) if plural == "jobs"]
        own = [one for one in jobs if not one["metadata"]["name"].startswith("old-")]
        return {labels_of(one)[meta.STAGE]: not one["spec"]["suspend"] for one in own}

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


class _Asked:
    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def __enter__(self) -> Callable[[], bool]:
        return self._stop.is_set

    def __exit__(self, *_: object) -> None:
        return


def until(is_reached: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.02)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    monkeypatch.setattr("gabarito.controller.kube.cluster.PAGE", 10)
    monkeypatch.setattr(controller_main, "INTERVAL_S", 0.3)
    with api_server() as api:
        kubeconfig = tmp_path / "kubeconfig"
        context = {"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}}
        settings = {
            "current-context": "c",
            "contexts": [context],
            "clusters": [{"name": "c", "cluster": {"server": api.address}}],
            "users": [{"name": "u", "user": {"token": "secret"}}],
        }
        kubeconfig.write_text(yaml.safe_dump(settings))
        monkeypatch.setattr(
            "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig)
        )
        started = Started(World(tmp_path), api, monkeypatch)
        try:
            yield started
        finally:
            started.stop()


def test_while_nothing_changes_a_round_asks_for_the_owner_alone(started: Started) -> None:
    until(lambda: started.stages().get("ingest"))
    assert len(started.stages()) == len(STAGES)
    time.sleep(1)
    counts = started.api.counts()
    assert counts["GET jobs"] == EARLIER / 10, "one list, in pages of ten"
    assert {counts[f"WATCH {kind}"] for kind in ("jobs", "pods", "deployments")} == {1}
    before, end = len(started.api.asked), time.monotonic() + 2
    while time.monotonic() < end:
        time.sleep(0.1)
    asked = {each.what for each in started.api.asked[before:]}
    assert asked <= {"GET configmaps", "PUT leases"}


def test_a_watch_that_is_forgotten_misses_no_stage(started: Started) -> None:
    until(lambda: started.stages().get("ingest"))
    started.api.forget()
    (run,) = {
        labels_of(one)[meta.RUN]
        for one in list(started.api.objects.values())
        if meta.RUN in labels_of(one) and not one["metadata"]["name"].startswith("old-")
    }
    make_artifact(started.world.store, run, "ingest")
    done = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}
    name = meta.job_name("demo-gabarito", run, "ingest")
    started.api.patch("jobs", name, {"status": done})
    until(lambda: started.stages().get("generate"))
    until(lambda: started.api.counts()["WATCH jobs"] == 2)
    assert started.api.counts()["GET jobs"] > EARLIER / 10, "listed anew"
