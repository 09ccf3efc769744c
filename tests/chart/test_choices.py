"""What single values change."""

from pathlib import Path

import pytest

from gabarito.core.errors import NEVER_COUNTED, NEVER_RETRIED, DataError
from gabarito.core.listening import EVERYWHERE
from gabarito.pipeline.stages import STAGES

from .helm import CHART, Object
from .release import Release, changed, scenario
from .values import read_values

GPU = "nvidia.com/gpu"
SECRETS = "gabarito-secrets"


@pytest.mark.parametrize("stage", STAGES)
def test_exit_codes_are_those_of_the_code(stage: str) -> None:
    rules = scenario("demo").jobs[stage]["spec"]["podFailurePolicy"]["rules"]
    assert {code for code in range(1, 256) if _action(rules, code) == "Ignore"} == NEVER_COUNTED
    assert {code for code in range(1, 256) if _action(rules, code) == "FailJob"} == NEVER_RETRIED
    conditions = [condition for rule in rules for condition in rule.get("onPodConditions", ())]
    assert conditions == [{"type": "DisruptionTarget", "status": "True"}]


@pytest.mark.parametrize("stage", ["ingest", "generate"])
def test_of_shards_a_bad_input_fails_one(stage: str) -> None:
    job = scenario("kueue").jobs[stage]["spec"]
    rules = job["podFailurePolicy"]["rules"]
    assert _action(rules, DataError.exit_code) == "FailIndex"
    assert _action(rules, 78) == "FailJob"
    assert (job["backoffLimitPerIndex"], job.get("backoffLimit")) == (6, None)
    assert "FailIndex" not in str(scenario("kueue").jobs["curate"])


def test_a_queue_and_shards_are_told_to_the_controller() -> None:
    config = scenario("kueue").config
    assert (config.queue, config.retries) == ("documents", {"generate": 1})
    assert config.shards == {"ingest": 2, "generate": 4}


def test_a_stage_lays_its_values_over_those_of_all() -> None:
    spot = scenario("spot")
    assert spot.pod("train").spec["tolerations"]
    assert "tolerations" not in spot.pod("serve").spec  # an empty list replaces, too
    demo = scenario("demo")
    assert not any(GPU in str(pod.spec) for pod in demo.pods())  # and so does a 0
    limits = scenario("defaults").pod("train").spec["containers"][0]["resources"]["limits"]
    assert limits == {GPU: 1, "memory": "16Gi"}


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        ({}, "RollingUpdate"),
        ({"gpu": {"count": 1}}, "Recreate"),
        ({"gpu": {"count": 1}, "replicas": 2}, "RollingUpdate"),
        ({"gpu": {"count": 1}, "strategy": "RollingUpdate"}, "RollingUpdate"),
        ({"strategy": "Recreate"}, "Recreate"),
    ],
)
def test_the_only_gpu_is_given_back_first(values: Object, strategy: str, tmp_path: Path) -> None:
    release = changed(tmp_path, "defaults", {"stages": {"serve": values}})
    assert release.endpoint["spec"]["strategy"]["type"] == strategy


@pytest.mark.parametrize(("name", "budgets"), [("defaults", 0), ("spot", 1), ("irsa", 1)])
def test_a_budget_where_two_pods_serve(name: str, budgets: int) -> None:
    assert len(scenario(name).of_kind("PodDisruptionBudget")) == budgets


def test_a_scaled_endpoint_has_no_replicas_of_its_own() -> None:
    release = scenario("irsa")
    assert "replicas" not in release.endpoint["spec"]
    (scaler,) = release.of_kind("HorizontalPodAutoscaler")
    assert scaler["spec"]["scaleTargetRef"]["name"] == release.endpoint["metadata"]["name"]
    assert release.config.serve.replicas == 2


@pytest.mark.parametrize("name", ["demo", "llama-cpp"])
def test_an_endpoint_listens_at_addresses_of_both_families(name: str) -> None:
    """A pod of an IPv6-only cluster has no address at 0.0.0.0, and the kubelet probes it there."""
    (serve,) = scenario(name).endpoint["spec"]["template"]["spec"]["containers"]
    assert serve["args"][:3] == ["serve", "--host", EVERYWHERE]
    assert "0.0.0.0" not in str([pod.spec for pod in scenario(name).pods()])


def test_an_endpoint_is_told_the_channel_that_it_serves(tmp_path: Path) -> None:
    for values, channel in (({}, "champions-2024-25"), ({"pipeline": {"channel": "live"}}, "live")):
        endpoint = changed(tmp_path, "demo", values).endpoint
        (serve,) = endpoint["spec"]["template"]["spec"]["containers"]
        assert serve["args"][3:7] == ["--pipeline", "champions-2024-25", "--channel", channel]


@pytest.mark.parametrize("name", ["123", "true", "no", "1e3", "2026-11-29", "0x1f"])
def test_a_pipeline_may_be_called_what_yaml_reads_as_no_text(name: str, tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", {"pipeline": {"name": name}})
    assert (release.pipeline.name, release.pipeline.channel) == (name, name)
    (serve,) = release.endpoint["spec"]["template"]["spec"]["containers"]
    assert serve["args"][3:7] == ["--pipeline", name, "--channel", name]


def test_one_number_says_how_long_an_endpoint_may_take(tmp_path: Path) -> None:
    values = {"stages": {"serve": {"readyTimeoutSeconds": 61}}}
    release = changed(tmp_path, "demo", values)
    probe = release.pod("serve").spec["containers"][0]["startupProbe"]
    assert probe["failureThreshold"] * probe["periodSeconds"] >= 61
    assert release.endpoint["spec"]["progressDeadlineSeconds"] == 61
    assert release.config.serve.ready_timeout_s == 61


def test_a_slow_answer_is_no_death() -> None:
    probes = [
        container[f"{kind}Probe"]["timeoutSeconds"]
        for component, container in (
            (pod.component, pod.spec["containers"][0]) for pod in scenario("demo").pods()
        )
        if component in ("serve", "controller")
        for kind in ("startup", "readiness", "liveness")
    ]
    assert probes == [5] * 6


def test_a_token_is_known_to_endpoint_controller_and_test() -> None:
    release = scenario("external-secret")
    token = {"name": "gabarito-token", "key": "token"}
    for component in ("serve", "controller", "test"):
        assert _secret(release, component, "GABARITO_SERVE_TOKEN") == token
    assert release.config.serve.token_env == "GABARITO_SERVE_TOKEN"
    assert scenario("demo").config.serve.token_env is None


def test_each_pod_gets_the_keys_that_it_needs() -> None:
    release = scenario("external-secret")
    for pod in release.pods():
        assert _secret(release, pod.component, "AWS_ACCESS_KEY_ID") == {
            "name": "gabarito-bucket", "key": "id",
        }  # fmt: skip
    having = {pod.component for pod in release.pods() if "GABARITO_TEACHER_KEY" in str(pod.spec)}
    assert having == {"generate", "test"}
    key = {"name": "gabarito-teacher", "key": "verify-key"}
    assert _secret(release, "generate", "GABARITO_VERIFY_KEY") == key
    judge = {"name": "gabarito-teacher", "key": "judge-key"}
    asking = {pod.component for pod in release.pods() if "GABARITO_JUDGE_KEY" in str(pod.spec)}
    assert asking == {"evaluate", "test"}
    assert _secret(release, "evaluate", "GABARITO_JUDGE_KEY") == judge


def test_each_key_of_a_secret_is_a_file_that_changes_with_it() -> None:
    """In the environment alone a key that was replaced is not seen before the pod ends."""
    for pod in scenario("external-secret").pods():
        for container in pod.spec["containers"]:
            names = {each["name"] for each in container["env"] if "secretKeyRef" in str(each)}
            (mount,) = (each for each in container["volumeMounts"] if each["name"] == SECRETS)
            assert "subPath" not in mount  # the kubelet never writes such a file anew
            (volume,) = (each for each in pod.spec["volumes"] if each["name"] == SECRETS)
            sources = [each["secret"] for each in volume["projected"]["sources"]]
            assert all(source["optional"] for source in sources)
            files = {source["items"][0]["path"] for source in sources}
            assert files == names
            said = {each["name"]: each.get("value") for each in container["env"]}
            assert {said[f"{name}_FILE"] for name in names} == {
                f"{mount['mountPath']}/{name}" for name in files
            }
            for source in sources:
                key = {"name": source["name"], "key": source["items"][0]["key"]}
                assert (
                    _secret(scenario("external-secret"), pod.component, source["items"][0]["path"])
                    == key
                )


def test_a_variable_of_extra_env_is_overruled_by_no_file(tmp_path: Path) -> None:
    own = {"name": "AWS_SECRET_ACCESS_KEY", "value": "of-this-stage"}
    volume = {"name": "secrets", "emptyDir": {}}
    values: Object = {"stages": {"train": {"extraEnv": [own], "extraVolumes": [volume]}}}
    release = changed(tmp_path, "external-secret", values)
    pods = {pod.component: pod for pod in release.pods()}
    for component, is_own in (("train", True), ("evaluate", False)):
        (container,) = pods[component].spec["containers"]
        names = [each["name"] for each in container["env"]]
        assert ("AWS_SECRET_ACCESS_KEY_FILE" not in names) is is_own
        assert names.count("AWS_SECRET_ACCESS_KEY") == 1
        assert (own in container["env"]) is is_own
        assert "AWS_ACCESS_KEY_ID_FILE" in names
    volumes = [each["name"] for each in pods["train"].spec["volumes"]]
    assert len(volumes) == len(set(volumes))


def test_a_judge_at_the_teachers_address_gets_its_key(tmp_path: Path) -> None:
    judged = {"pipeline": {"evaluate": {"judge": {"model": "m", "url": None}}}}
    release = changed(tmp_path, "external-secret", judged)
    pods = {pod.component: str(pod.spec) for pod in release.pods()}
    assert "GABARITO_TEACHER_KEY" in pods["evaluate"]
    assert "GABARITO_TEACHER_URL" in pods["evaluate"]
    assert "GABARITO_JUDGE_KEY" not in pods["evaluate"]


def test_a_role_needs_no_secret() -> None:
    release = scenario("irsa")
    assert not any("AWS_ACCESS_KEY_ID" in str(pod.spec) for pod in release.pods())
    for account in release.of_kind("ServiceAccount"):
        assert "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]


def test_openshift_chooses_the_user() -> None:
    assert "runAs" not in str([pod.spec for pod in scenario("openshift").pods()]).replace(
        "runAsNonRoot", ""
    )


def test_buckets_can_be_addressed_by_host(tmp_path: Path) -> None:
    release = scenario("openshift")
    config = release.named("ConfigMap", "demo-gabarito-aws")["data"]["config"]
    assert "addressing_style = virtual" in config
    other = changed(tmp_path, "openshift", {"store": {"addressing": "path"}})
    assert _checksum(other) != _checksum(release)
    for pod in release.pods():
        assert {"name": "AWS_CONFIG_FILE", "value": "/etc/aws/config"} in (
            pod.spec["containers"][0]["env"]
        )


def test_sidecars_are_native_and_have_what_they_leave_out(tmp_path: Path) -> None:
    generate = {"stages": {"generate": {"sidecars": [{"name": "proxy"}]}}}
    release = changed(tmp_path, "defaults", generate)
    (proxy,) = release.pod("generate").spec["initContainers"]
    assert proxy["restartPolicy"] == "Always"
    assert proxy["image"] == "gabarito-generate:0.1.0"
    assert release.pod("test").spec["initContainers"] == [proxy]


def test_what_a_sidecar_or_a_probe_says_itself_holds(tmp_path: Path) -> None:
    sidecar = {
        "name": "proxy",
        "image": "p:1",
        "securityContext": {"readOnlyRootFilesystem": False},
    }
    serve = {"sidecars": [sidecar], "probes": {"readiness": {"initialDelaySeconds": 3}}}
    pod = changed(tmp_path, "demo", {"stages": {"serve": serve}}).pod("serve").spec
    (proxy,), (container,) = pod["initContainers"], pod["containers"]
    assert (proxy["image"], proxy["restartPolicy"]) == ("p:1", "Always")
    assert proxy["securityContext"]["readOnlyRootFilesystem"] is False
    assert proxy["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["readinessProbe"]["initialDelaySeconds"] == 3
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"


def test_images_come_from_a_registry_or_are_named_whole() -> None:
    images = {
        pod.component: pod.spec["containers"][0]["image"]
        for pod in scenario("external-secret").pods()
    }
    assert images["curate"] == "registry.example.com/ml/gabarito-generate:0.1.0"
    assert images["evaluate"] == "registry.example.com/ml/gabarito-train:0.1.0"
    assert "@sha256:" in images["train"]


def test_an_image_has_one_digest_wherever_it_runs(tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    release = changed(tmp_path, "demo", {"image": {"digests": {"generate": digest}}})
    images = {pod.component: pod.spec["containers"][0]["image"] for pod in release.pods()}
    pinned = {component for component, image in images.items() if "@" in image}
    assert pinned == {"generate", "curate", "controller", "test"}
    assert images["controller"] == f"gabarito-generate:0.1.0@{digest}"


def test_scratch_and_shared_memory_are_volumes() -> None:
    volumes = {each["name"]: each for each in scenario("spot").pod("train").spec["volumes"]}
    claim = volumes["tmp"]["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "100Gi"
    assert volumes["shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "8Gi"}
    (tmp,) = scenario("spot").pod("merge").spec["volumes"]
    assert tmp["emptyDir"] == {"sizeLimit": "40Gi"}


def test_devices_are_claimed_by_pod_and_container(tmp_path: Path) -> None:
    claimed = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}],
               "resources": {"claims": [{"name": "gpu"}]}, "gpu": {"count": 0}}  # fmt: skip
    pod = changed(tmp_path, "demo", {"stages": {"train": claimed}}).pod("train").spec
    assert pod["resourceClaims"][0]["resourceClaimTemplateName"] == "gpu"
    assert pod["containers"][0]["resources"]["claims"] == [{"name": "gpu"}]


def test_without_a_controller_nothing_may_be_created(tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", {"controller": {"enabled": False}})
    kinds = {each["kind"] for each in release.objects}
    assert not kinds & {"Deployment", "Role", "RoleBinding"}
    assert release.named("ConfigMap", "demo-gabarito-controller")["data"]["template-train.yaml"]


def test_further_objects_are_templates(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-more'}"
    release = changed(tmp_path, "demo", {"extraObjects": [text]})
    assert release.named("ConfigMap", "demo-more")
    (made,) = scenario("external-secret").of_kind("ExternalSecret")
    assert made["spec"]["dataFrom"][0]["extract"]["key"] == "gabarito/demo"


def test_every_value_has_a_sentence() -> None:
    values = read_values(CHART / "values.yaml")
    common = {value.path[1:2] for value in values if value.path[0] == "stageDefaults"}
    for value in values:
        is_override = value.path[0] == "stages" and value.path[2:3] in common
        assert value.sentence or not value.is_leaf or is_override, value.path


def _action(rules: list[Object], code: int) -> str | None:
    """What is done about an exit code: the first rule that fits decides."""
    for rule in rules:
        if code in rule.get("onExitCodes", {}).get("values", ()):
            action: str = rule["action"]
            return action
    return None


def _checksum(release: Release) -> str:
    template = release.named("Deployment", "demo-gabarito-controller")["spec"]["template"]
    checksum: str = template["metadata"]["annotations"]["checksum/config"]
    return checksum


def _secret(release: Release, component: str, variable: str) -> Object | None:
    for entry in release.pod(component).spec["containers"][0]["env"]:
        if entry["name"] == variable:
            reference: Object = entry["valueFrom"]["secretKeyRef"]
            return reference
    return None
