"""The bodies that the chart wrote for stages and endpoint, and the objects made from them.

templates/<stage>.yaml  ->  a Job for one attempt, or a JobSet where several pods work together
templates/serve.yaml    ->  the Deployment that serves one model
"""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gabarito.controller.config import ControllerConfig
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, JOB_SETS, JOBS, Kind, Object
from gabarito.core.errors import SettingsError
from gabarito.core.settings import read_yaml
from gabarito.pipeline.runs import Run
from gabarito.pipeline.stages import STAGES

DIGEST_CHARS = 12
RENDEZVOUS_PORT = 29400
"""Where the pods of a JobSet meet, at the first of them: the default of torch's launcher."""

TTL = "ttlSecondsAfterFinished"
"""Set by the controller once it has seen how a Job ended: it may be away meanwhile."""

TTL_UNTIL_SEEN_S = 30 * 24 * 3600
"""How long a Job stays whose end no controller has seen, or only an older one, at least."""


@dataclass(frozen=True)
class Template:
    """A body, and a digest that changes with what decides the object made from it."""

    body: Object
    digest: str

    @property
    def kind(self) -> Kind:
        """What is made of it for a stage: a Job or a JobSet."""
        return JOB_SETS if self.body.get("kind") == JOB_SETS.kind else JOBS

    @property
    def expires_after_s(self) -> int | None:
        """The seconds after which an ended Job is deleted, None if it stays."""
        seconds: int | None = self.body.get("spec", {}).get(TTL)
        return seconds


@dataclass(frozen=True)
class Templates:
    """The template of every stage, and that of the endpoint."""

    stages: Mapping[str, Template]
    serve: Template


def read_templates(config: ControllerConfig) -> Templates:
    """Return the templates in the folder that the settings name.

    Raises:
        SettingsError: if one is missing or is not the body that it should be.
    """
    folder = Path(config.templates)
    stages = {}
    for stage in STAGES:
        body = _read(folder / f"{stage}.yaml", (JOBS, JOB_SETS), meta.STAGE_CONTAINER)
        parts = [body, config.queue, config.shards_of(stage)]
        stages[stage] = Template(body, digest_of(parts))
    body = _read(folder / "serve.yaml", (DEPLOYMENTS,), meta.SERVE_CONTAINER)
    return Templates(stages, Template(body, digest_of([body])))


def job_body(
    config: ControllerConfig, template: Template, run: Run, stage: str, attempt: int
) -> Object:
    """Return the Job or JobSet of one attempt, suspended and without an owner yet."""
    body = copy.deepcopy(template.body)
    metadata, spec = body["metadata"], job_spec(body)
    labels = {
        meta.INSTANCE: config.release,
        meta.STAGE: stage,
        meta.RUN: run.run,
        meta.ATTEMPT: str(attempt),
    }
    annotations = {
        meta.FINGERPRINT: run.fingerprints[stage],
        meta.TEMPLATE: template.digest,
        meta.RETRIES: str(config.retries_of(stage)),
    }
    metadata["name"] = meta.job_name(config.fullname, run.run, stage, attempt)
    metadata["namespace"] = config.namespace
    _merge(metadata, "labels", labels)
    _merge(metadata, "annotations", annotations)
    _merge(spec["template"].setdefault("metadata", {}), "labels", labels)
    container = _container(spec, meta.STAGE_CONTAINER)
    arguments = container["args"]
    arguments += ["--run", run.run]
    train, disk = run.pipeline.train, config.expected.full_training_disk
    if stage == "train" and train is not None and train.method == "full" and disk:
        _merge(container.setdefault("resources", {}), "requests", {"ephemeral-storage": disk})
    body["spec"]["suspend"] = True
    if body["spec"].get(TTL) is not None:
        body["spec"][TTL] = max(body["spec"][TTL], TTL_UNTIL_SEEN_S)
    if template.kind is JOB_SETS:
        (replicated,) = body["spec"]["replicatedJobs"]
        _merge(replicated["template"].setdefault("metadata", {}), "labels", labels)
        # the names that JobSet gives its pods, in its Service, which has its own name
        first = f"{metadata['name']}-{replicated['name']}-0-0.{metadata['name']}"
        arguments += ["--rendezvous", f"{first}:{RENDEZVOUS_PORT}"]
    if config.queue:
        _merge(metadata, "labels", {meta.QUEUE: config.queue})
        _merge(metadata, "annotations", {meta.QUEUE_GATE: meta.QUEUE_GATE_OWNER})
    if (count := config.shards_of(stage)) > 1:
        at_once = min(spec.get("parallelism", count), count)
        spec |= {"completionMode": "Indexed", "completions": count, "parallelism": at_once}
        # Kubernetes replaces $(…) by the variable that the job controller sets in each pod.
        arguments += ["--shard", f"$(JOB_COMPLETION_INDEX)/{count}"]
    return body


def endpoint_body(
    config: ControllerConfig, template: Template, model: str, applied: datetime
) -> Object:
    """Return the Deployment that serves the model with this digest."""
    body = copy.deepcopy(template.body)
    metadata, spec = body["metadata"], body["spec"]
    metadata["namespace"] = config.namespace
    annotations = {
        meta.MODEL: model,
        meta.TEMPLATE: template.digest,
        meta.APPLIED: applied.isoformat(timespec="seconds"),
        meta.VERIFIED: "",  # also what passed its smoke test before is tested again
    }
    _merge(metadata, "labels", {meta.INSTANCE: config.release})
    _merge(metadata, "annotations", annotations)
    _merge(spec["template"].setdefault("metadata", {}), "annotations", {meta.MODEL: model})
    _container(spec, meta.SERVE_CONTAINER)["args"] += ["--model-digest", model]
    for container in spec["template"]["spec"].get("initContainers", ()):
        if container["name"] == meta.MODEL_CONTAINER:
            container["args"] += ["--digest", model]
    return body


def job_spec(body: Object) -> Object:
    """Return what a Job does, or the only Job of a JobSet."""
    spec: Object = body["spec"]
    if body.get("kind") == JOB_SETS.kind:
        (replicated,) = spec["replicatedJobs"]
        spec = replicated["template"]["spec"]
    return spec


def digest_of(value: object) -> str:
    """Return the digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]


def _read(path: Path, kinds: Sequence[Kind], container: str) -> Object:
    """Return the body in a file, of which is certain what ``job_body`` and the like change."""
    body = read_yaml(path)
    found = (body.get("apiVersion"), body.get("kind")) if isinstance(body, dict) else None
    if not isinstance(body, dict) or found not in [(kind.api, kind.kind) for kind in kinds]:
        wanted = " or ".join(f"{kind.api} {kind.kind}" for kind in kinds)
        raise SettingsError(f"{path}: not a {wanted}; install the chart again")
    try:
        arguments = _container(job_spec(body), container)["args"]
        name = body["metadata"]["name"] if DEPLOYMENTS in kinds else path.stem
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        message = f"{path}: no name, or no container {container!r} with args in it; "
        raise SettingsError(message + "install the chart again") from error
    if not (isinstance(arguments, list) and name):
        raise SettingsError(
            f"{path}: args of container {container!r} are not a list; install the chart again"
        )
    return body


def _container(spec: Object, name: str) -> Object:
    containers: list[Object] = spec["template"]["spec"]["containers"]
    return next(container for container in containers if container["name"] == name)


def _merge(section: Object, key: str, entries: Mapping[str, Any]) -> None:
    section[key] = {**(section.get(key) or {}), **entries}
