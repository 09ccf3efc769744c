"""What the chart and the values both give stands once in a pod, or is refused with its value."""

from pathlib import Path

import pytest

from .api_schemas import mistakes
from .helm import Object
from .release import Release, changed, merged

EVERYTHING: Object = {
    "pipeline": {"generate": {"teacher": {"url": None}}},
    "store": {"endpoint": "https://s3.example.com", "region": "eu", "addressing": "path"},
    "teacher": {"deploy": {"enabled": True, "image": "example/server:1", "model": "org/model"}},
    "tracing": {"endpoint": "http://collector:4318", "existingSecret": "otel", "content": True},
    "modelCache": {"existingClaim": "weights", "images": [{"reference": "example/weights:1"}]},
    "retention": {"enabled": True},
    "refresh": {"enabled": True},
    "stages": {
        "train": {"processes": 2, "gpu": {"count": 0}},
        "serve": {"engine": "container", "container": {"image": "example/engine:1"}},
    },
}


def together(folder: Path, values: Object | None = None) -> Release:
    """Return a release with all of it, and values over that."""
    return changed(folder, "retention", merged(EVERYTHING, values or {}))


def variables(release: Release) -> dict[tuple[str, str], list[Object]]:
    """Return the variables of every container, by component and container."""
    return {
        (pod.component, container["name"]): container.get("env", [])
        for pod in release.pods()
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"])
    }


def test_a_variable_of_the_values_replaces_the_charts_own(tmp_path: Path) -> None:
    own = {each["name"] for env in variables(together(tmp_path)).values() for each in env}
    assert {"OTEL_SERVICE_NAME", "GABARITO_MODEL_CACHE", "TORCH_ELASTIC_SHUTDOWN_TIMEOUT"} <= own
    assert {"AWS_ENDPOINT_URL", "GABARITO_TEACHER_URL", "AWS_CONFIG_FILE"} <= own
    given = [{"name": name, "value": "mine"} for name in sorted(own)]
    values = {"stageDefaults": {"extraEnv": given}, "controller": {"extraEnv": given}}
    for (component, container), env in variables(together(tmp_path, values)).items():
        if container not in ("engine", "teacher", "teacher-ready"):
            assert env == given, (component, container)


def test_of_one_name_given_twice_the_last_counts(tmp_path: Path) -> None:
    twice = [{"name": name, "value": value} for name, value in (("A", "1"), ("B", "2"), ("A", "3"))]
    values = {
        "stageDefaults": {"extraEnv": twice},
        "teacher": {"deploy": {"env": twice}},
        "stages": {"serve": {"container": {"env": twice}}},
    }
    envs = variables(together(tmp_path, values))
    for place in (("train", "stage"), ("serve", "engine"), ("generate", "teacher"), ("gc", "gc")):
        assert envs[place][-2:] == [twice[1], twice[2]]
        assert [each["name"] for each in envs[place]].count("A") == 1


def test_all_of_it_together_is_what_kubernetes_takes(tmp_path: Path) -> None:
    release = together(tmp_path)
    for each in (*release.of_kind("CronJob"), *release.jobs.values(), release.endpoint):
        assert mistakes(each) == []
    for pod in release.pods():
        volumes = [each["name"] for each in pod.spec["volumes"]]
        assert len(volumes) == len({*volumes})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes: tmp"),
        ({"extraVolumes": [{"name": "model-cache", "emptyDir": {}}]}, "extraVolumes: model-cache"),
        (
            {"extraVolumes": [{"name": "mine"}], "extraVolumeMounts": [
                {"name": "mine", "mountPath": "/tmp"}]},
            "extraVolumeMounts: /tmp: container stage has a mount there",
        ),
        ({"sidecars": [{"name": "stage"}]}, "sidecars, initContainers: stage"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_name_that_the_pod_has_is_refused(values: Object, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"stages.train.{said}"):
        together(tmp_path, {"stages": {"train": values}})


OWN = ("stage", "serve", "model", "engine", "teacher-model", "teacher", "teacher-ready",
       "controller", "gc", "refresh", "test")  # fmt: skip


def test_what_the_chart_calls_its_containers_is_known(tmp_path: Path) -> None:
    names = {
        container["name"]
        for pod in together(tmp_path).pods()
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"])
    }
    assert names <= {*OWN}
    assert names >= {"stage", "serve", "model", "engine", "controller", "gc", "teacher-ready"}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    ("place", "kind"), [("stages.curate", "sidecars"), ("controller", "initContainers")]
)
def test_a_container_of_the_values_is_not_called_as_one_of_the_charts(
    name: str, place: str, kind: str, tmp_path: Path
) -> None:
    mine: Object = {kind: [{"name": name}]}
    values = {"stages": {"curate": mine}} if place != "controller" else {place: mine}
    wrong = rf"{place}.sidecars, initContainers: {name}: the chart calls a container of its own so"
    with pytest.raises(ValueError, match=wrong):
        changed(tmp_path, "demo", values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"extraVolumes": [{"name": "config", "emptyDir": {}}]}, "extraVolumes: config"),
        ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes: tmp"),
        (
            {"extraVolumes": [{"name": "mine"}], "extraVolumeMounts": [
                {"name": "mine", "mountPath": "/etc/gabarito"}]},
            "extraVolumeMounts: /etc/gabarito",
        ),
    ],
    ids=["volume", "scratch", "mount"],
)  # fmt: skip
def test_so_are_volumes_of_the_pods_that_the_chart_itself_makes(
    values: Object, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"controller.{said}"):
        changed(tmp_path, "demo", {"controller": values})
    with pytest.raises(ValueError, match=f"stages.generate.{said}"):
        changed(tmp_path, "demo", {"stages": {"generate": values}})


@pytest.mark.parametrize("name", ["model", "engine-tmp"])
def test_the_engines_volumes_are_its_own(name: str, tmp_path: Path) -> None:
    mine = {"extraVolumes": [{"name": name, "emptyDir": {}}]}
    with pytest.raises(ValueError, match=rf"stages\.serve\.extraVolumes: {name}"):
        together(tmp_path, {"stages": {"serve": mine}})
    assert together(tmp_path, {"stages": {"train": mine}}).objects
