"""Weights near the pod: folders of a model's files, by the digest of what they hold.

<cache>/<digest>/…                    the files of a base or of a served model
        .filling-<random>/…           one that is being written; renamed once it is whole

``GABARITO_MODEL_CACHE`` names the folders in which is looked, separated by colons: a volume that
outlives pods, or an image that is mounted read-only. What is in none of them is fetched into the
first that can be written to, for the next pod too. Nothing fails for a cache that is full, damaged
or read-only: then a temporary folder does, as without one.

Several pods may share a folder. Each writes aside and renames; whoever comes second takes what is
there. A folder is verified before it is used, as whatever is read from the store, and held locked
(shared) while it is: only what nobody holds is removed to make room.
"""

import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gabarito.core.errors import AccessError, ServiceError, SettingsError
from gabarito.store.base import FileInfo
from gabarito.store.disk import info_of
from gabarito.store.scratch import hold, temporary_folder

log = logging.getLogger("gabarito.model_cache")

VARIABLE = "GABARITO_MODEL_CACHE"
KEPT_VARIABLE = "GABARITO_MODEL_CACHE_KEEP"
DEFAULT_KEPT = 4

_FILLING = ".filling-"
_ABANDONED_S = 6 * 3600.0
"""Age at which what was being written is taken for that of a dead pod."""

Fill = Callable[[Path], object]
"""Writes the files into a folder."""


def cache_folders() -> list[Path]:
    """Return the folders in which weights are looked for."""
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [Path(name) for name in named if name]


def files_digest(files: Mapping[str, FileInfo]) -> str:
    """Return the digest of files by their names and contents: the name of their folder."""
    lines = (f"{name} {files[name].size} {files[name].sha256}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@contextmanager
def model_folder(files: Mapping[str, FileInfo], fill: Fill, purpose: str) -> Iterator[Path]:
    """Give a folder with exactly these files, which ``fill`` writes if no cache has them.

    Nothing may be written to it. It is there until the block ends, and longer in a cache.

    Raises:
        GabaritoError: as ``fill`` does.
    """
    for cache in cache_folders():
        folder = cache / files_digest(files)
        lock = _held(folder, files)
        if lock is not None:
            log.info("weights in the cache", extra={"folder": str(folder)})
            try:
                yield folder
            finally:
                os.close(lock)
            return
    filled = next(filter(None, (_filled(cache, files, fill) for cache in cache_folders())), None)
    if filled is None:
        with temporary_folder(purpose) as folder:
            fill(folder)
            yield folder
        return
    folder, lock = filled
    try:
        yield folder
    finally:
        os.close(lock)


def _held(folder: Path, files: Mapping[str, FileInfo]) -> int | None:
    """Return the lock of a cached folder that is what it should be; remove one that is not."""
    try:
        if not folder.is_dir():
            return None
        lock = _lock(folder)
    except OSError as error:  # gone meanwhile, or nothing that can be read
        log.warning("cache not read", extra={"folder": str(folder), "reason": str(error)})
        return None
    if _is_sound(folder, files):
        with suppress(OSError):  # a volume that is read-only has nothing to make room for
            os.utime(folder)
        return lock
    os.close(lock)
    log.warning("damaged weights in the cache", extra={"folder": str(folder)})
    _remove(folder)
    return None


def _lock(folder: Path) -> int:
    """Lock what has the name now.

    What was opened may have been removed before it was locked, and the same made anew by another
    pod: then nothing would keep that from being removed under its reader.
    """
    while True:
        lock = hold(folder)
        try:
            if os.path.samestat(os.fstat(lock), folder.stat()):
                return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)


def _is_sound(folder: Path, files: Mapping[str, FileInfo]) -> bool:
    try:
        there = (path for path in folder.rglob("*") if not path.is_dir())
        found = {path.relative_to(folder).as_posix(): path for path in there}
        if found.keys() != files.keys():
            return False
        if any(found[name].stat().st_size != info.size for name, info in files.items()):
            return False
        return all(info_of(found[name]) == info for name, info in files.items())
    except OSError as error:
        log.warning("cache not read", extra={"folder": str(folder), "reason": str(error)})
        return False


def _filled(cache: Path, files: Mapping[str, FileInfo], fill: Fill) -> tuple[Path, int] | None:
    """Write the files into a cache, and return their folder and its lock; None if that fails."""
    aside = cache / f"{_FILLING}{secrets.token_hex(8)}"
    try:
        if cache.exists() and not os.access(cache, os.W_OK):
            return None  # an image, which is not there to be filled
        cache.mkdir(parents=True, exist_ok=True)
        _make_room(cache)
        aside.mkdir()
        fill(aside)
        lock = hold(aside)
        return _placed(aside, cache / files_digest(files), lock, files)
    except OSError as error:
        reason = str(error)
    except (AccessError, ServiceError) as error:
        if not _is_of_disk(error):
            raise
        reason = str(error)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    log.warning("weights not kept in the cache", extra={"cache": str(cache), "reason": reason})
    return None


def _placed(
    aside: Path, folder: Path, lock: int, files: Mapping[str, FileInfo]
) -> tuple[Path, int] | None:
    try:
        os.rename(aside, folder)
    except OSError:
        os.close(lock)
        theirs = _held(folder, files)  # another pod was first
        return None if theirs is None else (folder, theirs)
    return folder, lock


def _is_of_disk(error: AccessError | ServiceError) -> bool:
    return isinstance(error.__cause__, OSError)


def _make_room(cache: Path) -> None:
    """Remove what dead pods were writing, and the folders that were used least lately."""
    folders = [path for path in cache.iterdir() if path.is_dir()]
    ages = {path: time.time() - path.stat().st_mtime for path in folders}
    for path in folders:
        if path.name.startswith(_FILLING) and ages[path] > _ABANDONED_S:
            _remove(path)
    whole = [path for path in folders if not path.name.startswith(".")]
    for path in sorted(whole, key=ages.__getitem__)[_kept() - 1 :]:
        _remove(path)


def _kept() -> int:
    said = os.environ.get(KEPT_VARIABLE) or str(DEFAULT_KEPT)
    if not said.isdecimal() or not int(said):
        raise SettingsError(f"{KEPT_VARIABLE}: must be a number of models from 1, got {said!r}")
    return int(said)


def _remove(folder: Path) -> None:
    """Remove a folder that nobody holds; under another name first, so that none finds half."""
    with suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = folder.with_name(f"{_FILLING}{secrets.token_hex(8)}")
            os.rename(folder, gone)
            shutil.rmtree(gone)
            log.info("weights removed from the cache", extra={"folder": str(folder)})
        finally:
            os.close(lock)
