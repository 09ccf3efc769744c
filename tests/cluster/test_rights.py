"""What the accounts of a release may do, asked of the API; nobody in it is an administrator."""

import pytest

from .conftest import Open
from .kubectl import Kubectl, Object, until
from .quick import quick
from .release import CONTROLLER, FULLNAME, NAME, SERVED, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

OWNER = "owner-of-the-namespace"
MAY = f"""
get list watch create patch delete : jobs.batch
get list watch delete              : pods
list watch create                  : deployments.apps
get patch delete                   : deployments.apps/{SERVED}
get                                : configmaps/{FULLNAME}-owner
list create patch                  : events
create                             : leases.coordination.k8s.io
get update                         : leases.coordination.k8s.io/{CONTROLLER}
"""
MAY_NOT = f"""
get list create update delete      : secrets
get                                : configmaps/{FULLNAME}-controller
create update delete               : configmaps roles.rbac.authorization.k8s.io
patch delete                       : deployments.apps/{CONTROLLER}
get update                         : leases.coordination.k8s.io/another
create update patch                : pods
create get                         : pods,exec serviceaccounts,token
get list                           : namespaces nodes
"""
Row = tuple[str, str]


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    """A release that the namespace's owner installed, who may do nothing elsewhere."""
    release = open_release("rights", quick(demo_values, "rights"))
    release.kubectl("create", "rolebinding", "owner", "--clusterrole=admin", f"--user={OWNER}")
    release.install("--kube-as-user", OWNER)
    return release


def test_the_owner_of_a_namespace_can_install(release: Release) -> None:
    until("the controller leads", lambda: _holder(release), 120)
    assert _holder(release) == release.controllers()[0]["metadata"]["name"]


def test_the_controller_may_do_what_it_does_and_no_more(release: Release) -> None:
    account = f"system:serviceaccount:{release.kubectl.namespace}:{CONTROLLER}"
    assert [row for row in _rows(MAY) if not _may(release, account, row)] == []
    assert [row for row in _rows(MAY_NOT) if _may(release, account, row)] == []
    elsewhere = release.kubectl.within("default")
    assert [row for row in _rows(MAY) if _may(release, account, row, elsewhere)] == []


def test_stages_and_endpoint_may_do_nothing(release: Release) -> None:
    account = f"system:serviceaccount:{release.kubectl.namespace}:{FULLNAME}-stage"
    rows = [*_rows(MAY), *_rows(MAY_NOT)]
    assert [row for row in rows if _may(release, account, row)] == []


def test_a_pod_that_is_not_restricted_is_refused(release: Release) -> None:
    command = ("run", "loose", "--image=registry.local/gabarito-ingest:absent")
    assert "violates PodSecurity" in release.kubectl.try_to(*command).stderr


def test_the_owner_can_uninstall(release: Release) -> None:
    release.helm("uninstall", NAME, "--kube-as-user", OWNER)
    until("the Lease is gone", lambda: release.kubectl.get("Lease", CONTROLLER) is None, 120)


def _rows(table: str) -> list[Row]:
    """Return the pairs of verb and resource of a table."""
    halves = [line.split(":") for line in table.strip().splitlines()]
    return [
        (verb, kind) for left, right in halves for verb in left.split() for kind in right.split()
    ]


def _may(release: Release, account: str, row: Row, kubectl: Kubectl | None = None) -> bool:
    verb, kind = row
    kind, _, part = kind.partition(",")
    asked = ("auth", "can-i", verb, kind, f"--subresource={part}", "--as", account)
    return (kubectl or release.kubectl).try_to(*asked).stdout.strip() == "yes"


def _holder(release: Release) -> str | None:
    lease = release.kubectl.get("Lease", CONTROLLER)
    return lease["spec"].get("holderIdentity") if lease else None
