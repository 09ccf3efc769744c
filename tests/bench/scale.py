"""Measure the controller of a release with a long history and many shards.

The API server is tests/api_server.py on loopback: what is measured is what the controller asks,
holds and how soon it starts stages, and not what a real API server and job controller take. Each
of `--rounds` runs makes six Jobs, of which generate has `--shards` pods, beside the Jobs of
`--runs` earlier runs. Run it as `.venv/bin/python -m tests.bench.scale`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import click
import yaml
from tests.api_server import ApiServer, Object, api_server
from tests.unit.controller.world import World, make_artifact

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import labels_of
from gabarito.core.settings import read_yaml
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES

from .figures import MEBIBYTE, MEMORY_BYTES, RELEASE_S, Spread, spread
from .process import Process

RENDERED = Path(__file__).parents[2] / "k8s/rendered/demo.yaml"
PATIENCE_S = 1200.0
CALLS = 30
"""Fewer requests a minute are made while nothing changes."""

SETTLED_S = 5.0
"""After that the controller has said what there is to say of a change."""

WATCHED = "train"


@dataclass(frozen=True)
class ScaleFigures:
    """What was measured; memory in bytes, CPU in cores."""

    load: float
    runs: int
    shards: int
    start_s: float
    start_calls: int
    start_memory: int
    idle_calls: float
    idle_cpu: float
    calls: dict[str, float]
    releases: Spread
    memory: int
    peak: int

    def table(self) -> str:
        """Return it for people."""
        each = ", ".join(f"{what} {count:.1f}" for what, count in sorted(self.calls.items()))
        lines = [
            f"{self.runs} runs with 6 Jobs each before, {self.shards} shards; load {self.load:.1f}",
            f"first Jobs {self.start_s:.1f} s after the start, with {self.start_calls} requests; "
            f"{self.start_memory / MEBIBYTE:.1f} MiB",
            f"while nothing changes: {self.idle_calls:.1f} requests a minute ({each}), "
            f"{self.idle_cpu * 1000:.0f} m CPU",
            f"from a Job's end to the next one's start: median {self.releases.median:.2f} s, "
            f"p99 {self.releases.p99:.2f} s of {len(self.releases.seconds)}",
            f"memory {self.memory / MEBIBYTE:.1f} MiB in the end, {self.peak / MEBIBYTE:.1f} MiB "
            "at the most",
        ]
        return "\n".join(lines) + "\n"

    def misses(self) -> list[str]:
        """Return the targets that were missed."""
        found = {
            f"{self.idle_calls:.0f} requests a minute": self.idle_calls >= CALLS,
            f"p99 of the releases is not under {RELEASE_S} s": self.releases.p99 >= RELEASE_S,
            f"memory is not under {MEMORY_BYTES / MEBIBYTE:.0f} MiB": self.peak >= MEMORY_BYTES,
        }
        return [text for text, is_missed in found.items() if is_missed]


class History:
    """What a release has made before, as large as the real API makes it."""

    def __init__(self) -> None:
        documents = yaml.safe_load_all(RENDERED.read_text(encoding="utf-8"))
        data = next(
            each["data"]
            for each in documents
            if each and "template-train.yaml" in each.get("data", {})
        )
        self._jobs = {stage: yaml.safe_load(data[f"template-{stage}.yaml"]) for stage in STAGES}

    def job(self, run: str, stage: str) -> Object:
        """Return a Job that is Complete."""
        labels = {meta.INSTANCE: "demo", meta.STAGE: stage, meta.RUN: run, meta.ATTEMPT: "1"}
        annotations = {
            meta.FINGERPRINT: "f" * 64,
            meta.TEMPLATE: "t" * 12,
            meta.STATE: "done",
            meta.UNSUSPENDED: "2026-11-30T12:00:00.000+00:00",
            meta.RESULT: "1,234 things, 12 others, 3 dropped",
            meta.PROGRESS: "1000/1000 steps · loss 0.17",
        }
        done = {"type": "Complete", "status": "True", "reason": "CompletionsReached"}
        body = self._jobs[stage]
        return {
            **body,
            "metadata": {
                "name": f"demo-gabarito-{run}-{stage}",
                "namespace": "team-a",
                "labels": labels,
                "annotations": annotations,
                "managedFields": [{"manager": "gabarito", "fieldsV1": _fields(60)}],
            },
            "spec": {**body["spec"], "suspend": False, "ttlSecondsAfterFinished": 604800},
            "status": {"conditions": [done], "succeeded": 1, "startTime": "2026-11-30T12:00:00Z"},
        }

    def pod(self, job: Object, index: int, phase: str) -> Object:
        """Return a shard's pod."""
        name, uid = job["metadata"]["name"], job["metadata"]["uid"]
        labels = {
            **labels_of(job),
            meta.CONTROLLER_UID: uid,
            meta.COMPLETION_INDEX: str(index),
            "job-name": name,
        }
        state: Object = {"running": {"startedAt": "2026-11-30T12:00:00Z"}}
        if phase == "Succeeded":
            state = {"terminated": {"exitCode": 0, "finishedAt": "2026-11-30T12:01:00Z"}}
        container = {"name": "stage", "image": "registry/image:tag", "state": state}
        times = {"lastProbeTime": None, "lastTransitionTime": "2026-11-30T12:00:00Z"}
        kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        return {
            "metadata": {
                "name": f"{name}-{index}-abcde",
                "labels": labels,
                "creationTimestamp": "2026-11-30T12:00:00Z",
                "managedFields": [{"manager": "kubelet", "fieldsV1": _fields(60)}],
            },
            "spec": self._jobs["generate"]["spec"]["template"]["spec"],
            "status": {
                "phase": phase,
                "podIPs": [{"ip": "10.0.0.1"}],
                "conditions": [{"type": kind, "status": "True", **times} for kind in kinds],
                "containerStatuses": [{**container, "imageID": f"sha256:{'0' * 64}"}],
            },
        }


def _fields(count: int) -> Object:
    return {f"f:field-{number}": {"f:value": {}} for number in range(count)}


class SimulatedJobs:
    """Stands for job controller and kubelets: what is started is done at once."""

    def __init__(self, api: ApiServer, world: World, run: Run, shards: int) -> None:
        self._api, self._world, self._run, self._shards = api, world, run, shards
        self._history = History()
        self._started = threading.Condition()
        self._jobs: dict[str, tuple[float, Object]] = {}
        self.waits: list[float] = []
        api.on_change = self._see

    def started(self, stage: str) -> tuple[float, Object]:
        """Wait until a stage is started; return when that was, and its Job."""
        with self._started:
            if not self._started.wait_for(lambda: stage in self._jobs, PATIENCE_S):
                raise TimeoutError(f"{stage} was not started")
            return self._jobs[stage]

    def finish(self, stage: str) -> float:
        """Let a stage do its work; return when its Job was Complete."""
        _, job = self.started(stage)
        if stage == "generate" and self._shards > 1:
            for phase in ("Running", "Succeeded"):
                for index in range(self._shards):
                    self._api.put("pods", self._history.pod(job, index, phase))
        make_artifact(self._world.store, self._run.run, stage, passes=False)
        done = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": self._shards}
        ended = time.monotonic()
        self._api.patch("jobs", job["metadata"]["name"], {"status": done})
        return ended

    def simulate(self) -> None:
        """Let every stage be done."""
        for stage, below in pairwise(STAGES):
            ended = self.finish(stage)
            self.waits.append(max(0.0, self.started(below)[0] - ended))
        self.finish(list(STAGES)[-1])

    def forget(self) -> None:
        """Delete the run's Jobs, pods and artifacts, and let the controller make them again.

        What is upstream is deleted first: no stage can be started in between.
        """
        self._jobs.clear()
        own = [
            key
            for key, found in self._api.objects.items()
            if labels_of(found).get(meta.RUN) == self._run.run
        ]
        for plural, name in own:
            self._api.delete(plural, name)
        time.sleep(SETTLED_S)
        for stage in STAGES:
            for entry in list(self._world.store.list(f"{self._run.address(stage).prefix}/")):
                self._world.store.delete(entry.key)
        labels = {meta.INSTANCE: "demo"}
        self._api.put("pods", {"metadata": {"name": "other", "labels": labels}, "status": {}})

    def _see(self, change: str, plural: str, thing: Object) -> None:
        labels = labels_of(thing)
        is_own = plural == "jobs" and labels.get(meta.RUN) == self._run.run
        if change == "MODIFIED" and is_own and thing["spec"].get("suspend") is False:
            with self._started:
                self._jobs.setdefault(labels[meta.STAGE], (time.monotonic(), thing))
                self._started.notify_all()


@contextmanager
def controller(folder: Path, address: str) -> Iterator[Process]:
    """Run the controller against an API server until the block ends."""
    kubeconfig = folder / "kubeconfig"
    context = {"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}}
    settings = {
        "current-context": "c",
        "contexts": [context],
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    kubeconfig.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "gabarito", "controller", "--port", "0", "--config"]
    with (folder / "controller.log").open("w") as log:
        process = subprocess.Popen(
            [*command, str(folder / "controller.yaml")],
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            stdout=log,
            stderr=log,
        )
        try:
            yield Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def measured(runs: int, shards: int, rounds: int, idle_s: float) -> ScaleFigures:
    """Measure with so many earlier runs and shards."""
    history, load = History(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, api_server() as api:
        folder = Path(name)
        world = World(folder)
        path = folder / "controller.yaml"
        settings = read_yaml(path)
        assert isinstance(settings, dict)
        path.write_text(yaml.safe_dump({**settings, "shards": {"generate": shards}}))
        api.put("configmaps", {"metadata": {"name": settings["owner"]}})
        for number in range(runs):
            for stage in STAGES:
                api.put("jobs", history.job(f"{number:012x}", stage))
        run = new_run(read_pipeline(folder / "pipeline.yaml"))
        jobs = SimulatedJobs(api, world, run, shards)
        began = time.monotonic()
        with controller(folder, api.address) as process:
            start_s = jobs.started("ingest")[0] - began
            start_calls, start_memory = len(api.asked), process.memory
            for stage, below in pairwise(STAGES):
                if stage == WATCHED:
                    break
                jobs.finish(stage)
                jobs.started(below)
            time.sleep(SETTLED_S)
            before, used = len(api.asked), process.cpu_seconds
            time.sleep(idle_s)
            idle = [asked.what for asked in api.asked[before:]]
            idle_cpu = (process.cpu_seconds - used) / idle_s
            for stage in list(STAGES)[list(STAGES).index(WATCHED) :]:
                jobs.finish(stage)
            for _ in range(rounds):
                jobs.forget()
                jobs.simulate()
            return ScaleFigures(
                load=load,
                runs=runs,
                shards=shards,
                start_s=start_s,
                start_calls=start_calls,
                start_memory=start_memory,
                idle_calls=len(idle) * 60 / idle_s,
                idle_cpu=idle_cpu,
                calls={what: n * 60 / idle_s for what, n in Counter(idle).items()},
                releases=spread(jobs.waits),
                memory=process.memory,
                peak=process.peak,
            )


@click.command()
@click.option("--runs", default=1000, show_default=True, help="Earlier runs, of six Jobs each.")
@click.option("--shards", default=5000, show_default=True, help="Pods of generate.")
@click.option("--rounds", default=20, show_default=True, help="Runs whose starts are timed.")
@click.option("--idle", "idle_s", default=120.0, show_default=True, help="Seconds to watch.")
@click.option(
    "--json",
    "path",
    type=click.Path(path_type=Path),
    default=Path("dist/bench-scale.json"),
    show_default=True,
    help="Where the figures are written.",
)
def main(runs: int, shards: int, rounds: int, idle_s: float, path: Path) -> None:
    """Measure, print, and fail if a target is missed."""
    figures = measured(runs, shards, rounds, idle_s)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(figures.table())
    if misses := figures.misses():
        raise click.ClickException("; ".join(misses))


if __name__ == "__main__":
    main()
