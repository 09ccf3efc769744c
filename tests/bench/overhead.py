"""Measure what a cluster costs: the sample by `helm install`, and by `gabarito demo` beside it.

Both on this machine, one after the other, from the command until the endpoint has answered the
study's five questions. Run it as ``python -m tests.bench.overhead``, after ``make cluster-test``.
"""

import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime
from pathlib import Path

from tests.cluster.kubectl import Kubectl
from tests.cluster.machine import Machine
from tests.cluster.release import Release, opened
from tests.cluster.sample import sample_values

from gabarito.answer_match import is_match
from gabarito.artifacts.jsonl import read_lines
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.pipeline.stages import STAGES

WAIT_S = 1800
Seconds = dict[str, float]


def main() -> None:
    """Measure both and print them side by side."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = on_cluster(Path(folder))
        machine = on_machine(Path(folder) / "store")
    sys.stdout.write(f"\n{'':16}{'cluster':>10}{'machine':>10}\n")
    for name, seconds in cluster.items():
        beside = f"{machine[name]:>8.1f} s" if name in machine else ""
        sys.stdout.write(f"{name:16}{seconds:>8.1f} s{beside}\n")
    over = cluster["in all"] - machine["in all"]
    sys.stdout.write(f"overhead        {over:>8.1f} s ({over / machine['in all']:.1%})\n")


def on_cluster(folder: Path) -> Seconds:
    """Return the seconds from `helm install` to the fifth answer, and each stage's pod's."""
    machine = Machine()
    kubectl = Kubectl(machine.environment())
    machine.load_images()
    machine.call("s3")
    values = sample_values(f"s3://gabarito/demo-{uuid.uuid4().hex[:8]}")
    values["image"]["pullPolicy"] = "IfNotPresent"  # what is measured has its images on the node
    with opened(kubectl, f"overhead-{uuid.uuid4().hex[:4]}", values, folder) as release:
        began = time.monotonic()
        release.install("--wait")
        installed = time.monotonic() - began
        release.wait_promoted(WAIT_S)
        answered(release)
        total = time.monotonic() - began
        stages = {stage: pod_seconds(release, stage) for stage in STAGES}
        release.helm("uninstall", "demo")
    return {"helm --wait": installed, **stages, "in all": total}


def pod_seconds(release: Release, stage: str) -> float:
    """Return the seconds from the creation of a stage's pod to the end of its container."""
    (pod,) = release.pods(stage)
    statuses = pod["status"]["containerStatuses"]
    (ended,) = (each["state"]["terminated"] for each in statuses if each["name"] == "stage")
    created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return (datetime.fromisoformat(ended["finishedAt"]) - created).total_seconds()


def on_machine(store: Path) -> Seconds:
    """Return the seconds of the whole demonstration, which ends with the five answers."""
    began = time.monotonic()
    demo = (sys.executable, "-m", "gabarito", "demo")
    subprocess.run([*demo, "--store", str(store), "--no-stay", "--port", "0"], check=True)
    return {"in all": time.monotonic() - began}


def answered(release: Release) -> None:
    """Ask the study's five questions; a wrong answer ends the measurement."""
    for asked in read_lines("gabarito:demo/five.jsonl", FreeQuestion):
        reply = release.ask(asked.question)
        if not is_match(reply.text, asked.answer, asked.aliases):
            sys.exit(f"{asked.question}: {reply.text}")


if __name__ == "__main__":
    main()
