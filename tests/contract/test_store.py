"""What every store promises, tried on a directory and on two S3 servers."""

import hashlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gabarito.core.errors import BugError, ConflictError, DataError, MissingError
from gabarito.store.base import FileInfo, Store
from gabarito.store.conformance import probe
from gabarito.store.open import open_store

RACERS = 16
LARGE = 17 * 2**20
"""Two parts of an upload, the last one small."""


def info_of(data: bytes) -> FileInfo:
    return FileInfo(size=len(data), sha256=hashlib.sha256(data).hexdigest())


def wins(store: Store, key: str, data: bytes) -> bool:
    try:
        store.write(key, data, if_absent=True)
    except ConflictError:
        return False
    return True


def test_what_is_written_is_read_back(store: Store) -> None:
    version = store.write("a folder/é.json", b"\x00\xff")
    stored = store.read("a folder/é.json")
    assert (stored.data, stored.version) == (b"\x00\xff", version)
    assert store.exists("a folder/é.json")


def test_an_object_is_written_over(store: Store) -> None:
    first, second = store.write("key", b"first"), store.write("key", b"second")
    assert first != second
    assert store.read("key").data == b"second"


def test_what_is_not_there_is_missing_and_named(store: Store, tmp_path: Path) -> None:
    assert not store.exists("folder/none")
    with pytest.raises(MissingError, match=r"folder/none: no such object"):
        store.read("folder/none")
    with pytest.raises(MissingError, match=r"folder/none: no such object"):
        store.download("folder/none", tmp_path / "file", info_of(b""))
    assert not (tmp_path / "file").exists()


def test_part_of_a_key_is_no_object(store: Store) -> None:
    store.write("folder/name", b"x")
    assert not store.exists("folder")
    assert not store.exists("folder/na")
    with pytest.raises(MissingError):
        store.read("folder")
    with pytest.raises(MissingError):
        store.read("folder/name/more")


def test_a_second_writer_if_absent_is_refused(store: Store) -> None:
    store.write("key", b"first", if_absent=True)
    with pytest.raises(ConflictError, match=r"key: somebody else wrote it first"):
        store.write("key", b"second", if_absent=True)
    assert store.read("key").data == b"first"


def test_the_same_content_if_absent_is_a_success(store: Store) -> None:
    version = store.write("key", b"same", if_absent=True)
    assert store.write("key", b"same", if_absent=True) == version


def test_a_write_if_unchanged_needs_the_present_version(store: Store) -> None:
    old = store.write("key", b"first")
    new = store.write("key", b"second", if_match=old)
    assert store.read("key").version == new
    with pytest.raises(ConflictError):
        store.write("key", b"third", if_match=old)
    assert store.read("key").data == b"second"


def test_a_write_if_unchanged_of_what_is_gone_is_a_conflict(store: Store) -> None:
    old = store.write("key", b"first")
    store.delete("key")
    with pytest.raises(ConflictError):
        store.write("key", b"second", if_match=old)
    assert not store.exists("key")


def test_one_of_many_writers_if_absent_wins(store: Store) -> None:
    with ThreadPoolExecutor(RACERS) as pool:
        won = list(pool.map(lambda n: wins(store, "race", b"%d" % n), range(RACERS)))
    assert sum(won) == 1
    assert store.read("race").data == b"%d" % won.index(True)


def test_a_counter_of_compare_and_swap_counts_right(store: Store) -> None:
    store.write("counter", b"0 start")

    def add_one(writer: int) -> None:
        while True:
            stored = store.read("counter")
            count = int(stored.data.split()[0]) + 1
            try:
                store.write("counter", b"%d %d" % (count, writer), if_match=stored.version)
            except ConflictError:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, range(16)))
    assert store.read("counter").data.split()[0] == b"16"


def test_a_listing_is_complete_and_in_order(store: Store) -> None:
    names = ["list/b", "list/a/z", "list/a-b", "list/B", "list/é", "other", "lis"]
    random.Random(1).shuffle(names)
    for name in names:
        store.write(name, name.encode())
    found = list(store.list("list/"))
    assert [entry.key for entry in found] == ["list/B", "list/a-b", "list/a/z", "list/b", "list/é"]
    assert [entry.size for entry in found] == [len(entry.key.encode()) for entry in found]
    assert [entry.key for entry in store.list("list/a")] == ["list/a-b", "list/a/z"]
    assert len(list(store.list(""))) == len(names)


def test_a_listing_of_nothing_is_empty(store: Store) -> None:
    assert list(store.list("none/")) == []


def test_a_listed_version_changes_with_the_content(store: Store) -> None:
    store.write("key", b"first")
    before = next(store.list("key"))
    store.write("key", b"other")
    after = next(store.list("key"))
    assert before.version != after.version
    assert after.modified >= before.modified > 1.7e9


def test_what_is_deleted_is_gone(store: Store) -> None:
    store.write("key", b"x")
    store.delete("key")
    store.delete("key")
    assert not store.exists("key")


@pytest.mark.parametrize("size", [0, 1000, LARGE])
def test_a_file_comes_back_as_it_was(store: Store, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "there").write_bytes(data)
    info = store.upload(tmp_path / "there", "folder/file")
    assert info == info_of(data)
    store.download("folder/file", tmp_path / "new" / "back", info)
    assert (tmp_path / "new" / "back").read_bytes() == data


@pytest.mark.parametrize("size", [0, 1000, LARGE])
def test_a_file_of_which_only_the_size_is_known_comes_back(
    store: Store, tmp_path: Path, size: int
) -> None:
    data = os.urandom(size)
    store.write("file", data)
    store.download("file", tmp_path / "back", size)
    assert (tmp_path / "back").read_bytes() == data


@pytest.mark.parametrize("size", [1000, LARGE])
def test_a_file_of_another_size_than_was_known_is_refused(
    store: Store, tmp_path: Path, size: int
) -> None:
    store.write("file", bytes(500))
    with pytest.raises(DataError, match=r"file: (changed while|damaged)"):
        store.download("file", tmp_path / "new" / "back", size)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("damaged", [b"the contenT", b"the cont", b"the content and more"])
def test_a_damaged_file_is_refused_and_named(store: Store, tmp_path: Path, damaged: bytes) -> None:
    store.write("folder/file", damaged)
    with pytest.raises(DataError, match=r"folder/file: damaged: got \d+ bytes with sha256"):
        store.download("folder/file", tmp_path / "new" / "back", info_of(b"the content"))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_large_file_that_became_shorter_is_refused(store: Store, tmp_path: Path) -> None:
    store.write("file", bytes(LARGE // 2))
    with pytest.raises(DataError, match="file: damaged"):
        store.download("file", tmp_path / "new" / "back", info_of(bytes(LARGE)))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_that_is_not_there_is_not_uploaded(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none: no such file"):
        store.upload(tmp_path / "none", "key")
    assert not store.exists("key")


BAD_KEYS = ["", "/a", "a/", "a//b", "../a", "a/../b", ".", ".gabarito/a", "\0"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_leaves_the_store_is_refused(store: Store, key: str) -> None:
    for use in (store.read, store.exists, store.delete, lambda key: store.write(key, b"x")):
        with pytest.raises(BugError):
            use(key)


def test_stores_in_one_place_do_not_see_each_other(url: str) -> None:
    one, other = open_store(f"{url}/one"), open_store(f"{url}/one-more")
    one.write("key", b"x")
    assert not other.exists("key")
    assert list(other.list("")) == []


def test_the_probe_finds_every_promise_kept_and_leaves_nothing(store: Store) -> None:
    found = list(probe(store))
    kept = {result.promise for result in found if result.is_kept}
    assert kept >= {"read and write", "write if absent", "race", "write if unchanged", "list"}
    assert list(store.list("")) == []
