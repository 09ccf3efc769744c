"""What the controller's tests are made of: a wanted release, and things seen in its cluster."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from gabarito.controller.actions import (
    Action,
    AnnotateEndpoint,
    AnnotateJob,
    ApplyEndpoint,
    CreateJob,
    DeleteEndpoint,
    DeleteJob,
    DeletePods,
    ExpireJob,
    Freeze,
    KeepChannel,
    Promote,
    RollBack,
    SaveMemory,
    StartSmokeTest,
    UnsuspendJob,
)
from gabarito.controller.config import ControllerConfig
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import EndpointState, Phase, StageJob, endpoint_key
from gabarito.controller.state import Desired, Evaluation, Memory, Observed
from gabarito.controller.templates import TTL, Template, Templates
from gabarito.core.settings import parse
from gabarito.pipeline.plan import Step
from gabarito.pipeline.runs import Run
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RUN, OTHER_RUN = "0123456789ab", "ba9876543210"
OWNER_UID = "owner-uid"
A, B = "a" * 64, "b" * 64
"""Digests of models."""

PIPELINE: dict[str, Any] = {
    "name": "handbook",
    "ingest": {"sources": [{"type": "files", "path": "pages"}]},
    "generate": {"teacher": {"model": "some-model"}},
    "train": {"base": "org/model", "steps": 10},
}
CONFIG: dict[str, Any] = {
    "release": "demo",
    "fullname": "demo-gabarito",
    "namespace": "team-a",
    "store": "file:///store",
    "pipeline": "pipeline.yaml",
    "templates": "templates",
    "owner": "demo-gabarito-owner",
    "serve": {"service": "http://demo-gabarito.team-a.svc", "ready_timeout_s": 600},
}


def config_with(**changes: Any) -> ControllerConfig:  # noqa: ANN401
    """Settings of a controller; those of ``serve`` are changed one by one."""
    serve = {**CONFIG["serve"], **changes.pop("serve", {})}
    return parse(ControllerConfig, {**CONFIG, **changes, "serve": serve}, "controller.yaml")


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
    stages["train"] = Template({"spec": {TTL: 60}}, "train-template")
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
    seen = {"owner_uid": OWNER_UID, **seen}
    return Observed(now=NOW, steps=steps(done, stale), jobs=jobs, **seen)


def job(stage: str, phase: Phase = "planned", **changes: Any) -> StageJob:  # noqa: ANN401
    """A Job as the controller makes it; ``annotations`` are added to those it is made with."""
    run, attempt = changes.pop("run", RUN), changes.pop("attempt", 1)
    name = meta.job_name("demo-gabarito", run, stage, attempt)
    annotations = {
        meta.FINGERPRINT: f"{stage}-now",
        meta.TEMPLATE: f"{stage}-template",
        meta.RETRIES: "0",
        **changes.pop("annotations", {}),
    }
    uid = f"uid-of-{name}"
    changes = {"pods_owner": uid, **changes}
    return StageJob(name, uid, stage, run, attempt, phase, annotations, **changes)


def endpoint(model: str = A, template: str = "serve-1", **changes: Any) -> EndpointState:  # noqa: ANN401
    """A Deployment that was applied a minute ago; ``is_good``: and was found to work."""
    is_good = changes.pop("is_good", False)
    verified = endpoint_key(model, template) if is_good else ""
    seen = {"rollout": "ready", "since": NOW - timedelta(minutes=1), "verified": verified}
    return EndpointState("demo-gabarito-serve", "e-uid", model, template, **{**seen, **changes})


def passed(model: str = A) -> Evaluation:
    """An evaluation whose model passed its gate."""
    return Evaluation(model, passed=True)


def short(actions: Iterable[Action]) -> list[str]:
    """Actions as a table can show them."""
    return [_SHORT[type(action)](action) for action in actions]


def _saved(memory: Memory) -> str:
    if memory.stages:
        (stage, kept), *_ = memory.stages.items()
        used = f" after {kept.used_s} s" if kept.used_s else ""
        return f"remember {stage} {kept.attempt}: {kept.failure or 'another follows'}{used}"
    if memory == Memory():
        return "remember nothing"
    if memory == Memory(gate=memory.gate):
        return "remember the gate"
    found = memory.last_known_good
    good = f" good {found.model[0]} {found.template}" if found else ""
    failed = f" failed {memory.failed_revision}" if memory.failed_revision else ""
    is_shown = memory.revision != "serve-1/0" or not (good or failed)
    revision = f" in {memory.revision}" if is_shown else ""
    return f"save {memory.promoted[:1]}{memory.retries}{revision}{good}{failed}"


_SHORT: dict[type, Callable[[Any], str]] = {
    RecordEvent: lambda act: f"{'warn' if act.is_warning else 'tell'} {act.reason}",
    Freeze: lambda _: "freeze",
    CreateJob: lambda act: (
        f"create {act.stage} {act.attempt}" + (f" after {act.elapsed_s} s" if act.elapsed_s else "")
    ),
    ExpireJob: lambda act: f"expire {_place(act.name)} {act.seconds}",
    DeleteJob: lambda act: f"delete {_place(act.name)}",
    DeletePods: lambda act: f"delete pods {','.join(pod.name for pod in act.pods)}",
    UnsuspendJob: lambda act: f"unsuspend {_place(act.name)}",
    AnnotateJob: lambda act: (
        f"annotate {_place(act.name)} {_keys({**act.annotations, **act.labels})}"
    ),
    KeepChannel: lambda _: "keep channel",
    Promote: lambda act: f"promote {act.model[0]}",
    RollBack: lambda act: f"roll back {act.model[0]}",
    StartSmokeTest: lambda act: f"smoke test {act.model[0]}",
    ApplyEndpoint: lambda act: f"apply {act.model[0]} {act.template}",
    AnnotateEndpoint: lambda act: f"annotate endpoint {_keys(act.annotations)}",
    DeleteEndpoint: lambda _: "delete endpoint",
    SaveMemory: lambda act: _saved(act.memory),
}


def _place(name: str) -> str:
    return name.removeprefix("demo-gabarito-").replace(f"{RUN}-", "")


def _keys(annotations: Object) -> str:
    return ",".join(sorted(key.removeprefix("gabarito.dev/") for key in annotations))
