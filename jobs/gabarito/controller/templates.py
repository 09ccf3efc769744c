"""The bodies that the chart wrote for stages and endpoint, and what the controller makes of them.

templates/<stage>.yaml  ->  a Job for one attempt
templates/serve.yaml    ->  the Deployment that serves one model
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gabarito.controller.config import ControllerConfig
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, JOBS, Kind, Object
from gabarito.core.config import read_yaml
from gabarito.core.errors import SettingsError
from gabarito.plan import STAGES, Run

DIGEST_CHARS = 12


@dataclass(frozen=True)
class Template:
    """A body, and the digest by which a change of it is seen."""

    body: Object
    digest: str


@dataclass(frozen=True)
class Templates:
    """Those of every stage, and that of the endpoint."""

    stages: Mapping[str, Template]
    serve: Template


def read_templates(config: ControllerConfig) -> Templates:
    """Return what lies in the folder of templates.

    Raises:
        SettingsError: if one is missing or not the body of what it should be.
    """
    folder = Path(config.templates)
    stages = {
        stage: _read(folder / f"{stage}.yaml", JOBS, meta.STAGE_CONTAINER, _extent(config, stage))
        for stage in STAGES
    }
    return Templates(stages, _read(folder / "serve.yaml", DEPLOYMENTS, meta.SERVE_CONTAINER, ()))


def job_body(
    config: ControllerConfig, template: Template, run: Run, stage: str, attempt: int
) -> Object:
    """Return the Job of one attempt, suspended; who owns it is said when it is created."""
    body = copy.deepcopy(template.body)
    metadata, spec = body["metadata"], body["spec"]
    labels = {
        meta.INSTANCE: config.release,
        meta.STAGE: stage,
        meta.RUN: run.run,
        meta.ATTEMPT: str(attempt),
    }
    metadata["name"] = meta.job_name(config.fullname, run.run, stage, attempt)
    metadata["namespace"] = config.namespace
    _merge(metadata, "labels", labels)
    _merge(
        metadata,
        "annotations",
        {
            meta.FINGERPRINT: run.fingerprints[stage],
            meta.TEMPLATE: template.digest,
            meta.RETRIES: str(_retries(config, stage)),
        },
    )
    _merge(spec["template"].setdefault("metadata", {}), "labels", labels)
    _container(spec, meta.STAGE_CONTAINER)["args"] += ["--run", run.run]
    spec["suspend"] = True
    if config.queue:
        _merge(metadata, "labels", {meta.QUEUE: config.queue})
        _merge(metadata, "annotations", {meta.QUEUE_GATE: meta.GATE_KEEPER})
    if stage == "generate" and config.shards > 1:
        _shard(spec, config.shards)
    return body


def endpoint_body(
    config: ControllerConfig, template: Template, model: str, applied: datetime
) -> Object:
    """Return the Deployment that serves the model with this digest."""
    body = copy.deepcopy(template.body)
    metadata, spec = body["metadata"], body["spec"]
    metadata["namespace"] = config.namespace
    _merge(metadata, "labels", {meta.INSTANCE: config.release})
    annotations = {
        meta.MODEL: model,
        meta.TEMPLATE: template.digest,
        meta.APPLIED: applied.isoformat(timespec="seconds"),
        meta.VERIFIED: "",  # what answered once is asked again
    }
    _merge(metadata, "annotations", annotations)
    _merge(spec["template"].setdefault("metadata", {}), "annotations", {meta.MODEL: model})
    _container(spec, meta.SERVE_CONTAINER)["args"] += ["--model-digest", model]
    return body


def owned(body: Object, name: str, uid: str) -> Object:
    """Return the object with the owner as its owner: it goes when the release goes."""
    owner = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": name,
        "uid": uid,
        "controller": False,
        "blockOwnerDeletion": False,
    }
    return {**body, "metadata": {**body["metadata"], "ownerReferences": [owner]}}


def digest_of(value: object) -> str:
    """Return the digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]


def _extent(config: ControllerConfig, stage: str) -> tuple[object, ...]:
    """What besides a stage's template decides its Job."""
    return (config.queue, config.shards if stage == "generate" else 1)


def _retries(config: ControllerConfig, stage: str) -> int:
    return next((number for name, number in config.retries.items() if name == stage), 0)


def _read(path: Path, kind: Kind, container: str, extent: tuple[object, ...]) -> Template:
    body = read_yaml(path)
    made = (body.get("apiVersion"), body.get("kind")) if isinstance(body, dict) else None
    if not isinstance(body, dict) or made != (kind.api, kind.kind):
        message = f"{path}: not a {kind.api} {kind.kind}; install the chart again"
        raise SettingsError(message)
    try:
        arguments = _container(body["spec"], container)["args"]
        name = body["metadata"]["name"] if kind is DEPLOYMENTS else path.stem
    except (KeyError, TypeError, StopIteration) as error:
        message = f"{path}: no name, or no container {container!r} with args in it; "
        raise SettingsError(message + "install the chart again") from error
    if not (isinstance(arguments, list) and name):
        message = f"{path}: args of container {container!r} are not a list; install the chart again"
        raise SettingsError(message)
    return Template(body, digest_of([body, *extent]))


def _container(spec: Object, name: str) -> Object:
    containers: list[Object] = spec["template"]["spec"]["containers"]
    return next(container for container in containers if container["name"] == name)


def _merge(section: Object, key: str, entries: Mapping[str, Any]) -> None:
    section[key] = {**(section.get(key) or {}), **entries}


def _shard(spec: Object, shards: int) -> None:
    """Let each pod of an Indexed Job make one part; Kubernetes fills the variable in."""
    spec |= {"completionMode": "Indexed", "completions": shards, "parallelism": shards}
    shard = ["--shard", f"$(JOB_COMPLETION_INDEX)/{shards}"]
    _container(spec, meta.STAGE_CONTAINER)["args"] += shard
