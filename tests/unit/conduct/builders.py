"""What the conductor's tests are made of: a wanted release, and things seen in its cluster."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from gabarito.conduct import names
from gabarito.conduct.actions import (
    Action,
    Announce,
    ApplyEndpoint,
    CreateJob,
    DeleteEndpoint,
    DeleteJob,
    Freeze,
    MoveBack,
    NoteEndpoint,
    NoteJob,
    Promote,
    ReleaseJob,
    Remember,
    StartCheck,
)
from gabarito.conduct.api import Object
from gabarito.conduct.config import ConductorConfig
from gabarito.conduct.state import (
    Desired,
    Endpoint,
    Evaluation,
    Memory,
    Observed,
    Phase,
    StageJob,
    endpoint_key,
)
from gabarito.conduct.templates import Template, Templates
from gabarito.core.config import parse
from gabarito.plan import STAGES, Pipeline, Run, Step

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RUN, OTHER_RUN = "0123456789ab", "ba9876543210"
ANCHOR_UID = "anchor-uid"
A, B = "a" * 64, "b" * 64
"""Digests of models."""

PIPELINE = {
    "name": "handbook",
    "ingest": {"sources": [{"type": "files", "path": "pages"}]},
    "generate": {"teacher": {"model": "some-model"}},
    "train": {"base": "org/model", "steps": 10},
}
CONFIG = {
    "release": "demo",
    "fullname": "demo-gabarito",
    "namespace": "team-a",
    "store": "file:///store",
    "pipeline": "pipeline.yaml",
    "templates": "templates",
    "anchor": "demo-gabarito-anchor",
    "serve": {"service": "http://demo-gabarito.team-a.svc", "ready_timeout_s": 600},
}


def config_with(**changes: object) -> ConductorConfig:
    """Settings of a conductor; those of ``serve`` are changed one by one."""
    serve = {**CONFIG["serve"], **changes.pop("serve", {})}  # type: ignore[dict-item]
    return parse(ConductorConfig, {**CONFIG, **changes, "serve": serve}, "conductor.yaml")


def desired(template: str = "serve-1", **changes: object) -> Desired:
    """A release that is wanted; ``template`` is the digest of the endpoint's."""
    run = Run(
        run=RUN,
        pipeline=parse(Pipeline, PIPELINE, "pipeline.yaml"),
        fingerprints={stage: f"{stage}-now" for stage in STAGES},
        digests={},
        created_at=NOW,
        version="1",
    )
    stages = {stage: Template({}, f"{stage}-template") for stage in STAGES}
    serve = Template({"metadata": {"name": "demo-gabarito-serve"}, "is": template}, template)
    return Desired(config_with(**changes), run, Templates(stages, serve))


def steps(done: Iterable[str] = (), stale: Iterable[str] = ()) -> dict[str, Step]:
    """The plan of a run: what is not done or stale is missing."""
    made = {stage: Step(stage, f"{stage}-now", "missing") for stage in STAGES}
    made |= {stage: Step(stage, f"{stage}-now", "done") for stage in done}
    return made | {stage: Step(stage, f"{stage}-now", "stale", "is stale") for stage in stale}


def observed(
    *jobs: StageJob,
    done: Iterable[str] = (),
    stale: Iterable[str] = (),
    **seen: Any,  # noqa: ANN401
) -> Observed:
    """What was seen at ``NOW``."""
    seen = {"anchor": ANCHOR_UID, **seen}
    return Observed(now=NOW, steps=steps(done, stale), jobs=jobs, **seen)


def job(stage: str, phase: Phase = "planned", **changes: Any) -> StageJob:  # noqa: ANN401
    """A Job as the conductor makes it; ``notes`` are added to those it is made with."""
    run, attempt = changes.pop("run", RUN), changes.pop("attempt", 1)
    name = names.job_name("demo-gabarito", run, stage, attempt)
    notes = {
        names.FINGERPRINT: f"{stage}-now",
        names.TEMPLATE: f"{stage}-template",
        names.RETRIES: "0",
        **changes.pop("notes", {}),
    }
    return StageJob(name, f"uid-of-{name}", stage, run, attempt, phase, notes, **changes)


def endpoint(model: str = A, template: str = "serve-1", **changes: Any) -> Endpoint:  # noqa: ANN401
    """A Deployment that was applied a minute ago; ``is_good``: and was found to work."""
    is_good = changes.pop("is_good", False)
    verified = endpoint_key(model, template) if is_good else ""
    seen = {"rollout": "ready", "since": NOW - timedelta(minutes=1), "verified": verified}
    return Endpoint("demo-gabarito-serve", "e-uid", model, template, **{**seen, **changes})


def passed(model: str = A) -> Evaluation:
    """An evaluation whose model passed its gate."""
    return Evaluation(model, passed=True)


def short(actions: Iterable[Action]) -> list[str]:
    """Actions as a table can show them."""
    return [_SHORT[type(action)](action) for action in actions]


def _remembered(memory: Memory) -> str:
    good = f" good {memory.good.model[0]} {memory.good.template}" if memory.good else ""
    refused = f" refused {memory.refused}" if memory.refused else ""
    under = f" under {memory.under}" if memory.under != "serve-1/0" or not (good or refused) else ""
    return f"remember {memory.promoted[:1]}{memory.retries}{under}{good}{refused}"


_SHORT: dict[type, Callable[[Any], str]] = {
    Announce: lambda act: f"{'warn' if act.is_warning else 'tell'} {act.reason}",
    Freeze: lambda _: "freeze",
    CreateJob: lambda act: f"create {act.stage} {act.attempt}",
    DeleteJob: lambda act: f"delete {_place(act.name)}",
    ReleaseJob: lambda act: f"release {_place(act.name)}",
    NoteJob: lambda act: f"note {_place(act.name)} {_notes({**act.notes, **act.labels})}",
    Promote: lambda act: f"promote {act.model[0]}",
    MoveBack: lambda act: f"move back {act.model[0]}",
    StartCheck: lambda act: f"check {act.model[0]}",
    ApplyEndpoint: lambda act: f"apply {act.model[0]} {act.template}",
    NoteEndpoint: lambda act: f"note endpoint {_notes(act.notes)}",
    DeleteEndpoint: lambda _: "delete endpoint",
    Remember: lambda act: _remembered(act.memory),
}


def _place(name: str) -> str:
    return name.removeprefix("demo-gabarito-").replace(f"{RUN}-", "")


def _notes(notes: Object) -> str:
    return ",".join(sorted(key.removeprefix("gabarito.dev/") for key in notes))
