"""Names that YAML reads as numbers, dates or booleans, that begin with a digit, or are long."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.controller.config import ControllerConfig
from gabarito.controller.status import CONTROLLERS
from gabarito.core.settings import parse
from gabarito.pipeline.stages import STAGES

from .helm import CHART, Object, helm
from .release import changed

ODD = ("123", "true", "no", "null", "1e3", "0x1f", "2026-11-29", "1.5", "1h", "r" * 53, "9" * 53)
SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
REFERENCES = {
    "claimName", "fieldPath", "image", "name", "namespace", "path", "priorityClassName",
    "runtimeClassName", "schedulerName", "secretName", "serviceAccountName",
}  # fmt: skip
"""Keys whose value is a text wherever they stand in what the chart renders."""


@pytest.mark.parametrize("name", ODD)
def test_a_release_may_be_called_anything_that_helm_takes(name: str) -> None:
    made = _rendered(name, "team")
    assert _no_texts(made) == []
    (service,) = (each for each in made if each["kind"] == "Service")
    assert SERVICE.fullmatch(service["metadata"]["name"])
    assert {len(each["metadata"]["name"]) <= 63 for each in made} == {True}
    for labels in _labels(made):
        assert labels["app.kubernetes.io/instance"] == name
        assert all(len(value) <= 63 and LABEL.fullmatch(value) for value in labels.values())
    assert _config(made).release == name


@pytest.mark.parametrize("name", ["2024", "true", "1e3", "2026-11-29", "n" * 63])
def test_and_so_may_its_namespace(name: str) -> None:
    made = _rendered("demo", name)
    assert _no_texts(made) == []
    assert {each["metadata"]["namespace"] for each in made} == {name}
    assert _config(made).namespace == name


@pytest.mark.parametrize("name", ["123", "true", "1e3", "2026-11-29"])
def test_and_what_its_pods_name(name: str, tmp_path: Path) -> None:
    values = {
        "store": {"existingSecret": name, "secretKeys": {"accessKeyId": name}},
        "teacher": {"existingSecret": name, "secretKey": name},
        "image": {"tag": name, "pullSecrets": [{"name": name}]},
        "serviceAccount": {"controller": {"create": False, "name": name}, "stage": {"name": name}},
        "stageDefaults": {
            **{key: name for key in ("priorityClassName", "runtimeClassName", "schedulerName")},
            "image": name,
            "scratch": {"sizeLimit": "1e3"},
            "sharedMemory": "1e3",
        },
        "stages": {"train": {"serviceAccountName": name, "extraEnv": [{"name": name}]}},
    }
    release = changed(tmp_path, "external-secret", values)
    bodies = [*release.jobs.values(), release.endpoint]
    assert _no_texts([*release.objects, *bodies]) == []
    assert release.pod("train").spec["serviceAccountName"] == name
    for pod in release.pods():
        assert {each["name"]: each for each in pod.spec["imagePullSecrets"]}.keys() == {name}


@pytest.mark.parametrize("name", ["true", "null", "no"])
def test_a_name_given_by_a_value_may_be_one_of_these_words(name: str, tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", {"fullnameOverride": name})
    assert _no_texts(release.objects) == []
    assert release.named("Service", name)
    other = changed(tmp_path, "demo", {"nameOverride": name})
    assert _no_texts(other.objects) == []
    assert other.named("Service", f"demo-{name}")


@pytest.mark.parametrize("values", [{"nameOverride": "handbook"}, {"fullnameOverride": "handbook"}])
def test_status_finds_the_controller_whatever_its_name_is(values: Object, tmp_path: Path) -> None:
    wanted = dict(term.split("=") for term in CONTROLLERS.split(","))
    controller, *others = changed(tmp_path, "demo", values).of_kind("Deployment")
    assert not others
    assert wanted.items() <= controller["metadata"]["labels"].items()


def test_a_name_that_begins_with_a_digit_is_no_services() -> None:
    done = _template("demo", "team", "--set", "nameOverride=2024")
    assert "/nameOverride" in done.stderr


def test_the_words_are_seen() -> None:
    assert _no_texts([{"metadata": {"name": 1, "labels": {"a": True}}}]) == ["name: 1", "a: True"]


def _template(name: str, namespace: str, *options: str) -> Any:  # noqa: ANN401  # what helm gives
    values = str(CHART / "ci/external-secret-values.yaml")
    where = ("--namespace", namespace, "--values", values)
    return helm("template", name, str(CHART), *where, *options)


def _rendered(name: str, namespace: str) -> list[Object]:
    """Return what helm renders, and the bodies within, but for objects of the values' own."""
    done = _template(name, namespace)
    assert done.returncode == 0, done.stderr
    made = [each for each in yaml.safe_load_all(done.stdout) if each]
    return [each for each in made if each["kind"] != "ExternalSecret"]


def _config(made: list[Object]) -> ControllerConfig:
    return parse(ControllerConfig, yaml.safe_load(_data(made)["controller.yaml"]), "controller")


def _data(made: list[Object]) -> dict[str, str]:
    (data,) = (each["data"] for each in made if "controller.yaml" in each.get("data", {}))
    return dict(data)


def _labels(made: list[Object]) -> Iterator[dict[str, str]]:
    bodies = [yaml.safe_load(_data(made)[f"template-{name}.yaml"]) for name in (*STAGES, "serve")]
    for each in chain(made, bodies):
        yield each["metadata"]["labels"]
        if "template" in each.get("spec", {}):
            yield each["spec"]["template"]["metadata"]["labels"]


def _no_texts(value: Any, texts: bool = False) -> list[str]:  # noqa: ANN401  # any YAML value
    """Return what must be a text and is none: names, and all of labels and annotations."""
    if isinstance(value, list):
        return [found for each in value for found in _no_texts(each, texts)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, inner in value.items():
        is_leaf = not isinstance(inner, dict | list)
        if is_leaf and (texts or key in REFERENCES) and not isinstance(inner, str):
            found.append(f"{key}: {inner}")
        of_texts = key in ("labels", "annotations", "matchLabels", "nodeSelector", "data")
        found += _no_texts(inner, of_texts)
    return found
