"""A run's plan: for each stage whether its artifact is there."""

from dataclasses import dataclass
from typing import Literal

from gabarito.artifacts.artifact import open_artifact
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

State = Literal["done", "missing", "stale"]


@dataclass(frozen=True)
class Step:
    """A stage of a plan: ``stale`` was made from another version of what it reads."""

    stage: str
    fingerprint: str
    state: State
    note: str = ""


def make_plan(store: Store, run: Run) -> list[Step]:
    """Tell for each stage that can run, in order, whether its artifact is there."""
    digests: dict[str, str] = {}
    return [_step(store, run, stage, digests) for stage in run.pipeline.stages]


def _step(store: Store, run: Run, stage: str, digests: dict[str, str]) -> Step:
    fingerprint = run.fingerprints[stage]
    artifact = open_artifact(store, run.address(stage))
    if artifact is None:
        return Step(stage, fingerprint, "missing")
    digests[stage] = artifact.digest
    for upstream, digest in artifact.manifest.inputs.items():
        if digests.get(upstream) != digest:
            other = f"another {upstream}" if upstream in digests else f"a lost {upstream}"
            note = f"was made from {other}; raise {stage}.rerun to make it anew"
            return Step(stage, fingerprint, "stale", note)
    return Step(stage, fingerprint, "done")
