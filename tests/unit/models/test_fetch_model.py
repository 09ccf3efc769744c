"""The files of a teacher's model, from a bucket or the hub, as they are."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gabarito.core.errors import AccessError, DataError, MissingError, SettingsError
from gabarito.models.fetch_model import fetch_model
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .hub import Hub

GGUF = "teacher-Q4_K_M.gguf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the hub has."""
    there = tmp_path / "there"
    there.mkdir()
    for name in ("config.json", "tokenizer.json", GGUF):
        (there / name).write_bytes(b"{}")
    return there


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "model"


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_that_lies_at_a_prefix_is_copied(bucket: str, store: Store, to: Path) -> None:
    there = open_store(bucket)
    there.write("parts/1.bin", b"one")
    there.write(GGUF, b"weights")
    fetch_model(bucket, to, store)
    assert names_in(to) == {"parts/1.bin", GGUF}
    assert (to / GGUF).read_bytes() == b"weights"


def test_only_files_of_the_names_are_copied(bucket: str, store: Store, to: Path) -> None:
    there = open_store(bucket)
    there.write("teacher-f16.gguf", b"too large")
    there.write(GGUF, b"weights")
    fetch_model(bucket, to, store, ["*-Q4_K_M.gguf"])
    assert names_in(to) == {GGUF}


def test_a_file_that_is_not_what_its_sums_say_is_refused(
    bucket: str, store: Store, to: Path
) -> None:
    there = open_store(bucket)
    there.write(GGUF, b"weights")
    there.write("SHA256SUMS", f"{'0' * 64}  {GGUF}\n".encode())
    with pytest.raises(DataError, match="damaged"):
        fetch_model(bucket, to, store)


@pytest.mark.parametrize("names", [(), ("*.gguf",)])
def test_a_prefix_without_such_a_file_is_told(
    bucket: str, store: Store, to: Path, names: tuple[str, ...]
) -> None:
    if names:
        open_store(bucket).write("config.json", b"{}")
    with pytest.raises(MissingError, match=r"no file .*in it; give the prefix"):
        fetch_model(bucket, to, store, names)


def test_the_hub_is_asked_once_for_the_same_files(hub: Hub, store: Store, to: Path) -> None:
    fetch_model("org/tiny", to, store, [GGUF])
    assert names_in(to) == {GGUF}
    asked = len(hub.asked)
    again = to.parent / "again"
    fetch_model("org/tiny", again, store, [GGUF])
    assert names_in(again) == {GGUF}
    assert len(hub.asked) == asked
    fetch_model("org/tiny", to.parent / "folder", store)
    assert "config.json" in names_in(to.parent / "folder")
    assert len(hub.asked) > asked


def test_of_several_that_begin_at_once_one_asks_the_hub(hub: Hub, store: Store, to: Path) -> None:
    folders = [to.parent / f"shard-{number}" for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda folder: fetch_model("org/tiny", folder, store, [GGUF]), folders))
    assert all(names_in(folder) == {GGUF} for folder in folders)
    assert sum("/resolve/" in path and GGUF in path for path in hub.asked) <= 2  # HEAD, and GET
    stored = [entry.key for entry in store.list("") if entry.key.rpartition("/")[2] == GGUF]
    assert len(stored) == 1


@pytest.mark.parametrize("reference", ["./x", "/x", "~/x"])
def test_a_folder_of_this_machine_is_not_asked_of_the_hub(
    store: Store, to: Path, reference: str
) -> None:
    with pytest.raises(SettingsError, match=rf"{reference}': a folder of this machine is used"):
        fetch_model(reference, to, store)


def test_what_the_hub_refuses_names_the_model(hub: Hub, store: Store, to: Path) -> None:
    hub.refuses = (401, "GatedRepo")
    with pytest.raises(AccessError, match=r"model 'org/tiny': .*HF_TOKEN"):
        fetch_model("org/tiny", to, store)
    with pytest.raises(SettingsError, match="neither a path nor an id"):
        fetch_model("org/../tiny", to, store)
