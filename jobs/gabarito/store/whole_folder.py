"""A folder of files for people that is written whole or not at all."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gabarito.core.errors import UsageError
from gabarito.store.disk import disk_errors
from gabarito.store.scratch import hold, machine, remove_abandoned

MARK = ".gabarito-export"
"""A file that lists what was written beside it: with nothing else there, it may be replaced."""

_BEFORE = "before-"


@contextmanager
def whole_folder(folder: Path, setting: str) -> Iterator[Path]:
    """Give a folder to write into, which becomes ``folder`` at the end, if all went well.

    ``setting`` is what named it, for messages. An earlier export there is replaced.

    Raises:
        UsageError: if it holds anything else, or is no folder.
        AccessError: if it may not be written there.
        ServiceError: if the disk is full.
    """
    place = folder.absolute()
    with disk_errors(str(place)):
        refuse_other_content(place, setting)
        place.parent.mkdir(parents=True, exist_ok=True)
        _clear_up(place)
        aside = _beside(place, "")
        aside.mkdir()
        lock = hold(aside)
        try:
            yield aside
            write_mark(aside)
            _put(aside, place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
            os.close(lock)


def _beside(place: Path, kind: str) -> Path:
    return place.with_name(f".{place.name}-{kind}{secrets.token_hex(4)}{machine()}")


def _clear_up(place: Path) -> None:
    """Put back what a killed export had taken away, and remove what others left half-written."""
    beside = rf"\.{re.escape(place.name)}-"
    taken = re.compile(rf"{beside}{_BEFORE}[0-9a-f]+{re.escape(machine())}")
    with suppress(PermissionError):
        for path in place.parent.iterdir():
            if taken.fullmatch(path.name) and not place.exists():
                os.rename(path, place)
    remove_abandoned(place.parent, re.compile(rf"{beside}({_BEFORE})?[0-9a-f]+"))


def write_mark(folder: Path) -> None:
    """List in a folder what it holds, so that a later export may replace it."""
    names = sorted(path.name for path in folder.iterdir())
    (folder / MARK).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def refuse_other_content(folder: Path, setting: str) -> None:
    """Do nothing unless a folder holds what no earlier export wrote.

    Raises:
        UsageError: names something that it holds, or why it cannot be put in its place.
    """
    with disk_errors(str(folder)):
        _refuse_other_than_folders(folder, setting)
        if folder.exists():
            _refuse_what_stays(folder, setting)


def _refuse_what_stays(folder: Path, setting: str) -> None:
    """Refuse a folder in whose place another cannot be put."""
    others = other_names([path.name for path in folder.iterdir()], folder)
    if others:
        raise UsageError(
            f"{setting}: {folder} holds something else, such as {others[0]!r}; give a new or an "
            "empty folder"
        )
    if Path.cwd().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{setting}: {folder} is where you are, and would be replaced; give the name of a new "
            "folder in it, or call the command elsewhere"
        )
    if folder.is_mount():
        raise UsageError(
            f"{setting}: {folder} is where a disk is mounted, and cannot be replaced; give the "
            "name of a new folder in it"
        )


def _refuse_other_than_folders(folder: Path, setting: str) -> None:
    """Refuse a link in a folder's place, and files on the way to it."""
    for path in (folder, *folder.parents):
        is_there = path.exists() or path.is_symlink()
        if is_there and (not path.is_dir() or (path == folder and path.is_symlink())):
            raise UsageError(f"{setting}: {path} is no folder; give another name")


def other_names(names: Sequence[str], folder: Path) -> list[str]:
    """Return those of the names in a folder that its mark does not list."""
    ours: set[str] = set()
    with suppress(OSError, UnicodeDecodeError):
        ours = {MARK, *(folder / MARK).read_text(encoding="utf-8").splitlines()}
    return sorted(set(names) - ours)


def _put(aside: Path, place: Path) -> None:
    """Put a folder in the place of an empty one or an earlier export, which is removed last."""
    if not place.exists():
        os.rename(aside, place)
        return
    before = _beside(place, _BEFORE)
    os.rename(place, before)
    try:
        os.rename(aside, place)
    except BaseException:
        os.rename(before, place)
        raise
    shutil.rmtree(before, ignore_errors=True)
