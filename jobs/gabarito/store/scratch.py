"""Folders for what is made on this machine; those of killed processes are removed."""

import fcntl
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gabarito.core.errors import ServiceError

PREFIX = "gabarito-"
_OURS = re.compile(f"{PREFIX}.*")

log = logging.getLogger("gabarito.scratch")


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """Make a temporary folder, and remove it at the end.

    Whoever uses it holds a lock on it, which ends with the process however that ends. What
    this user's processes on this machine left behind is therefore known, and removed first.

    Raises:
        ServiceError: if there is none to be had: all that are known may be full or read-only.
    """
    try:
        remove_abandoned(Path(tempfile.gettempdir()), _OURS)
        folder, lock = _locked_folder(f"{PREFIX}{purpose}-")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServiceError(
            f"no temporary folder: {reason}; free space, or let TMPDIR name another folder"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(prefix: str) -> tuple[Path, int]:
    """Return a new folder, and the open file that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=machine()))
        with suppress(FileNotFoundError):  # taken for abandoned before it was locked
            lock = hold(folder)
            if folder.exists():
                return folder, lock
            os.close(lock)


def hold(folder: Path) -> int:
    """Lock a folder, so that it is not taken for abandoned; return what to close at the end."""
    lock = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # where nothing can be locked, nothing is abandoned
        fcntl.flock(lock, fcntl.LOCK_SH)  # NFS locks no folder exclusively
    return lock


def remove_abandoned(parent: Path, ours: re.Pattern[str]) -> None:
    """Remove this user's folders of this machine that no process of it holds locked.

    ``ours`` is what their names are before the machine's.
    """
    found: list[Path] = []
    with suppress(PermissionError):  # folders may be made where none may be listed
        found = [one for one in parent.iterdir() if one.name.endswith(machine())]
    for folder in found:
        if not ours.fullmatch(folder.name.removesuffix(machine())):
            continue
        with suppress(OSError):  # somebody else's, gone, or locked by a process that runs
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # opening a pipe would wait
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                    log.info("abandoned folder removed", extra={"folder": str(folder)})
            finally:
                os.close(lock)


def machine() -> str:
    """Return the end of the names: locks may not reach other machines on a shared disk."""
    return f"@{os.uname().nodename}"
