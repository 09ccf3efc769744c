import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.store.base import Store
from gabarito.store.open import open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def cache(store: Store) -> Cache:
    return Cache(store, "train")


def make_folder(folder: Path, **files: str) -> Path:
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "deep" / name).write_text(text)
    return folder


def texts_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_an_item_is_found_by_its_key_alone(cache: Cache, store: Store) -> None:
    cache.put("key", b"item")
    assert cache.get("key") == b"item"
    assert cache.get("other") is None
    assert Cache(store, "ingest").get("key") is None


def test_an_empty_item_is_an_item(cache: Cache) -> None:
    cache.put("key", b"")
    assert cache.get("key") == b""


def test_a_later_item_counts(cache: Cache) -> None:
    cache.put("key", b"first")
    cache.put("key", b"second")
    assert cache.get("key") == b"second"


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"X"])
def test_a_damaged_item_counts_as_missing(
    cache: Cache, store: Store, damage: Callable[[bytes], bytes]
) -> None:
    cache.put("key", b"item")
    store.write("cache/train/key", damage(store.read("cache/train/key").data))
    assert cache.get("key") is None


def test_a_folder_comes_back_as_it_was(cache: Cache, tmp_path: Path) -> None:
    cache.save_folder("key", make_folder(tmp_path / "there", a="1", b="2"))
    assert cache.load_folder("key", tmp_path / "back")
    assert texts_of(tmp_path / "back") == {"a": "1", "b": "2"}
    assert (tmp_path / "back" / "deep" / "a").exists()


def test_a_folder_that_was_not_stored_is_not_there(cache: Cache, tmp_path: Path) -> None:
    assert not cache.load_folder("key", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_damaged_folder_counts_as_missing(cache: Cache, store: Store, tmp_path: Path) -> None:
    cache.save_folder("key", make_folder(tmp_path / "there", a="1", b="2"))
    last = [entry.key for entry in store.list("cache/") if entry.key.endswith("/b")]
    store.write(last[0], b"3")
    assert not cache.load_folder("key", tmp_path / "back")
    assert texts_of(tmp_path / "back") == {}


def test_a_later_folder_takes_the_place_of_the_first(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    cache.save_folder("key", make_folder(tmp_path / "first", a="1", b="2"))
    cache.save_folder("key", make_folder(tmp_path / "second", a="3"))
    assert cache.load_folder("key", tmp_path / "back")
    assert texts_of(tmp_path / "back") == {"a": "3"}
    assert len(list(store.list("cache/train/key.files/"))) == 1


def test_a_folder_half_saved_leaves_the_one_before(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.save_folder("key", make_folder(tmp_path / "first", a="1"))
    monkeypatch.setattr(cache, "put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        cache.save_folder("key", make_folder(tmp_path / "second", a="2"))
    assert cache.load_folder("key", tmp_path / "back")
    assert texts_of(tmp_path / "back") == {"a": "1"}


@pytest.mark.parametrize(
    "name", ["../../outside", "/{root}/outside", "deep/../../outside", "", "."]
)
def test_an_index_never_leads_out_of_its_folder(
    cache: Cache, store: Store, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    cache.save_folder("key", make_folder(tmp_path / "there", a="1"))
    (_, *entry) = next(iter(cache._index("key").items()))  # as a writer would
    cache.put("key", json.dumps({name.format(root=tmp_path): entry[0]}).encode())
    assert not cache.load_folder("key", tmp_path / "back" / "here")
    assert outside.read_text() == "mine"
    assert not list((tmp_path / "back").rglob("*"))


def test_an_index_names_no_object_outside_its_own_folder(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    store.write("channels/main.json", b"theirs")
    cache.put("key", json.dumps({"a": ["channels/main.json", 6, "0" * 64]}).encode())
    assert cache.objects_of("key") == set()
    cache.save_folder("key", make_folder(tmp_path / "there", a="1"))
    assert store.read("channels/main.json").data == b"theirs"


@pytest.mark.parametrize("index", [b"[1]", b"7", b'{"a": 1}', b'{"a": ["k", "x", 1]}', b"\xff"])
def test_an_index_of_another_shape_counts_as_missing(
    cache: Cache, tmp_path: Path, index: bytes
) -> None:
    cache.put("key", index)
    assert not cache.load_folder("key", tmp_path / "back")
    cache.save_folder("key", make_folder(tmp_path / "there", a="1"))
    assert cache.load_folder("key", tmp_path / "back")


@pytest.mark.parametrize("data", [b"{}", b"[", b'["a"]', b"\xff", b"null"])
def test_json_of_another_shape_counts_as_missing(cache: Cache, data: bytes) -> None:
    cache.put("key", data)
    assert cache.get_json("key", TypeAdapter(list[int])) is None
    cache.put("key", b"[1, 2]")
    assert cache.get_json("key", TypeAdapter(list[int])) == [1, 2]
