"""What pods may reach, and who may reach them."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from gabarito.pipeline.stages import STAGES

from .helm import Object
from .release import Release, changed, scenario

DNS = {53}
ALL = (*STAGES, "serve", "controller", "test")
ELSEWHERE: Object = {"teacher": {"deploy": {"enabled": False}, "url": "http://teacher:8100/v1"}}


def test_every_pod_is_denied_everything_first() -> None:
    release = scenario("demo")
    denied = release.named("NetworkPolicy", "demo-gabarito")["spec"]
    assert {*denied} == {"podSelector", "policyTypes"}
    assert denied["policyTypes"] == ["Ingress", "Egress"]
    for pod in release.pods():
        assert denied["podSelector"]["matchLabels"].items() <= pod.labels.items()


def test_only_what_each_needs_is_allowed() -> None:
    release = scenario("external-secret")
    reached = {component: _ports(release, component) for component in ALL}
    assert {reached[stage] == DNS | {443} for stage in (*STAGES, "serve")} == {True}
    assert reached["controller"] == DNS | {443, 6443, 8000}
    assert reached["test"] == DNS | {443, 8000}


def test_the_teacher_is_for_generate(tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", ELSEWHERE)
    assert {each for each in ALL if 8100 in _ports(release, each)} == {"generate", "test"}
    assert not any(8100 in _ports(scenario("demo"), each) for each in ALL)  # in its own pod


def test_who_has_the_second_opinion_is_reached_too(tmp_path: Path) -> None:
    second = {"on_doubt": "drop", "teacher": {"model": "m", "url": "https://judge:8200/v1"}}
    release = changed(tmp_path, "demo", {"pipeline": {"generate": {"verify": second}}})
    assert {each for each in ALL if 8200 in _ports(release, each)} == {"generate", "test"}


def test_the_judge_is_for_evaluate(tmp_path: Path) -> None:
    judge = {"model": "m", "url": "https://judge:8200/v1"}
    release = changed(tmp_path, "demo", {"pipeline": {"evaluate": {"judge": judge}}})
    assert {each for each in ALL if 8200 in _ports(release, each)} == {"evaluate", "test"}
    of_teacher = {"pipeline": {"evaluate": {"judge": {"model": "m"}}}} | ELSEWHERE
    release = changed(tmp_path, "demo", of_teacher)
    asking = {each for each in ALL if 8100 in _ports(release, each)}
    assert asking == {"generate", "evaluate", "test"}


def test_the_web_is_for_sources_that_are_on_it(tmp_path: Path) -> None:
    pairs = {"type": "pairs", "path": "s3://b/p.csv", "question": "q", "answer": "a"}
    pages = {"type": "urls", "urls": ["https://example.com/"]}
    for source, is_reached in ((pairs, False), (pages, True)):
        sources = {"pipeline": {"ingest": {"sources": [source]}}}
        assert _reaches_web(changed(tmp_path, "demo", sources), "ingest") == is_reached


def test_the_model_hub_is_for_those_that_load_the_base() -> None:
    reaching = {each for each in ALL if _reaches_web(scenario("defaults"), each)}
    assert reaching == {"train", "merge", "evaluate"}
    assert not any(_reaches_web(scenario("kueue"), each) for each in ALL)


def test_the_node_is_asked_for_keys_only_where_nothing_else_gives_them() -> None:
    given = {"defaults": True, "demo": False, "irsa": False, "external-secret": False}
    for name, is_asked in given.items():
        assert all(
            ("169.254.169.254/32" in str(_policy(scenario(name), each))) is is_asked for each in ALL
        )


def test_the_metadata_of_a_node_has_an_address_of_each_family() -> None:
    asked = str(_policy(scenario("defaults"), "train"))
    assert "'fd00:ec2::254/128'" in asked
    (web,) = (
        rule["to"]
        for rule in _policy(scenario("defaults"), "train")["egress"]
        if "0.0.0.0/0" in str(rule)
    )
    metadata = map(ip_network, ("169.254.169.254/32", "fd00:ec2::254/128", "fd00:ec2::23/128"))
    for network in metadata:
        assert not any(_allows(peer["ipBlock"], network) for peer in web)


def test_a_teacher_beside_generate_may_listen_at_either_family(tmp_path: Path) -> None:
    def asked(url: str) -> Release:
        return changed(tmp_path, "demo", {"teacher": {"url": url, "deploy": {"enabled": False}}})

    release = asked("http://[::1]:8100/v1")
    assert not any(8100 in _ports(release, each) for each in ALL)
    elsewhere = asked("http://[fd00::7]:8100/v1")
    assert 8100 in _ports(elsewhere, "generate")
    store = {"store": {"endpoint": "http://[fd00::9]:9000"}}
    assert 9000 in _ports(changed(tmp_path, "demo", store), "train")


def test_an_annotation_that_names_no_role_gives_no_keys(tmp_path: Path) -> None:
    annotations = {"argocd.argoproj.io/sync-wave": "1"}
    accounts = {name: {"annotations": annotations} for name in ("controller", "stage")}
    release = changed(tmp_path, "defaults", {"serviceAccount": accounts})
    assert all("169.254.169.254/32" in str(_policy(release, each)) for each in ALL)


def test_peers_and_ports_can_be_narrower() -> None:
    rules = _policy(scenario("openshift"), "curate")["egress"]
    assert rules[0]["ports"][2:] == [
        {"port": 5353, "protocol": "UDP"}, {"port": 5353, "protocol": "TCP"},
    ]  # fmt: skip
    assert "openshift-dns" in str(rules[0]["to"])


def test_only_the_endpoint_is_asked_and_only_where_wanted_are_metrics_read() -> None:
    asked = {each for each in ALL if "ingress" in _policy(scenario("demo"), each)}
    assert asked == {"serve"}
    scraped = {each for each in ALL if "ingress" in _policy(scenario("irsa"), each)}
    assert scraped == {"serve", "controller"}


def test_it_can_be_left_to_somebody_else(tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", {"networkPolicy": {"enabled": False}})
    assert not release.of_kind("NetworkPolicy")


def _policy(release: Release, component: str) -> Object:
    spec: Object = release.named("NetworkPolicy", f"demo-gabarito-{component}")["spec"]
    return spec


def _ports(release: Release, component: str) -> set[int]:
    return {
        port["port"] for rule in _policy(release, component)["egress"] for port in rule["ports"]
    }


def _allows(block: Object, network: IPv4Network | IPv6Network) -> bool:
    """Tell whether an ipBlock lets through to the whole of a network."""

    def is_in(cidr: str) -> bool:
        outer = ip_network(cidr)
        if isinstance(network, IPv4Network):
            return isinstance(outer, IPv4Network) and network.subnet_of(outer)
        return isinstance(outer, IPv6Network) and network.subnet_of(outer)

    return is_in(block["cidr"]) and not any(map(is_in, block.get("except", ())))


def _reaches_web(release: Release, component: str) -> bool:
    return "0.0.0.0/0" in str(_policy(release, component)["egress"])
