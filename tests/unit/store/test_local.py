import errno
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.unit.store.full import full_beyond

from gabarito.core.errors import ConflictError, DataError, ServiceError, SettingsError
from gabarito.store import local
from gabarito.store.base import FileInfo, Store
from gabarito.store.local import STALE_S
from gabarito.store.open import open_store

NAMESPACES = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
HAS_NAMESPACES = bool(shutil.which("unshare")) and (
    subprocess.run([*NAMESPACES, "mount -t tmpfs tmpfs /mnt"], capture_output=True).returncode == 0
)
ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from gabarito.core.errors import GabaritoError
from gabarito.store.open import open_store

store = open_store(sys.argv[1] + "/store")
uses = lambda: store.write("big", bytes(2**20)), lambda: store.upload(Path(sys.argv[2]), "big")
for use in uses:
    try:
        use()
    except GabaritoError as error:
        print(type(error).__name__, error)
print(sorted(path.name for path in Path(sys.argv[1]).rglob("*") if path.is_file()))
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def on_a_disk(options: str, tmp_path: Path) -> list[str]:
    """Run the script above on a small disk of its own and return its lines."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "file").write_bytes(bytes(2**20))
    (tmp_path / "script.py").write_text(ON_A_SMALL_DISK)
    mount = f"mount -t tmpfs -o {options} tmpfs {tmp_path}/disk"
    run = f"exec {sys.executable} {tmp_path}/script.py {tmp_path}/disk {tmp_path}/file"
    done = subprocess.run(
        [*NAMESPACES, f"{mount} && {run}"], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("form", ["file://{}", "file:{}", "FILE://{}", "file://localhost{}", "{}"])
def test_a_url_and_a_path_name_the_same_folder(tmp_path: Path, form: str) -> None:
    store = open_store(form.format(tmp_path / "a store"))
    store.write("folder/key", b"x")
    assert store.url == f"file://{tmp_path}/a store"
    assert (tmp_path / "a store" / "folder" / "key").read_bytes() == b"x"


@pytest.mark.parametrize("form", ["file://{}", "file:{}", "FILE://{}", "file://localhost{}"])
def test_what_a_url_escapes_is_the_name_itself_and_a_path_has_no_escapes(
    tmp_path: Path, form: str
) -> None:
    store = open_store(form.format(f"{tmp_path}/a%20b%25c%C3%A9"))
    store.write("key", b"x")
    assert (tmp_path / "a b%cé" / "key").read_bytes() == b"x"
    assert open_store(store.url).exists("key")
    assert open_store(str(tmp_path / "a b%cé")).url == store.url
    open_store(str(tmp_path / "d%20e")).write("key", b"y")
    assert (tmp_path / "d%20e" / "key").exists()
    with pytest.raises(SettingsError, match=r"it names '.*d e', which is not there"):
        open_store(form.format(f"{tmp_path}/d%20e"))


def test_a_relative_url_begins_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_store("file://store").url == f"file://{tmp_path}/store"


def test_opening_and_reading_make_nothing(store: Store, tmp_path: Path) -> None:
    assert not store.exists("key")
    store.delete("key")
    assert list(store.list("")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file://", "gs://bucket"])
def test_a_url_without_a_folder_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=url):
        open_store(url)


@pytest.mark.parametrize("below", ["", "/deeper/still"])
def test_a_file_in_the_place_of_the_store_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"file is not a folder; give another path"):
        open_store(f"file://{tmp_path}/file{below}")


def test_an_object_where_a_folder_is_needed_is_reported(store: Store) -> None:
    store.write("name", b"x")
    with pytest.raises(ServiceError, match=r"store/name: disk does not work"):
        store.write("name/more", b"x")


def test_what_is_staged_does_not_remain(store: Store, tmp_path: Path) -> None:
    store.write("key", b"first", if_absent=True)
    store.write("key", b"second")
    assert files_below(tmp_path / "store") == [".gabarito/lock", "key"]


def test_what_dead_writers_left_is_removed_after_a_day(store: Store, tmp_path: Path) -> None:
    staging = tmp_path / "store" / ".gabarito" / "staging"
    staging.mkdir(parents=True)
    for name, age_s in (("old", STALE_S + 60), ("young", 60)):
        (staging / name).touch()
        os.utime(staging / name, (0, time.time() - age_s))
    assert list(store.list("")) == []
    store.write("key", b"x")
    assert files_below(staging) == ["young"]


def test_a_writer_killed_at_any_moment_leaves_whole_objects(store: Store, tmp_path: Path) -> None:
    script = (
        "import itertools, sys\nfrom gabarito.store.open import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "for n in itertools.count(): store.write('key', b'%d' % (n % 10) * 10**6)"
    )
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", script, store.url])
        while not store.exists("key"):
            assert writer.poll() is None
            time.sleep(0.01)
        time.sleep(0.1)
        writer.kill()
        writer.wait()
        data = store.read("key").data
        assert data == data[:1] * 10**6
        assert [entry.key for entry in store.list("")] == ["key"]


def test_of_two_swaps_at_once_on_a_slow_disk_one_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store.write("key", b"old")
    version = local._version

    def slow_version(path: Path) -> str | None:
        found = version(path)
        time.sleep(0.1)
        return found

    def swaps(data: bytes) -> bool:
        try:
            store.write("key", data, if_match=old)
        except ConflictError:
            return False
        return True

    monkeypatch.setattr(local, "_version", slow_version)
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(swaps, [b"one", b"two"])) == [False, True]


def test_a_file_that_grows_beyond_the_limit_is_reported(store: Store, tmp_path: Path) -> None:
    said = r"key: disk is full .*; free space"
    with full_beyond(10**6), pytest.raises(ServiceError, match=said):
        store.write("key", bytes(2 * 10**6))
    assert files_below(tmp_path / "store") == []


@pytest.mark.skipif(not HAS_NAMESPACES, reason="needs mount namespaces")
def test_a_full_disk_is_reported_and_nothing_half_written_remains(tmp_path: Path) -> None:
    write, upload, left = on_a_disk("size=256k", tmp_path)
    assert write.startswith("ServiceError file://")
    assert write.endswith(
        "/store/big: disk is full (no space left on device); free space or use another disk"
    )
    assert upload == write
    assert left == "[]"


@pytest.mark.skipif(not HAS_NAMESPACES, reason="needs mount namespaces")
def test_a_disk_that_is_read_only_is_reported(tmp_path: Path) -> None:
    write, upload, _ = on_a_disk("ro", tmp_path)
    assert write.startswith(f"AccessError {tmp_path}/disk/store: may not be read or written")
    assert write.endswith(
        "(read-only file system); change its permissions or owner, or use another folder"
    )
    assert upload == write


def test_a_download_over_an_older_file_replaces_it_whole(store: Store, tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")
    info = store.upload(tmp_path / "new", "key")
    (tmp_path / "there").write_bytes(b"a longer, older one")
    store.download("key", tmp_path / "there", info)
    assert (tmp_path / "there").read_bytes() == b"new"
    with pytest.raises(DataError):
        store.download("key", tmp_path / "there", FileInfo(size=3, sha256="0"))
    assert (tmp_path / "there").read_bytes() == b"new"


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
def test_a_file_system_without_hard_links_is_told_as_such(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    store.write("key", b"x")
    with pytest.raises(SettingsError, match=r"key: the file system has no hard links, .*a bucket"):
        store.write("other key", b"x", if_absent=True)
