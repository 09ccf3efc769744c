from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.clock import Clock

from gabarito.controller.kube.api import CONFIG_MAPS, LEASES, Kind, Object
from gabarito.controller.kube.leader_election import ACT_S, DURATION_S, Lease
from gabarito.core.errors import MissingError, ServiceError

from .fake import FakeCluster

NAME, OWNER = "demo-controller", "demo-owner"


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.create(CONFIG_MAPS, {"metadata": {"name": OWNER}})
    return cluster


def lease_of(cluster: FakeCluster, holder: str, clock: Clock) -> Lease:
    return Lease(cluster, NAME, holder=holder, owner=OWNER, clock=clock)


def stored(cluster: FakeCluster) -> Object:
    found = cluster.read(LEASES, NAME)
    assert found
    return found


def test_the_first_takes_it_and_the_owner_owns_it(cluster: FakeCluster, clock: Clock) -> None:
    lease = lease_of(cluster, "one", clock)
    assert not lease.is_held
    assert lease.renew()
    assert lease.is_held
    assert stored(cluster)["metadata"]["ownerReferences"][0]["name"] == OWNER
    assert stored(cluster)["spec"]["holderIdentity"] == "one"


def test_the_second_waits(cluster: FakeCluster, clock: Clock) -> None:
    lease_of(cluster, "one", clock).renew()
    second = lease_of(cluster, "two", clock)
    assert not second.renew()
    assert not second.is_held


def test_who_cannot_renew_ceases_to_act_before_another_begins(
    cluster: FakeCluster, clock: Clock
) -> None:
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    assert not second.renew()
    clock.now += ACT_S
    assert not first.is_held
    assert not second.renew()
    clock.now += DURATION_S - ACT_S + 0.1
    assert second.renew()
    assert stored(cluster)["spec"]["leaseTransitions"] == 1
    assert not first.renew()


def test_a_renewal_that_is_seen_makes_the_others_wait_anew(
    cluster: FakeCluster, clock: Clock
) -> None:
    """By their own clocks, whatever time the holder's clock writes."""
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    assert not second.renew()
    clock.now += 14
    first.renew()
    assert not second.renew()
    clock.now += 14
    assert not second.renew()
    clock.now += 2
    assert second.renew()


def test_the_same_pod_started_anew_goes_on_at_once(cluster: FakeCluster, clock: Clock) -> None:
    first = lease_of(cluster, "one", clock)
    first.renew()
    first.annotate({"memory": "42"})
    again = lease_of(cluster, "one", clock)
    assert again.renew()
    assert again.annotations == {"memory": "42"}


def test_who_lost_it_for_a_while_knows_what_was_written_meanwhile(
    cluster: FakeCluster, clock: Clock
) -> None:
    """A process that was stopped may find the Lease released by another that acted."""
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    first.annotate({"memory": "old"})
    assert not second.renew()
    clock.now += DURATION_S + 1
    assert second.renew()
    second.annotate({"memory": "new"})
    second.release()
    with pytest.raises(ServiceError, match="another controller holds it"):
        first.annotate({"memory": "older"})
    assert not first.is_held
    assert first.renew()
    assert first.annotations == {"memory": "new"}
    assert stored(cluster)["metadata"]["annotations"] == {"memory": "new"}


def test_a_released_lease_is_free_at_once(cluster: FakeCluster, clock: Clock) -> None:
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    first.annotate({"memory": "42"})
    assert not second.renew()
    first.release()
    assert not first.is_held
    assert second.renew()
    assert second.annotations == {"memory": "42"}
    assert not first.renew()


def test_only_the_holder_releases_it(cluster: FakeCluster, clock: Clock) -> None:
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    second.renew()
    second.release()
    assert stored(cluster)["spec"]["holderIdentity"] == "one"


def test_annotations_of_who_lost_it_are_refused(cluster: FakeCluster, clock: Clock) -> None:
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    first.renew()
    second.renew()
    clock.now += DURATION_S + 1
    second.renew()
    with pytest.raises(ServiceError, match="another controller holds it"):
        first.annotate({"memory": "mine"})
    with pytest.raises(ServiceError, match="another controller holds it"):
        first.annotate({"memory": "mine"})
    assert stored(cluster)["metadata"]["annotations"] == {}


def test_annotations_that_could_not_be_written_are_with_the_next_renewal(
    cluster: FakeCluster, clock: Clock
) -> None:
    lease = lease_of(cluster, "one", clock)
    lease.renew()
    cluster.before = _fail
    with pytest.raises(ServiceError, match="away"):
        lease.annotate({"memory": "42"})
    cluster.before = lambda _: None
    lease.renew()
    assert stored(cluster)["metadata"]["annotations"] == {"memory": "42"}


def test_of_two_that_take_it_at_once_one_does(cluster: FakeCluster, clock: Clock) -> None:
    first, second = lease_of(cluster, "one", clock), lease_of(cluster, "two", clock)
    cluster.before = _once(cluster, lambda: first.renew())
    assert not second.renew()
    assert first.is_held
    first.release()
    third, fourth = lease_of(cluster, "three", clock), lease_of(cluster, "four", clock)
    cluster.before = _once(cluster, lambda: third.renew())
    assert not fourth.renew()
    assert stored(cluster)["spec"]["holderIdentity"] == "three"


class AskedCluster(FakeCluster):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = 0
        self.create(CONFIG_MAPS, {"metadata": {"name": OWNER}})

    def read(self, kind: Kind, name: str) -> Object | None:
        self.reads += 1
        return super().read(kind, name)

    def replace(self, kind: Kind, body: Object) -> Object:
        self.writes += 1
        return super().replace(kind, body)


def test_a_renewal_is_one_request(clock: Clock) -> None:
    cluster = AskedCluster()
    lease = lease_of(cluster, "one", clock)
    lease.renew()
    before = cluster.reads
    for _ in range(10):
        clock.now += 5
        assert lease.renew()
    lease.annotate({"memory": "42"})
    assert (cluster.reads - before, cluster.writes) == (0, 11)
    assert stored(cluster)["metadata"]["annotations"] == {"memory": "42"}


def test_a_lease_that_others_wrote_into_is_read_and_renewed(
    cluster: FakeCluster, clock: Clock
) -> None:
    """Someone annotated it, or it was deleted: it is held on."""
    lease = lease_of(cluster, "one", clock)
    lease.renew()
    cluster.patch(LEASES, NAME, {"metadata": {"annotations": {"theirs": "1"}}})
    lease.annotate({"memory": "42"})
    assert stored(cluster)["metadata"]["annotations"] == {"theirs": "1", "memory": "42"}
    cluster.delete(LEASES, NAME, stored(cluster)["metadata"]["uid"])
    assert lease.renew()
    assert stored(cluster)["metadata"]["annotations"]["memory"] == "42"


def test_a_renewal_whose_answer_was_lost_does_not_lose_the_lease(
    cluster: FakeCluster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = lease_of(cluster, "one", clock)
    lease.renew()
    replace = cluster.replace

    def lost(kind: Kind, body: Object) -> Object:
        replace(kind, body)
        message = "the API does not answer"
        raise ServiceError(message)

    monkeypatch.setattr(cluster, "replace", lost)
    with pytest.raises(ServiceError):
        lease.renew()
    monkeypatch.setattr(cluster, "replace", replace)
    assert lease.renew()


def test_without_the_owner_nothing_is_created(cluster: FakeCluster, clock: Clock) -> None:
    """A controller that outlives its release for a moment leaves no Lease behind."""
    owner = cluster.read(CONFIG_MAPS, OWNER)
    assert owner
    cluster.delete(CONFIG_MAPS, OWNER, owner["metadata"]["uid"])
    with pytest.raises(MissingError, match="is the release uninstalled"):
        lease_of(cluster, "one", clock).renew()
    assert cluster.read(LEASES, NAME) is None


def test_the_api_accepts_the_times(cluster: FakeCluster, clock: Clock) -> None:
    lease_of(cluster, "one", clock).renew()
    written = datetime.fromisoformat(stored(cluster)["spec"]["renewTime"])
    assert abs((datetime.now(UTC) - written).total_seconds()) < 5


def _fail(_call: str) -> None:
    message = "the API is away"
    raise ServiceError(message)


def _once(cluster: FakeCluster, act: Callable[[], object]) -> Callable[[str], None]:
    def before(_call: str) -> None:
        cluster.before = lambda _: None
        act()

    return before
