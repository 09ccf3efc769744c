"""Weights near the pods: where they are mounted, and what a pod asks of its node's disk."""

from pathlib import Path

import pytest

from .release import changed, scenario

USING = {"train", "merge", "evaluate", "serve"}
IMAGE, VOLUME = "/var/cache/gabarito/image-0", "/var/cache/gabarito/volume"


def test_what_loads_weights_looks_in_the_image_and_in_the_volume() -> None:
    release = scenario("model-cache")
    for pod in release.pods():
        container = pod.spec["containers"][0]
        env = {each["name"]: each.get("value") for each in container["env"]}
        mounts = {each["mountPath"]: each for each in container["volumeMounts"]}
        volumes = {each["name"]: each for each in pod.spec["volumes"]}
        if pod.component not in USING:
            assert "GABARITO_MODEL_CACHE" not in env
            assert not {"model-cache", "model-image-0"} & {*volumes}
            continue
        assert env["GABARITO_MODEL_CACHE"] == f"{IMAGE}:{VOLUME}"
        assert env["GABARITO_MODEL_CACHE_KEEP"] == "4"
        assert mounts[IMAGE]["readOnly"] is True
        assert volumes[mounts[IMAGE]["name"]]["image"] == {
            "reference": "registry.example.com/weights:1", "pullPolicy": "IfNotPresent",
        }  # fmt: skip
        assert volumes[mounts[VOLUME]["name"]]["persistentVolumeClaim"] == {"claimName": "weights"}


def test_a_folder_of_the_node_may_be_the_volume(tmp_path: Path) -> None:
    cache = {"existingClaim": "", "hostPath": "/var/lib/weights", "images": []}
    pod = changed(tmp_path, "model-cache", {"modelCache": cache}).pod("serve").spec
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes["model-cache"]["hostPath"]["path"] == "/var/lib/weights"
    assert {"name": "GABARITO_MODEL_CACHE", "value": VOLUME} in pod["containers"][0]["env"]


def test_one_volume_is_enough(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="modelCache: existingClaim and hostPath"):
        changed(tmp_path, "model-cache", {"modelCache": {"hostPath": "/x"}})


def test_what_copies_a_teachers_model_mounts_no_volume_that_its_pod_lacks(tmp_path: Path) -> None:
    cache = {"modelCache": {"existingClaim": "weights"}}
    for pod in changed(tmp_path, "teacher-llama-cpp", cache).pods():
        volumes = {each["name"] for each in pod.spec["volumes"]}
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
            mounts = {each["name"] for each in container.get("volumeMounts", ())}
            assert mounts <= volumes, (pod.component, container["name"])


def test_without_a_cache_nothing_is_mounted_or_asked_for() -> None:
    for pod in scenario("demo").pods():
        assert "GABARITO_MODEL_CACHE" not in str(pod.spec)
        assert "ephemeral-storage" not in str(pod.spec)


@pytest.mark.parametrize(
    ("cache", "more", "asked"),
    [
        ({}, {}, {"merge": "3500M"}),
        (
            {"existingClaim": ""},
            {},
            {"train": "3500M", "merge": "6000M", "evaluate": "6000M", "serve": "3500M"},
        ),
        ({"existingClaim": ""}, {"stages": {"train": {"gpu": {"count": 4}}}},
         {"train": "11000M", "merge": "6000M", "evaluate": "6000M", "serve": "3500M"}),
        ({}, {"pipeline": {"train": {"method": "full", "learning_rate": 1e-4}}},
         {"train": "21000M", "merge": "3500M"}),
        ({}, {"stages": {"merge": {"resources": {"requests": {"ephemeral-storage": "9Gi"}}}}},
         {"merge": "9Gi"}),
        ({}, {"stages": {"merge": {"scratch": {"claim": {"storageClassName": "fast"}}}}}, {}),
    ],
)  # fmt: skip
def test_a_pod_asks_for_the_disk_that_the_base_takes(
    cache: dict[str, str], more: dict[str, object], asked: dict[str, str], tmp_path: Path
) -> None:
    release = changed(tmp_path, "model-cache", {"modelCache": cache, **more})
    found = {}
    for pod in release.pods():
        requests = pod.spec["containers"][0]["resources"].get("requests", {})
        if "ephemeral-storage" in requests:
            found[pod.component] = requests["ephemeral-storage"]
    assert found == asked
