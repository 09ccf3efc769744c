"""Measure the controller on a real cluster: how soon it starts stages, and what that costs.

A release of the chart whose stages no kubelet runs: the real job controller makes their pods,
their work is done here. Run it as ``make bench-controller`` on a machine that does nothing else:
the controller's share of a busy core is small.
"""

import os
import sys
import tempfile
import time
import uuid
from itertools import pairwise
from pathlib import Path

import click
from tests.cluster.kubectl import Kubectl, Object, until
from tests.cluster.machine import pid_in_pod
from tests.cluster.release import STAGE_LABEL, Release, opened
from tests.cluster.sample import sample_values, store_environment

from gabarito.controller.kube.cluster import connect
from gabarito.pipeline.stages import STAGES

from .figures import Figures, Memory, spread
from .process import Process
from .simulated import Before, ClockedStore, Simulated, TimedRun
from .watched import Watch

WATCHED, WATCHED_S = "train", 60
BEGINS_S = 60
NEXT = dict(pairwise(STAGES))


class Bench:
    """An installed release whose stages are simulated."""

    def __init__(self, release: Release, simulated: Simulated) -> None:
        (pod,) = release.controllers()
        self._pod, self._uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        self._simulated = simulated
        self.timed_runs: list[TimedRun] = []

    def measure(self, runs: int, kills: int) -> Figures:
        """Run the pipeline ``runs`` times, once while idle, and with the controller killed."""
        process, load = self.process, os.getloadavg()[0]
        memory = [process.memory]
        began, used = time.monotonic(), process.cpu_seconds
        for _ in range(runs):
            self._simulate()
            memory.append(process.memory)
        seconds, used = time.monotonic() - began, process.cpu_seconds - used
        releases = list(self.timed_runs)
        watching = self._watching(process)
        held = Memory.of(memory, process.peak, process.container_peak)
        recoveries = [self._recovery(list(STAGES)[each % len(NEXT)]) for each in range(kills)]
        return Figures(
            load=load,
            runs=runs,
            seconds=seconds,
            twice=sum(timed.twice for timed in self.timed_runs),
            after_complete=spread([s for timed in releases for s in timed.waits(timed.complete)]),
            after_manifest=spread([s for timed in releases for s in timed.waits(timed.written)]),
            after_kill=spread(recoveries),
            memory=held,
            cpu_watching=watching,
            cpu_releasing=used / seconds,
            cpu_seconds_per_run=used / runs,
        )

    @property
    def process(self) -> Process:
        """The controller's process as it is now."""
        return Process(until("it runs", lambda: pid_in_pod(self._uid, "controller"), BEGINS_S))

    def _simulate(self, before: Before = lambda _: None) -> TimedRun:
        """Run the pipeline once; the first run finds what the installation began."""
        if self.timed_runs:
            self._simulated.forget(self._pod)
        timed = self._simulated.simulate(before)
        self.timed_runs.append(timed)
        return timed

    def _watching(self, process: Process) -> float:
        """Return the cores that it uses while a stage runs and nothing happens."""
        cores: list[float] = []

        def wait(stage: str) -> None:
            if stage == WATCHED:
                began = process.cpu_seconds
                time.sleep(WATCHED_S)
                cores.append((process.cpu_seconds - began) / WATCHED_S)

        self._simulate(wait)
        return cores[0]

    def _recovery(self, killed_at: str) -> float:
        """Return the seconds from a kill right before a stage is done to the next one's pod."""
        killed: list[float] = []

        def kill(stage: str) -> None:
            if stage == killed_at:
                self.process.kill()
                killed.append(time.monotonic())

        timed = self._simulate(kill)
        return timed.created[NEXT[killed_at]] - killed[0]


def simulated_values(bucket: str) -> Object:
    """Return values of a release whose stages wait for a scheduler that is not there."""
    values = sample_values(bucket)
    values["stageDefaults"]["schedulerName"] = "simulated"
    return values


def measured(runs: int, kills: int) -> Figures:
    """Install a release on the cluster that KUBECONFIG names, measure, and remove it."""
    kubectl, name = Kubectl(dict(os.environ)), f"bench-{uuid.uuid4().hex[:4]}"
    os.environ |= store_environment(kubectl)
    values = simulated_values(f"s3://gabarito/{name}")
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(kubectl, name, values, Path(folder)) as release,
        Watch(release.kubectl, STAGE_LABEL) as watch,
    ):
        release.install("--wait")
        cluster, store = connect(name), ClockedStore(values["store"]["url"])
        return Bench(release, Simulated(cluster, store, release.run, watch)).measure(runs, kills)


@click.command()
@click.option(
    "--runs",
    type=click.IntRange(min=2),
    default=20,
    show_default=True,
    help="Each starts six Jobs, five of them after another one.",
)
@click.option(
    "--kills",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How often it is killed right before a stage is done.",
)
@click.option(
    "--json",
    "path",
    type=click.Path(path_type=Path),
    default=Path("dist/bench-controller.json"),
    show_default=True,
    help="Where the figures are written.",
)
def main(runs: int, kills: int, path: Path) -> None:
    """Measure, print, and fail if a target is missed."""
    figures = measured(runs, kills)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(figures.json(), encoding="utf-8")
    sys.stdout.write(figures.table())
    if misses := figures.misses():
        raise click.ClickException("; ".join(misses))


if __name__ == "__main__":
    main()
