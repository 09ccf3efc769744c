"""What a platform team sets: the way to the endpoint, registry, names, users, hosts, probes."""

from pathlib import Path

import pytest

from .api_schemas import mistakes
from .helm import Object
from .release import Pod, Release, changed, scenario

OWNER = "demo-gabarito-owner"
NAMES = ["handbook.example.com"]


def security(pod: Pod) -> list[Object]:
    """Return the security contexts of a pod's containers."""
    containers = (*pod.spec.get("initContainers", ()), *pod.spec["containers"])
    return [container["securityContext"] for container in containers]


def of_serve(folder: Path, values: Object, name: str = "demo") -> Release:
    return changed(folder, name, {"stages": {"serve": values}})


def test_a_gateway_leads_to_the_service() -> None:
    (route,) = scenario("platform").of_kind("HTTPRoute")
    service = scenario("platform").named("Service", "demo-gabarito")
    assert route["spec"]["parentRefs"][0] == {
        "name": "public", "namespace": "gateways", "sectionName": "https",
    }  # fmt: skip
    assert route["spec"]["hostnames"] == NAMES
    (rule,) = route["spec"]["rules"]
    assert rule["timeouts"] == {"request": "300s"}
    (backend,) = rule["backendRefs"]
    assert backend["name"] == service["metadata"]["name"]
    assert backend["port"] == service["spec"]["ports"][0]["port"]


def test_an_ingress_leads_to_the_service_with_tls() -> None:
    (ingress,) = scenario("platform").of_kind("Ingress")
    spec = ingress["spec"]
    assert spec["ingressClassName"] == "public"
    assert spec["tls"] == [{"secretName": "handbook-tls", "hosts": NAMES}]
    (rule,) = spec["rules"]
    assert rule["host"] == NAMES[0]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "demo-gabarito", "port": {"name": "http"}}
    assert "example.com/read-timeout" in ingress["metadata"]["annotations"]


def test_they_are_left_out_or_have_no_host(tmp_path: Path) -> None:
    assert not scenario("demo").of_kind("Ingress")
    assert not scenario("demo").of_kind("HTTPRoute")
    values = {"ingress": {"enabled": True}, "service": {"port": 8080}}
    (ingress,) = of_serve(tmp_path, values).of_kind("Ingress")
    assert "host" not in ingress["spec"]["rules"][0]
    assert mistakes(ingress) == []


def test_a_route_needs_a_gateway(tmp_path: Path) -> None:
    said = r"stages\.serve\.httpRoute\.parentRefs: must name a Gateway"
    with pytest.raises(ValueError, match=said):
        of_serve(tmp_path, {"httpRoute": {"enabled": True}})


def test_what_a_route_matches_and_changes_is_its_schemas(tmp_path: Path) -> None:
    rules = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/handbook"}}],
        "filters": [
            {
                "type": "URLRewrite",
                "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
            }
        ],
    }
    route = {"enabled": True, "parentRefs": [{"name": "public"}], **rules}
    (made,) = of_serve(tmp_path, {"httpRoute": route}).of_kind("HTTPRoute")
    assert mistakes(made) == []
    made["spec"]["rules"][0]["timeouts"] = {"request": "five minutes"}
    assert "five minutes" in str(mistakes(made))


def test_a_service_is_as_it_is_wanted(tmp_path: Path) -> None:
    service = scenario("platform").named("Service", "demo-gabarito")
    assert service["metadata"]["labels"]["example.com/exposed"] == "yes"
    assert service["metadata"]["annotations"]["example.com/load-balancer"] == "internal"
    spec = service["spec"]
    assert (spec["type"], spec["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    assert (spec["ipFamilyPolicy"], spec["ipFamilies"]) == ("PreferDualStack", ["IPv6", "IPv4"])
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 600}}
    assert "nodePort" not in spec["ports"][0]
    assert {*scenario("demo").named("Service", "demo-gabarito")["spec"]} == {
        "type", "selector", "ports",
    }  # fmt: skip
    port = {"service": {"type": "NodePort", "nodePort": 30080}}
    (given,) = of_serve(tmp_path, port).of_kind("Service")
    assert given["spec"]["ports"][0]["nodePort"] == 30080


def test_a_parent_charts_registry_and_secrets_are_used(tmp_path: Path) -> None:
    release = scenario("platform")
    for pod in release.pods():
        assert pod.spec["imagePullSecrets"] == [{"name": "registry"}]
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
            assert container["image"].startswith("registry.example.com/mirror/gabarito-")
    own = {"image": {"registry": "other.example", "pullSecrets": [{"name": "own"}]}}
    added = changed(tmp_path, "platform", own).pod("train").spec
    assert added["imagePullSecrets"] == [{"name": "registry"}, {"name": "own"}]
    assert added["containers"][0]["image"].startswith("registry.example.com/mirror/")


def test_annotations_of_all_are_everywhere_but_on_what_never_changes() -> None:
    release = scenario("platform")
    made = [*release.objects, *release.jobs.values(), release.endpoint]
    lacking = {
        each["metadata"].get("name")
        for each in made
        if each["metadata"].get("annotations", {}).get("example.com/owner") != "search"
    }
    assert lacking == {OWNER}
    for each in made:
        pod = each.get("spec", {}).get("template", {}).get("metadata", {})
        assert not pod or pod["annotations"]["example.com/owner"] == "search"


def test_a_stage_has_its_own_user(tmp_path: Path) -> None:
    release = scenario("platform")
    train = release.pod("train").spec["securityContext"]
    assert (train["runAsUser"], train["runAsGroup"]) == (1000, 65532)
    assert train["fsGroupChangePolicy"] == "OnRootMismatch"
    assert release.pod("merge").spec["securityContext"]["runAsUser"] == 65532
    assert release.pod("controller").spec["securityContext"]["runAsUser"] == 1001
    context = {"containerSecurityContext": {"seLinuxOptions": {"level": "s0:c1"}}}
    values = {"sidecars": [{"name": "proxy"}], "initContainers": [{"name": "first"}], **context}
    for name in ("demo", "llama-cpp"):
        pod = of_serve(tmp_path, values, name).pod("serve")
        for given in security(pod):
            assert given["seLinuxOptions"] == {"level": "s0:c1"}
            assert given["readOnlyRootFilesystem"] is True


def test_what_runs_first_has_the_images_defaults() -> None:
    release = scenario("platform")
    for component, name in (("train", "warm"), ("controller", "wait")):
        pod = release.pod(component).spec
        (first,) = pod["initContainers"]
        assert (first["name"], first.get("restartPolicy")) == (name, None)
        assert first["image"] == pod["containers"][0]["image"]


def test_sidecars_begin_before_what_runs_first(tmp_path: Path) -> None:
    values = {"sidecars": [{"name": "proxy"}], "initContainers": [{"name": "first"}]}
    found = of_serve(tmp_path, values, "llama-cpp").pod("serve").spec["initContainers"]
    assert [each["name"] for each in found] == ["proxy", "first", "model", "engine"]
    controller = changed(tmp_path, "demo", {"controller": values}).pod("controller").spec
    assert [each.get("restartPolicy") for each in controller["initContainers"]] == ["Always", None]


def test_hosts_and_dns_are_the_stages_own() -> None:
    for component, is_given in (("train", True), ("serve", True), ("controller", False)):
        spec = scenario("platform").pod(component).spec
        assert (spec.get("dnsPolicy") == "None") is is_given
        assert ("2001:db8::7" in str(spec.get("hostAliases"))) is is_given
        assert ("ndots" in str(spec.get("dnsConfig"))) is is_given


def test_not_all_shards_run_at_once(tmp_path: Path) -> None:
    assert scenario("platform").jobs["ingest"]["spec"]["parallelism"] == 8
    assert scenario("platform").config.shards["ingest"] == 200
    assert "parallelism" not in scenario("kueue").jobs["generate"]["spec"]


def test_the_controllers_arguments_and_probes_are_given(tmp_path: Path) -> None:
    values = {"controller": {"extraArgs": ["--port", "8080"]}}
    (container,) = changed(tmp_path, "platform", values).pod("controller").spec["containers"]
    assert container["args"][0] == "controller"
    assert container["args"][-2:] == ["--port", "8080"]
    probe = container["startupProbe"]
    assert probe["failureThreshold"] == 600
    assert probe["httpGet"] == {"path": "/health", "port": "http"}
    (usual,) = scenario("demo").pod("controller").spec["containers"]
    patience = usual["startupProbe"]["failureThreshold"] * usual["startupProbe"]["periodSeconds"]
    assert patience >= 300  # on a busy node a minute was too short


@pytest.mark.parametrize(("external", "budgets"), [(True, 1), (False, 0)])
def test_what_somebody_else_scales_has_a_budget_too(
    external: bool, budgets: int, tmp_path: Path
) -> None:
    release = of_serve(tmp_path, {"autoscaling": {"external": external}})
    assert len(release.of_kind("PodDisruptionBudget")) == budgets
