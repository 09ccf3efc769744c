"""A pipeline on one machine: each stage is its own process, as it is its own Job on a cluster.

pipeline  ->  plan  ->  ingest … evaluate  ->  channel
"""

import contextlib
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator

from gabarito.artifacts.artifact import open_artifact
from gabarito.core.errors import BugError, DataError, GabaritoError, Interrupted, error_of
from gabarito.core.stop import die_with_parent
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.plan import Step
from gabarito.pipeline.runs import Run
from gabarito.pipeline.view import Event, View
from gabarito.store.base import Store

log = logging.getLogger("gabarito.pipeline.run_local")

GRACE_S = 60.0
"""How long an interrupted stage may take to reach a safe point."""


def run_steps(store: Store, run: Run, steps: list[Step], view: View) -> None:
    """Make what is missing of a run that is frozen, stage by stage.

    Raises:
        GabaritoError: what the stage that failed said, with its exit code.
    """
    for step in steps:
        if step.state == "done":
            view.ended(step.stage, "kept", _summary(store, run, step.stage))
        else:
            _run_stage(store, run, step.stage, view)


def refuse_stale(steps: list[Step]) -> None:
    """Fail if any artifact was built from inputs that have since been replaced.

    Raises:
        DataError: if an artifact was made from another version of what it reads.
    """
    stale = [f"{step.stage} {step.note}" for step in steps if step.state == "stale"]
    if stale:
        raise DataError("; ".join(stale))


def _summary(store: Store, run: Run, stage: str) -> str:
    artifact = open_artifact(store, run.address(stage))
    return summary_of(artifact.manifest.counts) if artifact else ""


def _run_stage(store: Store, run: Run, stage: str, view: View) -> None:
    command = [sys.executable, "-m", "gabarito", "--log-format", "json", stage]
    command += ["--store", store.url, "--run", run.run]
    view.started(stage)
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    failure = ""
    with _stopping(process, stage, view):
        for event in _events(process):
            if event.get("event") == "failed":
                failure = str(event["error"])
            else:
                view.event(stage, event)
        code = process.wait()
    if code:
        view.ended(stage, "failed", "")
        raise _failure(stage, code, failure)
    view.ended(stage, "done", _summary(store, run, stage))


def _events(process: subprocess.Popen[str]) -> Iterator[Event]:
    if process.stderr is None:
        raise BugError("a stage was started without a pipe for its log")
    with process.stderr as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                event = None
            if isinstance(event, dict):
                yield event
            elif line.strip():
                yield {"level": "warning", "event": line.rstrip()}


@contextlib.contextmanager
def _stopping(process: subprocess.Popen[str], stage: str, view: View) -> Iterator[None]:
    """Within the block Ctrl-C and SIGTERM stop the stage at its next safe point."""
    try:
        yield
    except KeyboardInterrupt as error:
        view.stopping(stage)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise Interrupted(
            f"{stage}: stopped; what is finished is saved, the same command continues"
        ) from error


def _failure(stage: str, code: int, said: str) -> GabaritoError:
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        name = names.get(-code, f"signal {-code}")
        return Interrupted(f"{stage}: killed by {name}; the same command continues")
    kind = error_of(code)
    return kind(f"{stage}: {said}" if said else f"{stage}: ended with exit code {code}")
