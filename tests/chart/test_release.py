"""What helm renders, for the values of every scenario."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from gabarito import __version__
from gabarito.core.settings import local_path, parse, read_yaml
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

from .helm import CHART, Object, helm, template
from .release import SCENARIOS, Release, bodies, changed, merged, scenario
from .restricted import violations

STATIC = {
    "ConfigMap", "Deployment", "ExternalSecret", "HTTPRoute", "HorizontalPodAutoscaler", "Ingress",
    "NetworkPolicy", "PodDisruptionBudget", "PodMonitor", "PrometheusRule", "Role", "RoleBinding",
    "Service", "ServiceAccount", "ServiceMonitor",
}  # fmt: skip
LABELS = {f"app.kubernetes.io/{name}" for name in (
    "name", "instance", "component", "version", "managed-by", "part-of",
)}  # fmt: skip
OWNER = "demo-gabarito-owner"


@pytest.fixture(params=SCENARIOS)
def release(request: pytest.FixtureRequest) -> Release:
    return scenario(request.param)


def test_helm_lint_finds_nothing(release: Release) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", str(release.path))
    assert done.returncode == 0, done.stdout


def test_twice_gives_the_same_bytes(release: Release) -> None:
    assert template(release.path) == template(release.path)


def test_only_static_objects_are_rendered(release: Release) -> None:
    hooks = [each for each in release.objects if "helm.sh/hook" in _notes(each)]
    assert {_notes(each)["helm.sh/hook"] for each in hooks} == {"test"}
    assert {each["kind"] for each in release.objects if each not in hooks} <= STATIC


def test_every_object_has_its_labels_and_a_name_of_its_own(release: Release) -> None:
    ours = [each for each in release.objects if each["kind"] != "ExternalSecret"]
    for each in ours:
        lacking = LABELS - {*each["metadata"]["labels"]}
        assert not lacking or each["metadata"]["name"] == OWNER, each["metadata"]
        assert each["metadata"]["namespace"] == "team"
    named = Counter((each["kind"], each["metadata"]["name"]) for each in release.objects)
    assert max(named.values()) == 1


def test_nothing_changes_in_the_owner(release: Release) -> None:
    assert release.named("ConfigMap", OWNER) == scenario("demo").named("ConfigMap", OWNER)
    assert "0.1.0" not in str(release.named("ConfigMap", OWNER))


def test_every_selector_finds_pods(release: Release) -> None:
    pods = [pod.labels.items() for pod in release.pods()]
    for selector in _selectors(release):
        assert any(selector.items() <= labels for labels in pods), selector


def test_every_pod_is_restricted(release: Release) -> None:
    assert {pod.component: violations(pod.spec) for pod in release.pods()} == {
        pod.component: [] for pod in release.pods()
    }


def test_no_root_file_system_can_be_written(release: Release) -> None:
    for pod in release.pods():
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        (tmp,) = (volume for volume in pod.spec["volumes"] if volume["name"] == "tmp")
        assert {*tmp} & {"emptyDir", "ephemeral"}


def test_only_the_controller_has_a_token(release: Release) -> None:
    for pod in release.pods():
        assert pod.spec["automountServiceAccountToken"] is (pod.component == "controller")
        assert pod.spec["enableServiceLinks"] is False
    assert release.named("ServiceAccount", "demo-gabarito-stage")[
        "automountServiceAccountToken"
    ] is False  # fmt: skip


def test_keys_come_from_secrets_only(release: Release) -> None:
    for pod in release.pods():
        for entry in pod.spec["containers"][0]["env"]:
            if entry["name"].endswith(("_KEY", "_TOKEN", "_KEY_ID")):
                assert {*entry} == {"name", "valueFrom"}


def test_the_controller_reads_what_the_chart_wrote(release: Release, tmp_path: Path) -> None:
    config, templates = release.written(tmp_path)
    pipeline = parse(Pipeline, release.values["pipeline"], "values")
    assert release.pipeline == pipeline
    assert config.owner == OWNER
    assert templates.serve.body["metadata"]["name"] == "demo-gabarito-serve"
    assert config.store == release.values["store"]["url"]


def test_the_demo_is_the_sample() -> None:
    release, sample = scenario("demo"), local_path("gabarito:demo/pipeline.yaml")
    assert release.values["pipeline"] == read_yaml(sample)
    assert new_run(release.pipeline).run == new_run(parse(Pipeline, read_yaml(sample), "x")).run


@pytest.mark.parametrize("name", ["demo", "kueue"])
def test_the_bodies_are_those_of_a_run(name: str, tmp_path: Path) -> None:
    config, templates = scenario(name).written(tmp_path)
    made = bodies(config, templates, new_run(scenario("demo").pipeline))
    for body in made[:-1]:
        assert body["spec"]["suspend"] is True
        assert not violations(body["spec"]["template"]["spec"])
        assert len(body["metadata"]["name"]) <= 63
    arguments = [body["spec"]["template"]["spec"]["containers"][0]["args"] for body in made]
    assert [each[0] for each in arguments] == [*STAGES, "serve"]
    assert ("--shard" in arguments[1]) is (name == "kueue")


@pytest.mark.parametrize(("at_once", "parallelism"), [(0, 3), (2, 2), (9, 3)])
def test_of_shards_so_many_run_at_once(at_once: int, parallelism: int, tmp_path: Path) -> None:
    values = {"stages": {"generate": {"shards": 3, "parallelism": at_once}}}
    config, templates = changed(tmp_path, "demo", values).written(tmp_path)
    _, generate, *_ = bodies(config, templates, new_run(scenario("demo").pipeline))
    spec = generate["spec"]
    assert (spec["completions"], spec["parallelism"]) == (3, parallelism)


def test_what_is_in_no_shards_runs_once(tmp_path: Path) -> None:
    values = {"stages": {"generate": {"shards": 1, "parallelism": 4}}}
    config, templates = changed(tmp_path, "demo", values).written(tmp_path)
    _, generate, *_ = bodies(config, templates, new_run(scenario("demo").pipeline))
    assert "parallelism" not in generate["spec"]


def test_the_chart_is_of_the_version_of_the_code() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == __version__


def test_a_change_of_the_pipeline_rolls_the_controller_alone(tmp_path: Path) -> None:
    before = scenario("demo")
    after = changed(tmp_path, "demo", {"pipeline": {"train": {"steps": 801}}})
    differing = [
        (one["kind"], one["metadata"]["name"])
        for one, other in zip(before.objects, after.objects, strict=True)
        if one != other
    ]
    name = "demo-gabarito-controller"
    assert differing == [("ConfigMap", name), ("Deployment", name)]
    assert (before.jobs, before.endpoint) == (after.jobs, after.endpoint)


def test_nothing_that_is_null_or_a_list_is_lost_on_the_way(tmp_path: Path) -> None:
    section = {
        "teacher": {"temperature": None, "max_tokens": None, "parameters": {"top_k": 50_000_000}},
        "families": {"train": ["cloze", {"name": "own", "instruction": "as a poet asks"}]},
    }
    release = changed(tmp_path, "demo", {"pipeline": {"generate": section}})
    given = merged(scenario("demo").values["pipeline"], {"generate": section})
    assert release.pipeline == parse(Pipeline, given, "values")


def test_the_violations_are_seen() -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "c", "ports": [{"hostPort": 1}]}],
            "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}  # fmt: skip
    assert len(violations(spec)) == 7


def _selectors(release: Release) -> list[dict[str, str]]:
    found = []
    for each in release.objects:
        spec = each.get("spec", {})
        selector = spec.get("selector") or spec.get("podSelector")
        if selector and each["kind"] != "ServiceMonitor":
            found.append(selector.get("matchLabels", selector))
    endpoint = release.endpoint["spec"]
    assert endpoint["selector"]["matchLabels"].items() <= (
        endpoint["template"]["metadata"]["labels"].items()
    )
    return found


def _notes(each: Object) -> dict[str, str]:
    annotations: dict[str, str] = each["metadata"].get("annotations") or {}
    return annotations
