"""Where the chart sends traces, and of which pods."""

from pathlib import Path
from typing import Any

import yaml

from gabarito.core.tracing import CONTENT
from gabarito.pipeline.stages import STAGES

from .release import Release, changed, scenario

ALL = (*STAGES, "serve", "controller", "test")
COLLECTOR = "http://otel-collector.observability:4318"


def traced(folder: Path, **more: Any) -> Release:  # noqa: ANN401  # any values
    return changed(folder, "irsa", {"tracing": {"endpoint": COLLECTOR, **more}})


def variables(release: Release, component: str) -> dict[str, Any]:
    """Return the variables about traces of a component's own container."""
    container = release.pod(component).spec["containers"][0]
    return {
        each["name"]: each.get("value", each.get("valueFrom"))
        for each in container["env"]
        if each["name"].startswith("OTEL_")
    }


def reaches(release: Release, component: str, port: int) -> bool:
    policy = release.named("NetworkPolicy", f"demo-gabarito-{component}")
    rules = policy["spec"]["egress"]
    return any(port == each["port"] for rule in rules for each in rule["ports"])


def test_nothing_is_traced_by_default() -> None:
    for name in ("defaults", "irsa"):
        assert not any(variables(scenario(name), component) for component in ALL)


def test_those_that_ask_a_model_and_the_endpoint_are_traced(tmp_path: Path) -> None:
    release = traced(tmp_path, sampleRatio=0.1)
    assert {each for each in ALL if variables(release, each)} == {"generate", "serve"}
    assert {each for each in ALL if reaches(release, each, 4318)} == {"generate", "serve"}
    assert variables(release, "serve") == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR,
        "OTEL_SERVICE_NAME": "demo-gabarito-serve",
        "OTEL_RESOURCE_ATTRIBUTES": "k8s.namespace.name=team,gabarito.pipeline=handbook",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
    }


def test_a_judge_s_calls_are_traced(tmp_path: Path) -> None:
    judge = {"pipeline": {"evaluate": {"judge": {"model": "m"}}}}
    release = changed(tmp_path, "irsa", {"tracing": {"endpoint": COLLECTOR}, **judge})
    assert {each for each in ALL if variables(release, each)} == {"generate", "evaluate", "serve"}


def test_a_judge_that_only_a_file_in_a_bucket_may_name_is_traced(tmp_path: Path) -> None:
    name = scenario("irsa").values["pipeline"]["name"]
    values = {
        **scenario("irsa").values,
        "teacher": {},
        "pipeline": {"name": name},
        "pipelineFrom": {"url": "pipelines/handbook.yaml"},
        "tracing": {"endpoint": COLLECTOR},
    }
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    release = Release(path)
    assert {each for each in ALL if variables(release, each)} == {"generate", "evaluate", "serve"}
    assert reaches(release, "evaluate", 4318)


def test_texts_and_headers_are_asked_for_by_name(tmp_path: Path) -> None:
    told = variables(traced(tmp_path, content=True, existingSecret="otel"), "generate")
    assert told[CONTENT] == "true"
    reference = {"secretKeyRef": {"name": "otel", "key": "OTEL_EXPORTER_OTLP_HEADERS"}}
    assert told["OTEL_EXPORTER_OTLP_HEADERS"] == reference


def test_a_collector_of_ones_own_is_the_only_one_reached(tmp_path: Path) -> None:
    to = [{"namespaceSelector": {"matchLabels": {"team": "watchers"}}}]
    values = {"tracing": {"endpoint": COLLECTOR}, "networkPolicy": {"tracing": {"to": to}}}
    policy = changed(tmp_path, "irsa", values).named("NetworkPolicy", "demo-gabarito-serve")
    (rule,) = [
        each for each in policy["spec"]["egress"] if any(p["port"] == 4318 for p in each["ports"])
    ]
    assert rule["to"] == to
