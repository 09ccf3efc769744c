"""A rendered release: its objects, and what the controller would make of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from gabarito.controller.config import ControllerConfig
from gabarito.controller.templates import (
    Templates,
    endpoint_body,
    job_body,
    job_spec,
    read_templates,
)
from gabarito.core.settings import parse
from gabarito.pipeline.runs import Run
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

from .helm import CHART, Object, ci_values, objects

SCENARIOS = [path.name.removesuffix("-values.yaml") for path in ci_values()]


@dataclass(frozen=True)
class Pod:
    """A pod, or what will be one."""

    component: str
    labels: dict[str, str]
    spec: Object


class Release:
    """What helm renders for values."""

    def __init__(self, values: Path) -> None:
        self.path = values
        self.values: Object = yaml.safe_load(values.read_text(encoding="utf-8"))
        self.objects = objects(values)

    def of_kind(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def named(self, kind: str, name: str) -> Object:
        """The one object of that name."""
        (found,) = (each for each in self.of_kind(kind) if each["metadata"]["name"] == name)
        return found

    @cached_property
    def files(self) -> dict[str, str]:
        """What the controller finds below /etc/gabarito, by path."""
        data = self.named("ConfigMap", "demo-gabarito-controller")["data"]
        pod = self.named("Deployment", "demo-gabarito-controller")["spec"]["template"]["spec"]
        (volume,) = (each for each in pod["volumes"] if each["name"] == "config")
        return {item["path"]: data[item["key"]] for item in volume["configMap"]["items"]}

    @cached_property
    def jobs(self) -> dict[str, Object]:
        """The body of each stage's Job."""
        return {stage: yaml.safe_load(self.files[f"templates/{stage}.yaml"]) for stage in STAGES}

    @cached_property
    def endpoint(self) -> Object:
        """The body of the endpoint's Deployment."""
        body: Object = yaml.safe_load(self.files["templates/serve.yaml"])
        return body

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline file."""
        return parse(Pipeline, yaml.safe_load(self.files["pipeline.yaml"]), "pipeline.yaml")

    @property
    def config(self) -> ControllerConfig:
        """The controller's settings."""
        return parse(
            ControllerConfig, yaml.safe_load(self.files["controller.yaml"]), "controller.yaml"
        )

    def pods(self) -> Iterator[Pod]:
        """Every pod that there will be."""
        for owner in (*self.of_kind("Deployment"), *self.jobs.values(), self.endpoint):
            yield _pod(job_spec(owner)["template"])
        for owner in self.of_kind("CronJob"):
            yield _pod(owner["spec"]["jobTemplate"]["spec"]["template"])
        yield from map(_pod, self.of_kind("Pod"))

    def pod(self, component: str) -> Pod:
        """The one of a component."""
        (found,) = (each for each in self.pods() if each.component == component)
        return found

    def written(self, folder: Path) -> tuple[ControllerConfig, Templates]:
        """Read settings and templates as the controller does, from files in a folder."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        here = {"templates": str(folder / "templates"), "pipeline": str(folder / "pipeline.yaml")}
        config = self.config.model_copy(update=here)
        return config, read_templates(config)


@cache
def scenario(name: str) -> Release:
    """The release of a scenario's values."""
    return Release(CHART / f"ci/{name}-values.yaml")


def changed(folder: Path, name: str, changes: Object) -> Release:
    """The release of a scenario's values with changes: maps are merged."""
    path = folder / "changed-values.yaml"
    # as JSON, which quotes each text: YAML 1.1 writes 1e3 plain, and helm reads a number
    path.write_text(json.dumps(merged(scenario(name).values, changes)))
    return Release(path)


def merged(onto: Any, over: Any) -> Any:  # noqa: ANN401  # any YAML value
    """Lay values over others."""
    if not (isinstance(onto, dict) and isinstance(over, dict)):
        return over
    return {**onto, **{key: merged(onto.get(key), value) for key, value in over.items()}}


def bodies(config: ControllerConfig, templates: Templates, run: Run) -> list[Object]:
    """Everything that the controller makes for a run, as it hands it to the API."""
    made = [job_body(config, templates.stages[stage], run, stage, 1) for stage in STAGES]
    return [*made, endpoint_body(config, templates.serve, "0" * 64, run.created_at)]


def _pod(template: Object) -> Pod:
    labels = template["metadata"]["labels"]
    return Pod(labels["app.kubernetes.io/component"], labels, template["spec"])
