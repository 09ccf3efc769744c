"""On a cluster with IPv6, alone or beside IPv4: a release answers at each of its addresses."""

from functools import partial
from ipaddress import ip_address
from urllib.request import urlopen

import pytest

from gabarito.chat.ask import ask

from .conftest import Open
from .kubectl import Object, until
from .machine import in_url
from .quick import quick
from .release import CONTROLLER, EXAMPLE, FULLNAME, NAME, Release

pytestmark = [pytest.mark.families, pytest.mark.timeout(1800)]
CONTROLLER_PORT, SERVE_PORT = 8080, 8000


@pytest.fixture(scope="module")
def families(node_addresses: list[str]) -> list[str]:
    """The cluster's families of addresses, as its node has them."""
    found = _families(node_addresses)
    assert "IPv6" in found, "start the cluster with CLUSTER_FAMILIES=ipv6, or ipv4,ipv6"
    return found


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object, families: list[str]) -> Release:
    """A release whose model is served at an address of each family."""
    values = quick(demo_values, "families")
    if len(families) > 1:
        values["stages"]["serve"]["service"] = {"ipFamilyPolicy": "RequireDualStack"}
    release = open_release("families", values)
    release.install("--wait", "--timeout", "2m")
    release.wait_promoted()
    return release


def test_pods_and_service_have_an_address_of_each_family(
    release: Release, families: list[str]
) -> None:
    assert [_families(_addresses(pod)) for pod in _running(release)] == [families, families]
    service = release.kubectl.get("Service", FULLNAME)
    assert service
    assert service["spec"]["ipFamilies"] == families
    assert _families(service["spec"]["clusterIPs"]) == families


def test_the_endpoint_answers_the_same_at_each_address(release: Release) -> None:
    (pod,) = release.pods("serve")
    beside = [f"http://{in_url(address)}:{SERVE_PORT}" for address in _addresses(pod)]
    (answer,) = {ask(url, EXAMPLE).text for url in [*release.endpoints, *beside]}
    assert answer


def test_a_pod_reaches_the_endpoint_by_its_name(release: Release) -> None:
    command = ("gabarito", "ask", EXAMPLE, "--url", f"http://{FULLNAME}")
    assert release.kubectl("exec", f"deployment/{CONTROLLER}", "--", *command).strip()


def test_the_kubelet_probes_controller_and_endpoint(release: Release) -> None:
    for pod in _running(release):
        conditions = {each["type"]: each["status"] for each in pod["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert [each["restartCount"] for each in pod["status"]["containerStatuses"]] == [0]


def test_the_controllers_metrics_are_read_at_each_address(release: Release) -> None:
    (pod,) = release.controllers()
    for address in _addresses(pod):
        url = f"http://{in_url(address)}:{CONTROLLER_PORT}/metrics"
        until(f"{url} says that it is served", partial(_says_ready, url), 60)


def test_helm_test_passes(release: Release) -> None:
    assert "Succeeded" in release.helm("test", NAME)


def _running(release: Release) -> list[Object]:
    """Return the controller's pod and the endpoint's."""
    return [*release.controllers(), *release.pods("serve")]


def _addresses(pod: Object) -> list[str]:
    return [each["ip"] for each in pod["status"]["podIPs"]]


def _families(addresses: list[str]) -> list[str]:
    return [f"IPv{ip_address(address).version}" for address in addresses]


def _says_ready(url: str) -> bool:
    with urlopen(url, timeout=30) as page:
        return "gabarito_endpoint_ready 1.0" in page.read().decode()
