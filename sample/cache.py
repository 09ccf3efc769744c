"""What the package index has, fetched once, pinned by its digest, and kept in the user's cache."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(name: str, make: Callable[[Path], Path]) -> Path:
    """Return the folder of the cache with this name: made if it is not there, whole if it is.

    ``make`` is given a folder to work in, and returns the folder in it that is to be kept.

    Raises:
        CalledProcessError: if a package cannot be fetched, or is not the one that is meant.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gabarito"
    folder = cache / name
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            make(Path(work)).rename(folder)
    return folder


def fetch_wheel(wheel: str, sha256: str, folder: Path) -> Path:
    """Fetch a package such as ``name==1.0`` without what it depends on, and return its file."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{wheel} --hash=sha256:{sha256}\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
            *("--requirement", str(wanted), "--dest", str(folder)),
        ],
        check=True,
    )
    (fetched,) = folder.glob("*.whl")
    return fetched
