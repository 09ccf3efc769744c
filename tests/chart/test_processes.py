"""Several GPUs in a pod, several pods: what train is told, and what it needs of the cluster."""

import json
from pathlib import Path

import pytest

from gabarito.controller.kube.api import JOB_SETS
from gabarito.controller.templates import TTL, TTL_UNTIL_SEEN_S, job_body, job_spec
from gabarito.pipeline.runs import Run, new_run

from .helm import CHART, Object, helm
from .job_sets import job_set_schema, violations_of
from .release import Release, changed, merged, scenario

NODES = CHART / "ci/nodes-values.yaml"
SHARED = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "4Gi"}}


def _train(folder: Path, **values: object) -> Release:
    return changed(folder, "defaults", {"stages": {"train": values}})


def _stage(release: Release, stage: str = "train") -> Object:
    (found,) = release.pod(stage).spec["containers"]
    return dict(found)


def test_one_gpu_is_used_as_before(tmp_path: Path) -> None:
    release = _train(tmp_path, gpu={"count": 1})
    assert _stage(release)["args"] == ["train"]
    assert "shm" not in str(release.pod("train").spec)
    assert (release.config.processes, release.config.jobsets) == (1, False)


def test_a_process_trains_on_each_gpu_and_they_share_memory(tmp_path: Path) -> None:
    release = _train(tmp_path, gpu={"count": 4})
    stage, pod = _stage(release), release.pod("train").spec
    assert stage["args"] == ["train", "--processes", "4"]
    assert stage["resources"]["limits"]["nvidia.com/gpu"] == 4
    assert SHARED in pod["volumes"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in stage["volumeMounts"]
    told = {each["name"]: each.get("value") for each in stage["env"]}
    assert told["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] == str(pod["terminationGracePeriodSeconds"])
    assert release.config.processes == 4


def test_its_size_is_a_value(tmp_path: Path) -> None:
    release = _train(tmp_path, gpu={"count": 4}, sharedMemory="32Gi")
    assert "'sizeLimit': '32Gi'" in str(release.pod("train").spec["volumes"])


def test_processes_without_a_gpu_share_the_processors(tmp_path: Path) -> None:
    release = _train(tmp_path, gpu={"count": 0}, processes=2)
    assert _stage(release)["args"] == ["train", "--processes", "2"]
    assert "nvidia.com/gpu" not in str(_stage(release))


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ({"train": {"gpu": {"count": 2}, "processes": 3}}, "a GPU is for one process, got 3"),
        ({"evaluate": {"gpu": {"count": 2}}}, "stages.evaluate.gpu.count: evaluate uses one GPU"),
        ({"serve": {"gpu": {"count": 2}}}, "stages.serve.gpu.count: serve uses one GPU, got 2"),
    ],
)
def test_gpus_that_nobody_would_use_are_refused(
    stages: Object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        changed(tmp_path, "defaults", {"stages": stages})


def test_an_engine_of_its_own_may_have_several(tmp_path: Path) -> None:
    several = {"stages": {"serve": {"gpu": {"count": 2}}}}
    assert changed(tmp_path, "vllm", several).endpoint


def test_several_nodes_are_a_job_set_that_its_schema_allows(tmp_path: Path) -> None:
    config, templates = scenario("nodes").written(tmp_path)
    body = job_body(config, templates.stages["train"], _run(), "train", 1)
    assert list(violations_of(body, job_set_schema())) == []
    misspelt = merged(body, {"spec": {"suspended": True}})
    assert "suspended" in str(list(violations_of(misspelt, job_set_schema())))
    spec, name = job_spec(body), body["metadata"]["name"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert body["spec"]["suspend"] is True
    assert "suspend" not in spec
    assert body["spec"][TTL] >= TTL_UNTIL_SEEN_S
    assert TTL not in spec
    (container,) = spec["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--rendezvous", f"{name}-t-0-0.{name}:29400"]
    assert container["args"][:5] == ["train", "--processes", "8", "--nodes", "2"]
    assert container["resources"]["limits"]["rdma/hca"] == 8
    assert (config.processes, config.jobsets) == (16, True)


def test_pods_of_one_training_reach_each_other_and_no_others_do() -> None:
    for name, peers in (("nodes", [{"podSelector": {"matchLabels": _selector()}}]), ("demo", None)):
        policy = scenario(name).named("NetworkPolicy", "demo-gabarito-train")["spec"]
        rules = [rule for rule in policy["egress"] if "ports" not in rule]
        assert rules == ([{"to": peers}] if peers else [])
        assert policy.get("ingress") == ([{"from": peers}] if peers else None)
    for stage in ("merge", "evaluate"):
        policy = scenario("nodes").named("NetworkPolicy", f"demo-gabarito-{stage}")["spec"]
        assert "ingress" not in policy
        assert all("ports" in rule for rule in policy["egress"])


def test_the_controller_may_make_job_sets_where_there_are_any() -> None:
    for name, is_allowed in (("nodes", True), ("demo", False)):
        rules = scenario(name).named("Role", "demo-gabarito-controller")["rules"]
        assert any(rule["apiGroups"] == ["jobset.x-k8s.io"] for rule in rules) is is_allowed


def test_who_holds_no_right_on_job_sets_leaves_them_out(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    for nodes in (1, 2):
        train = {"stages": {"train": {"nodes": nodes}}, "controller": {"jobSets": False}}
        file.write_text(json.dumps(merged(scenario("nodes").values, train)), encoding="utf-8")
        options = ("--values", str(file), "--api-versions", JOB_SETS.api)
        done = helm("template", "demo", str(CHART), *options)
        if nodes == 1:
            assert "jobsets: false" in done.stdout
            assert "jobset.x-k8s.io" not in done.stdout
    assert "stages.train.nodes: above 1 the controller makes a JobSet" in done.stderr


def test_without_its_crd_a_job_set_is_refused() -> None:
    said = helm("template", "demo", str(CHART), "--values", str(NODES)).stderr
    assert f"stages.train.nodes: above 1 it needs JobSet ({JOB_SETS.api})" in said
    assert "install it or set nodes to 1" in said


def _selector() -> dict[str, str]:
    policy = scenario("nodes").named("NetworkPolicy", "demo-gabarito-train")["spec"]
    labels: dict[str, str] = policy["podSelector"]["matchLabels"]
    return labels


def _run() -> Run:
    return new_run(scenario("demo").pipeline)
