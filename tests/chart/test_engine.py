"""The endpoint before another engine: what writes its files, the engine, and who sees whom."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.pipeline.runs import new_run

from .helm import Object
from .release import Release, bodies, changed, scenario

GPU = "nvidia.com/gpu"


def containers(release: Release) -> dict[str, Object]:
    """Return the containers of the endpoint's pod by their names, in the order of their start."""
    spec = release.pod("serve").spec
    return {one["name"]: one for one in (*spec.get("initContainers", ()), *spec["containers"])}


def of_serve(tmp_path: Path, values: dict[str, Any], name: str = "llama-cpp") -> Release:
    return changed(tmp_path, name, {"stages": {"serve": values}})


def mounts(container: Object) -> dict[str, str]:
    return {one["mountPath"]: one["name"] for one in container["volumeMounts"]}


def test_files_are_written_then_the_engine_begins_then_the_endpoint_before_it() -> None:
    found = containers(scenario("llama-cpp"))
    assert [*found] == ["model", "engine", "serve"]
    assert "restartPolicy" not in found["model"]
    assert found["engine"]["restartPolicy"] == "Always"  # and so it ends after the endpoint
    assert found["serve"]["args"][-2:] == ["--engine-url", "http://127.0.0.1:8080"]
    for container in (found["model"], found["engine"]):
        assert mounts(container)["/model"] == "model"
    assert mounts(found["model"])["/tmp"] != mounts(found["engine"])["/tmp"]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("vllm", ["export", "folder", "--unverified", "--to", "/model/folder"]),
        (
            "llama-cpp",
            [
                *["export", "gguf", "--unverified", "--to", "/model/gguf"],
                *["--precision", "q8_0", "--file-name", "model.gguf"],
            ],
        ),
    ],
)
def test_the_files_are_those_of_the_model_that_is_served(
    name: str, args: list[str], tmp_path: Path
) -> None:
    release = scenario(name)
    assert containers(release)["model"]["args"] == args
    place = "/model/gguf/model.gguf" if name == "llama-cpp" else "/model/folder"
    assert place in containers(release)["engine"]["args"]
    config, templates = release.written(tmp_path)
    *_, made = bodies(config, templates, new_run(scenario("demo").pipeline))
    spec = made["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["args"] == [*args, "--digest", "0" * 64]
    assert spec["containers"][0]["args"][-2:] == ["--model-digest", "0" * 64]


def test_without_the_controller_the_files_are_the_channels(tmp_path: Path) -> None:
    values = {"controller": {"enabled": False}, "pipeline": {"channel": "live"}}
    data = changed(tmp_path, "vllm", values).named("ConfigMap", "demo-gabarito-controller")["data"]
    (text,) = (text for name, text in data.items() if name.endswith("serve.yaml"))
    spec = yaml.safe_load(text)["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["args"][-2:] == ["--channel", "live"]


def test_the_gpu_and_shared_memory_are_the_engines() -> None:
    found = containers(scenario("vllm"))
    assert found["engine"]["resources"]["limits"][GPU] == 1
    assert [GPU in str(found[name]["resources"]) for name in ("model", "serve")] == [False, False]
    assert mounts(found["engine"])["/dev/shm"] == "shm"
    assert found["serve"]["resources"]["limits"] == {"memory": "4Gi"}
    assert scenario("vllm").endpoint["spec"]["strategy"]["type"] == "Recreate"


def test_the_engine_has_no_credentials(tmp_path: Path) -> None:
    store = {"existingSecret": "bucket", "endpoint": "https://s3.example.com"}
    token = {"stages": {"serve": {"token": {"existingSecret": "token"}}}}
    found = containers(changed(tmp_path, "vllm", {"store": store, **token}))
    assert "bucket" in str(found["model"]["env"])
    assert "token" in str(found["serve"]["env"])
    assert "valueFrom" not in str(found["engine"])
    assert {one["name"] for one in found["engine"]["env"]} >= {"HOME", "HF_HUB_OFFLINE"}


def test_one_service_and_one_port_lead_to_the_endpoint_alone() -> None:
    release = scenario("llama-cpp")
    found = containers(release)
    assert [one["name"] for one in found.values() if one.get("ports")] == ["serve"]
    (policy,) = (
        each
        for each in release.of_kind("NetworkPolicy")
        if each["metadata"]["name"] == "demo-gabarito-serve"
    )
    ports = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    assert ports == [8000]


def test_anything_else_of_a_container_may_be_said(tmp_path: Path) -> None:
    probe = {"exec": {"command": ["curl", "--fail", "http://127.0.0.1:9000/health"]}}
    extra = {
        "livenessProbe": probe,
        "imagePullPolicy": "Always",
        "securityContext": {"runAsUser": 1000},
    }
    mount = {"name": "cache", "mountPath": "/cache"}
    values = {"container": {"port": 9000, "extra": extra, "volumeMounts": [mount]}}
    found = containers(of_serve(tmp_path, values))
    engine = found["engine"]
    assert (engine["livenessProbe"], engine["imagePullPolicy"]) == (probe, "Always")
    assert engine["securityContext"]["runAsUser"] == 1000
    assert engine["securityContext"]["readOnlyRootFilesystem"] is True
    assert mount in engine["volumeMounts"]
    assert found["serve"]["args"][-1] == "http://127.0.0.1:9000"


def test_sidecars_begin_before_the_files_are_fetched(tmp_path: Path) -> None:
    found = containers(of_serve(tmp_path, {"sidecars": [{"name": "proxy"}]}))
    assert [*found] == ["proxy", "model", "engine", "serve"]


def test_an_engine_needs_an_image(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"stages\.serve\.container\.image: must be given with st"):
        of_serve(tmp_path, {"container": {"image": ""}})


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"engine": "vllm"}, "/stages/serve/engine"),
        ({"container": {"format": "onnx"}}, "/stages/serve/container/format"),
        ({"container": {"arguments": []}}, "/stages/serve/container"),
        ({"container": {"port": 0}}, "/stages/serve/container/port"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    values: dict[str, Any], path: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=path):
        of_serve(tmp_path, values)


def test_by_default_there_is_one_container() -> None:
    assert [*containers(scenario("demo"))] == ["serve"]
    assert "--engine-url" not in containers(scenario("demo"))["serve"]["args"]
