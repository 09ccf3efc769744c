"""Weights near the pod: found by what they hold, filled whole, and never in the way."""

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gabarito.core.errors import ServiceError, SettingsError
from gabarito.store import model_cache
from gabarito.store.base import FileInfo
from gabarito.store.disk import disk_errors
from gabarito.store.model_cache import files_digest, model_folder
from gabarito.store.scratch import hold

TEXTS = {"config.json": "{}", "deep/model.safetensors": "weights" * 100}


def files_of(texts: dict[str, str]) -> dict[str, FileInfo]:
    return {
        name: FileInfo(size=len(text), sha256=hashlib.sha256(text.encode()).hexdigest())
        for name, text in texts.items()
    }


FILES = files_of(TEXTS)


class Bucket:
    """Where the files come from, which counts how often it is asked."""

    def __init__(self, texts: dict[str, str] = TEXTS) -> None:
        self.texts = texts
        self.files = files_of(texts)
        self.asked = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def fill(self, folder: Path) -> None:
        self.asked += 1
        self.meanwhile()
        with disk_errors(str(folder)):
            for name, text in self.texts.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)

    def use(self) -> Path:
        """Open and close; return where the files were."""
        with model_folder(self.files, self.fill, "base") as folder:
            for name, text in self.texts.items():
                assert (folder / name).read_text() == text
            return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("GABARITO_MODEL_CACHE", str(folder))
    return folder


def test_without_a_cache_a_temporary_folder_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GABARITO_MODEL_CACHE", raising=False)
    bucket = Bucket()
    assert not bucket.use().exists()
    bucket.use()
    assert bucket.asked == 2


def test_the_second_pod_fetches_nothing(cache: Path) -> None:
    bucket = Bucket()
    assert bucket.use() == bucket.use() == cache / files_digest(FILES)
    assert bucket.asked == 1
    assert [path.name for path in cache.iterdir()] == [files_digest(FILES)]


def test_other_weights_under_the_same_name_are_others(cache: Path) -> None:
    first, second = Bucket(), Bucket({**TEXTS, "config.json": "[]"})
    assert first.use() != second.use()


def test_of_two_pods_at_once_both_have_it_and_one_copy_stays(cache: Path) -> None:
    first, second = Bucket(), Bucket()
    first.meanwhile = lambda: assert_placed(second.use())
    assert first.use().is_relative_to(cache)
    assert (first.asked, second.asked) == (1, 1)
    assert len(list(cache.iterdir())) == 1


def assert_placed(folder: Path) -> None:
    assert folder.exists()


def test_a_pod_that_dies_while_it_fills_leaves_nothing_to_be_found(cache: Path) -> None:
    bucket = Bucket()

    def die() -> None:
        raise KeyboardInterrupt

    bucket.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        bucket.use()
    bucket.meanwhile = lambda: None
    left = cache / ".filling-0123456789abcdef"  # killed with -9: nothing tidied up
    left.mkdir()
    bucket.use()
    assert left.exists()  # it may be another pod's that lives
    os.utime(left, (time.time() - 7 * 3600,) * 2)
    Bucket({"other": "x"}).use()
    assert not left.exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "more"])
def test_what_is_damaged_is_made_anew(cache: Path, damage: str) -> None:
    bucket = Bucket()
    weights = bucket.use() / "deep/model.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "more":
        (weights.parent / "notes").write_text("theirs")
    else:
        weights.write_text("weights" if damage == "cut" else "Weights" * 100)
    bucket.use()
    assert bucket.asked == 2
    bucket.use()
    assert bucket.asked == 2


def test_an_image_is_read_and_the_volume_beside_it_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, volume = tmp_path / "image", tmp_path / "volume"
    monkeypatch.setenv("GABARITO_MODEL_CACHE", str(image))
    held, other = Bucket(), Bucket({"other": "x"})
    held.use()
    monkeypatch.setenv("GABARITO_MODEL_CACHE", f"{image}{os.pathsep}{volume}")
    real = Path.mkdir

    def refused(self: Path, *given: Any, **named: Any) -> None:  # noqa: ANN401
        if self.parent == image:  # root may write anywhere, a pod may not
            raise PermissionError(13, "read-only", str(self))
        real(self, *given, **named)

    monkeypatch.setattr(Path, "mkdir", refused)
    assert held.use().parent == image
    assert other.use().parent == volume
    assert (held.asked, other.asked) == (1, 1)


def test_a_full_volume_stops_nothing(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    bucket = Bucket()

    def fill(folder: Path) -> None:
        with disk_errors(str(folder)):
            if folder.is_relative_to(cache):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        bucket.fill(folder)

    with model_folder(FILES, fill, "base") as folder:
        assert not folder.is_relative_to(cache)
    assert "weights not kept in the cache" in caplog.text
    assert not list(cache.iterdir())


def test_what_another_pod_removes_meanwhile_is_made_anew(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, gone = Bucket(), files_digest(FILES)
    bucket.use()

    def late(folder: Path) -> int:
        if folder.name == gone and bucket.asked == 1:
            shutil.rmtree(folder)
        return hold(folder)

    monkeypatch.setattr(model_cache, "hold", late)
    assert bucket.use() == cache / gone
    assert bucket.asked == 2


def test_what_was_made_anew_before_it_was_locked_is_held_too(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another pod makes room by removing it under its reader."""
    monkeypatch.setenv("GABARITO_MODEL_CACHE_KEEP", "1")
    bucket, locked = Bucket(), list[int]()
    folder = bucket.use()

    def late(opened: Path) -> int:
        locked.append(hold(opened))
        if len(locked) == 1:  # between opening it and locking it
            folder.rename(folder.with_name("removed"))
            shutil.rmtree(folder.with_name("removed"))
            folder.mkdir()
            bucket.fill(folder)
        return locked[-1]

    monkeypatch.setattr(model_cache, "hold", late)
    with model_folder(bucket.files, bucket.fill, "base") as held:
        Bucket({"file": "another"}).use()
        assert held.exists()


def test_a_cache_that_cannot_be_read_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable = tmp_path / ("x" * 300)  # refused by the disk, also to root
    monkeypatch.setenv("GABARITO_MODEL_CACHE", str(unreadable))
    assert not Bucket().use().is_relative_to(unreadable)


def test_what_goes_wrong_at_the_source_is_told(cache: Path) -> None:
    def fill(_: Path) -> None:
        raise ServiceError("the bucket does not answer")

    with pytest.raises(ServiceError, match="does not answer"), model_folder(FILES, fill, "base"):
        pass
    assert not list(cache.iterdir())


def test_what_was_not_used_for_longest_makes_room_unless_it_is_held(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GABARITO_MODEL_CACHE_KEEP", "2")
    first, second, third, fourth = (Bucket({"file": str(number)}) for number in range(4))
    with model_folder(first.files, first.fill, "base") as held:
        os.utime(held, (1, 1))
        os.utime(second.use(), (2, 2))
        os.utime(third.use(), (3, 3))
        assert held.exists()  # used least lately, but a pod has it open
    fourth.use()
    assert not held.exists()
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("said", ["0", "many", "-1"])
def test_how_many_are_kept_is_a_number(
    cache: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("GABARITO_MODEL_CACHE_KEEP", said)
    with pytest.raises(SettingsError, match="GABARITO_MODEL_CACHE_KEEP: must be a number"):
        Bucket().use()


def test_many_pods_that_start_together_all_get_it(cache: Path) -> None:
    found: list[Path] = []
    pods = [threading.Thread(target=lambda: found.append(Bucket().use())) for _ in range(8)]
    for pod in pods:
        pod.start()
    for pod in pods:
        pod.join(30)
    assert found == [cache / files_digest(FILES)] * 8
    assert len(list(cache.iterdir())) == 1
