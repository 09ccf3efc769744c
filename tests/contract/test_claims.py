"""Claims on a directory and on S3 servers: of many at once, one makes the item."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from gabarito.artifacts.cache import Cache
from gabarito.artifacts.claims import LEASE_S
from gabarito.store.open import open_store

PROCESSES = 6
DEAD = "0123456789abcdef"


class Maker:
    """A process of its own, as far as the store can tell, that needs one item."""

    def __init__(self, url: str, start: Barrier, made: list[str]) -> None:
        self.cache = Cache(open_store(url), "generate")
        self.start, self.made = start, made
        self.claims = self.cache.claims(self.pause)

    def pause(self, _seconds: float) -> None:
        Event().wait(0.02)

    def make(self) -> bytes:
        self.start.wait(60)
        with self.claims.hold("key", lambda: self.cache.get("key")) as found:
            if found is not None:
                return found
            self.made.append("key")
            Event().wait(0.1)  # so long does the teacher think
            self.cache.put("key", b"item")
            return b"item"


def made_by_all(url: str) -> list[str]:
    made: list[str] = []
    start = Barrier(PROCESSES)
    makers = [Maker(url, start, made) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        items = [pool.submit(maker.make) for maker in makers]
    assert {item.result() for item in items} == {b"item"}
    for maker in makers:
        maker.claims.close()
    return made


def test_of_many_at_once_one_makes_the_item(url: str) -> None:
    assert made_by_all(url) == ["key"]
    assert not list(open_store(url).list("claims/"))


def test_of_many_that_outwait_a_killed_process_one_takes_over(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gabarito.artifacts.claims.LEASE_S", LEASE_S / 15)
    store = open_store(url)
    store.write(f"claims/generate/leases/{DEAD}", b"once")
    store.write("claims/generate/items/key", DEAD.encode())
    monkeypatch.setattr("gabarito.artifacts.claims.RENEW_S", 0.1)
    assert made_by_all(url) == ["key"]
    assert [entry.key for entry in store.list("claims/")] == [f"claims/generate/leases/{DEAD}"]
