import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gabarito.artifacts import claims
from gabarito.artifacts.claims import LEASE_S, MAX_PAUSE_S, Claims
from gabarito.core.errors import GabaritoError, Interrupted, ServiceError
from gabarito.store.base import Stored
from gabarito.store.local import LocalStore

ITEM = "claims/generate/items/key"


class CountingStore(LocalStore):
    """A store that counts what is asked of it, by the folder of the key."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: Counter[tuple[str, str]] = Counter()

    def read(self, key: str) -> Stored:
        self.asked["read", key.split("/")[2]] += 1
        return super().read(key)

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        self.asked["write", key.split("/")[2]] += 1
        return super().write(key, data, if_absent=if_absent, if_match=if_match)

    def delete(self, key: str) -> None:
        self.asked["delete", key.split("/")[2]] += 1
        super().delete(key)


class World:
    """Processes that need one item, ``made``, and a clock that only their pauses move."""

    def __init__(self, folder: Path) -> None:
        self.store = CountingStore(str(folder))
        self.made: str | None = None
        self.now = 0.0
        self.events: list[Callable[[], object]] = []
        """What happens while the next pauses last."""
        self.opened: list[Claims] = []

    def process(self) -> Claims:
        self.opened.append(Claims(self.store, "generate", self.pause, lambda: self.now))
        return self.opened[-1]

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.events:
            self.events.pop(0)()

    def find(self) -> str | None:
        return self.made

    def dies_with_a_claim(self) -> None:
        """Leave what a process that was killed leaves."""
        name = "0123456789abcdef"
        self.store.write(f"claims/generate/leases/{name}", b"once")
        self.store.write(ITEM, name.encode())

    def left(self) -> list[str]:
        return [entry.key for entry in self.store.list("claims/generate/items/")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "store")
    yield world
    for process in world.opened:
        process.close()


def test_an_item_that_is_kept_costs_nothing(world: World) -> None:
    world.made = "kept"
    with world.process().hold("key", world.find) as found:
        assert found == "kept"
    assert not world.store.asked
    assert not list(world.store.list("claims/"))


def test_an_item_is_claimed_while_it_is_made_and_no_longer(world: World) -> None:
    with world.process().hold("key", world.find) as found:
        assert found is None
        assert world.left() == [ITEM]
    assert world.left() == []


def test_making_an_item_costs_a_write_and_a_removal(world: World) -> None:
    process = world.process()
    for number in range(3):
        with process.hold(f"key-{number}", world.find):
            pass
    assert world.store.asked == {
        ("write", "leases"): 1,
        ("write", "items"): 3,
        ("delete", "items"): 3,
    }


def test_who_finds_a_claim_waits_for_the_item(world: World) -> None:
    first = world.process().hold("key", world.find)
    first.__enter__()

    def finish() -> None:
        world.made = "by the first"
        first.__exit__(None, None, None)

    world.events = [lambda: None, lambda: None, finish]
    with world.process().hold("key", world.find) as found:
        assert found == "by the first"
    assert world.store.asked["write", "items"] == 2, "the other one was refused"


def test_an_item_kept_right_before_the_claim_is_found(world: World) -> None:
    found_at = iter([None, "kept meanwhile"])
    with world.process().hold("key", lambda: next(found_at)) as found:
        assert found == "kept meanwhile"
    assert world.left() == []


def test_what_failed_is_free_at_once(world: World) -> None:
    with pytest.raises(Interrupted), world.process().hold("key", world.find):
        raise Interrupted("stopped")
    with world.process().hold("key", world.find) as found:
        assert found is None
    assert world.now == 0


def test_the_claim_of_a_killed_process_is_taken_over_when_its_lease_is_over(world: World) -> None:
    world.dies_with_a_claim()
    with world.process().hold("key", world.find) as found:
        assert found is None
        assert world.store.read(ITEM).data != b"0123456789abcdef"
    assert LEASE_S <= world.now < LEASE_S + MAX_PAUSE_S
    assert world.left() == []


def test_a_killed_process_is_waited_for_once(world: World) -> None:
    process = world.process()
    for _ in range(2):
        world.dies_with_a_claim()
        with process.hold("key", world.find) as found:
            assert found is None
    assert world.now < LEASE_S + MAX_PAUSE_S


def test_what_a_killed_process_kept_is_not_made_again(world: World) -> None:
    world.dies_with_a_claim()
    world.events = [lambda: setattr(world, "made", "kept, and killed")]
    with world.process().hold("key", world.find) as found:
        assert found == "kept, and killed"
    assert world.left() == []


def test_a_lease_that_changes_is_not_over(world: World) -> None:
    world.dies_with_a_claim()
    lease = "claims/generate/leases/0123456789abcdef"
    renewals = [
        lambda number=number: world.store.write(lease, f"{number}".encode()) for number in range(50)
    ]
    world.events = [*renewals, lambda: world.store.delete(ITEM)]
    with world.process().hold("key", world.find) as found:
        assert found is None
    assert world.now > 10 * LEASE_S


def test_a_lease_that_was_given_back_is_over_at_once(world: World) -> None:
    first = world.process()
    held = first.hold("key", world.find)
    held.__enter__()
    first.close()
    with world.process().hold("key", world.find) as found:
        assert found is None
    assert world.now == 0


@pytest.mark.parametrize("data", [b"", b"../../channels/main.json", b"\xff", b"0123456789abcdeF"])
def test_what_names_no_lease_claims_nothing(world: World, data: bytes) -> None:
    world.store.write(ITEM, data)
    with world.process().hold("key", world.find) as found:
        assert found is None
    assert world.now == 0


def test_who_waits_stops_when_it_is_told_to(world: World) -> None:
    def stop() -> None:
        raise Interrupted("stopped")

    world.dies_with_a_claim()
    world.events = [stop]
    with pytest.raises(Interrupted), world.process().hold("key", world.find):
        pass
    assert world.left() == [ITEM]


def test_a_store_that_takes_no_claim_is_an_error(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "claims").write_text("no folder")
    with pytest.raises(GabaritoError, match="claims"), world.process().hold("key", world.find):
        pass


def test_a_lease_is_renewed_until_it_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEW_S", 0.01)
    renewed = threading.Event()
    process = world.process()
    with closing(process), process.hold("key", world.find):
        (lease,) = world.store.list("claims/generate/leases/")
        first = world.store.read(lease.key)
        for _ in range(500):
            if world.store.read(lease.key).version != first.version:
                renewed.set()
                break
            renewed.wait(0.01)
    assert renewed.is_set()
    assert not world.store.exists(lease.key)


def test_a_claim_that_cannot_be_removed_costs_nothing_but_the_wait_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_key: str) -> None:
        raise ServiceError("store: does not answer")

    monkeypatch.setattr(world.store, "delete", fail)
    with pytest.raises(Interrupted), world.process().hold("key", world.find):
        raise Interrupted("the block's own")
    with world.process().hold("other", world.find) as found:
        assert found is None
