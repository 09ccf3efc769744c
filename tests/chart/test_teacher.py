"""The release's own teacher: beside which stages it runs, what it has, and who sees it."""

from pathlib import Path
from typing import Any

import pytest

from gabarito.pipeline.stages import STAGES

from .helm import Object
from .release import Release, changed, scenario

GPU = "nvidia.com/gpu"
LLAMA, VLLM = "teacher-llama-cpp", "teacher-vllm"
URL = "http://127.0.0.1:8080/v1"
WEB = "0.0.0.0/0"


def containers(release: Release, component: str = "generate") -> dict[str, Object]:
    """Return the containers of a pod by their names, in the order of their start."""
    spec = release.pod(component).spec
    return {one["name"]: one for one in (*spec.get("initContainers", ()), *spec["containers"])}


def of_teacher(tmp_path: Path, values: dict[str, Any]) -> Release:
    return changed(tmp_path, LLAMA, {"teacher": {"deploy": values}})


def variables(container: Object) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in container["env"]}


def mounts(container: Object) -> dict[str, str]:
    return {one["mountPath"]: one["name"] for one in container["volumeMounts"]}


def test_model_server_and_wait_come_before_the_stage() -> None:
    found = containers(scenario(LLAMA))
    assert [*found] == ["teacher-model", "teacher", "teacher-ready", "stage"]
    assert found["teacher"]["restartPolicy"] == "Always"  # and so it ends with the stage
    assert not any("restartPolicy" in found[name] for name in ("teacher-model", "teacher-ready"))
    assert found["teacher"]["image"] == "ghcr.io/ggml-org/llama.cpp:server"
    assert variables(found["stage"])["GABARITO_TEACHER_URL"] == URL
    waits = ["wait", URL, "--model", "teacher", "--seconds", "1800"]
    assert found["teacher-ready"]["args"] == waits


def test_only_stages_that_ask_it_have_it() -> None:
    def having(release: Release) -> set[str]:
        return {each for each in STAGES if "teacher" in containers(release, each)}

    assert having(scenario(LLAMA)) == {"generate"}
    assert having(scenario(VLLM)) == {"generate", "evaluate"}
    assert variables(containers(scenario(VLLM), "evaluate")["stage"])["GABARITO_TEACHER_URL"] == URL
    for component in ("controller", "serve", "test"):
        assert "teacher" not in containers(scenario(VLLM), component)


def test_a_judge_of_another_address_needs_none(tmp_path: Path) -> None:
    judge = {"pipeline": {"evaluate": {"judge": {"url": "https://judge.example.com/v1"}}}}
    assert "teacher" not in containers(changed(tmp_path, VLLM, judge), "evaluate")


def test_evaluate_waits_for_the_judges_own_model(tmp_path: Path) -> None:
    judge = {"pipeline": {"evaluate": {"judge": {"model": "other"}}}}
    release = changed(tmp_path, VLLM, judge)
    asked = {
        stage: containers(release, stage)["teacher-ready"]["args"][3]
        for stage in ("generate", "evaluate")
    }
    assert asked == {"generate": "teacher", "evaluate": "other"}


def test_it_alone_has_the_gpu_of_generate() -> None:
    found = containers(scenario(VLLM))
    having = [name for name, each in found.items() if GPU in str(each["resources"])]
    assert having == ["teacher"]
    of_pods = {stage: str(scenario(VLLM).pod(stage).spec).count(GPU) for stage in STAGES}
    one = {"generate": 1, "train": 1, "evaluate": 1}
    assert of_pods == {stage: one.get(stage, 0) for stage in STAGES}


def test_its_model_is_not_copied_by_an_image_that_is_generates_alone(tmp_path: Path) -> None:
    own = {"stages": {"generate": {"image": "my.example/generate:1"}}}
    found = containers(changed(tmp_path, VLLM, own))
    assert found["stage"]["image"] == "my.example/generate:1"
    assert found["teacher-model"]["image"] == containers(scenario(VLLM))["teacher-model"]["image"]


def test_its_model_is_copied_by_the_image_that_reads_the_hub() -> None:
    llama, vllm = containers(scenario(LLAMA)), containers(scenario(VLLM))
    prefix = ["fetch", "s3://example-bucket/models/teacher", "--to", "/model"]
    assert llama["teacher-model"]["args"] == [*prefix, "--only", "teacher-Q4_K_M.gguf"]
    assert vllm["teacher-model"]["args"] == ["fetch", "example/teacher-model", "--to", "/model"]
    assert llama["teacher-model"]["image"].startswith("gabarito-train:")
    assert mounts(llama["teacher-model"])["/model"] == mounts(llama["teacher"])["/model"]
    assert mounts(llama["teacher-model"])["/tmp"] != mounts(llama["teacher"])["/tmp"]
    volumes = {one["name"]: one for one in scenario(LLAMA).pod("generate").spec["volumes"]}
    assert volumes["teacher-model"]["emptyDir"] == {"sizeLimit": "30Gi"}
    claims = {one["name"]: one for one in scenario(VLLM).pod("generate").spec["volumes"]}
    assert "ephemeral" in claims["teacher-model"]
    assert mounts(vllm["teacher"])["/dev/shm"] == "shm"


def test_only_a_model_of_the_hub_is_fetched_from_the_web() -> None:
    assert _reaches_web(scenario(VLLM), "generate")
    assert not _reaches_web(scenario(LLAMA), "generate")


def test_nothing_outside_the_pod_reaches_it(tmp_path: Path) -> None:
    release = of_teacher(tmp_path, {"port": 9123})
    policy = release.named("NetworkPolicy", "demo-gabarito-generate")["spec"]
    assert "Ingress" in policy["policyTypes"]
    assert "ingress" not in policy
    assert "9123" not in str(release.of_kind("NetworkPolicy"))
    assert not any(one.get("ports") for one in containers(release).values())
    assert variables(containers(release)["stage"])["GABARITO_TEACHER_URL"].endswith(":9123/v1")


def test_it_has_no_credentials(tmp_path: Path) -> None:
    given = {"store": {"existingSecret": "bucket"}, "teacher": {"existingSecret": "teacher"}}
    found = containers(changed(tmp_path, LLAMA, given))
    assert "bucket" in str(found["teacher-model"]["env"])
    for name in ("teacher", "teacher-ready"):
        assert "valueFrom" not in str(found[name])
        assert "/run/secrets" not in str(found[name])
    assert "existingSecret" not in str(found["teacher-model"])
    assert "GABARITO_TEACHER_KEY" not in str(found["teacher-model"])


def test_what_its_helpers_exit_with_counts_as_a_stages() -> None:
    for name, others in ((LLAMA, {"teacher-model", "teacher-ready"}), ("defaults", set())):
        rules = scenario(name).jobs["generate"]["spec"]["podFailurePolicy"]["rules"]
        codes = [rule["onExitCodes"] for rule in rules if "onExitCodes" in rule]
        by_container = {
            each: [rule["values"] for rule in codes if rule["containerName"] == each]
            for each in {rule["containerName"] for rule in codes}
        }
        assert {*by_container} == {"stage", *others}
        assert len({str(values) for values in by_container.values()}) == 1
        assert {*by_container} <= {*containers(scenario(name))}


def test_without_a_model_nothing_is_fetched() -> None:
    found = containers(scenario("demo"))
    assert [*found] == ["teacher", "teacher-ready", "stage"]
    assert found["teacher"]["image"] == found["stage"]["image"]
    assert "/model" not in mounts(found["teacher"])


def test_shards_have_one_each(tmp_path: Path) -> None:
    release = changed(tmp_path, LLAMA, {"stages": {"generate": {"shards": 3}}})
    rules = release.jobs["generate"]["spec"]["podFailurePolicy"]["rules"]
    assert sum(rule["action"] == "FailIndex" for rule in rules) == 3
    assert "teacher" in containers(release)


def test_helm_test_asks_no_teacher_that_runs_beside_stages_alone() -> None:
    (test,) = scenario(LLAMA).pod("test").spec["containers"]
    assert test["command"][-1] == "--no-teacher"
    (test,) = scenario("defaults").pod("test").spec["containers"]
    assert "--no-teacher" not in test["command"]


def test_sidecars_begin_before_it(tmp_path: Path) -> None:
    values = {"stages": {"generate": {"sidecars": [{"name": "proxy"}]}}}
    assert next(iter(containers(changed(tmp_path, LLAMA, values)))) == "proxy"


def test_anything_else_of_a_container_may_be_said(tmp_path: Path) -> None:
    extra = {"imagePullPolicy": "Always", "securityContext": {"runAsUser": 1000}}
    found = containers(of_teacher(tmp_path, {"extra": extra}))["teacher"]
    assert found["imagePullPolicy"] == "Always"
    assert found["securityContext"]["runAsUser"] == 1000
    assert found["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"teacher": {"url": "https://t.example.com/v1"}}, r"teacher\.url: .*leave one of them"),
        (
            {"pipeline": {"generate": {"teacher": {"url": "https://t.example.com/v1"}}}},
            r"pipeline\.generate\.teacher\.url: .*leave one of them",
        ),
        ({"pipeline": {"generate": {"teacher": None}}}, r"generate\.teacher\.model: must be given"),
        (
            {"teacher": {"deploy": {"image": "", "args": []}}},
            r"teacher\.deploy\.image: must be given with",
        ),
        ({"teacher": {"deploy": {"model": "./here"}}}, "/teacher/deploy/model"),
        ({"teacher": {"deploy": {"model": "gguf"}}}, "/teacher/deploy/model"),
        ({"teacher": {"deploy": {"port": 0}}}, "/teacher/deploy/port"),
        (
            {"teacher": {"deploy": {"readyTimeoutSeconds": 0}}},
            "/teacher/deploy/readyTimeoutSeconds",
        ),
        ({"teacher": {"deploy": {"modelFiles": [""]}}}, "/teacher/deploy/modelFiles"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    values: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        changed(tmp_path, LLAMA, values)


def _reaches_web(release: Release, component: str) -> bool:
    policy = release.named("NetworkPolicy", f"demo-gabarito-{component}")["spec"]
    return WEB in str(policy["egress"])
