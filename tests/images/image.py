"""A built image: what buildah knows of it, its files, and runc to run it."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gabarito import __version__

SOMEBODY = 1_000_690_000  # as OpenShift would choose: no name in /etc/passwd, group 0
RUN_S = 300
MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
]
NAMESPACES = ("pid", "mount", "ipc", "uts", "network")


@dataclass(frozen=True)
class Image:
    """An image of this version, mounted at ``root``."""

    name: str
    root: Path
    settings: dict[str, Any]  # the image configuration of the OCI specification

    @property
    def config(self) -> dict[str, Any]:
        """What a container starts with: user, environment, entry point, labels."""
        config: dict[str, Any] = self.settings["config"]
        return config

    @property
    def packages(self) -> dict[str, str]:
        """Return the version of each Python package beside the code, by its normalised name."""
        (folder,) = self.root.glob("opt/gabarito/lib/python3.*/site-packages")
        pairs = (path.stem.rsplit("-", 1) for path in folder.glob("*.dist-info"))
        return {
            name.lower().replace("_", "-").replace(".", "-"): version for name, version in pairs
        }

    def size(self) -> int:
        """Return the bytes of all files."""
        stats = (
            os.lstat(os.path.join(folder, name))
            for folder, _, names in os.walk(self.root)
            for name in names
        )
        return sum({stat.st_ino: stat.st_size for stat in stats}.values())

    def run(self, bundle: Path, *arguments: str, entry: list[str] | None = None) -> str:
        """Run the entry point (or another) as somebody who can write nothing but /tmp."""
        command = [*(entry or self.config["Entrypoint"]), *arguments]
        (bundle / "config.json").write_text(json.dumps(self._container(command)), encoding="utf-8")
        done = subprocess.run(
            ["runc", "run", "--bundle", str(bundle), f"gabarito-{uuid.uuid4().hex}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=RUN_S,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _container(self, command: list[str]) -> dict[str, Any]:
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": SOMEBODY, "gid": 0},
                "args": command,
                "env": self.config["Env"],
                "cwd": self.config["WorkingDir"],
                "noNewPrivileges": True,
            },
            "root": {"path": str(self.root), "readonly": True},
            "mounts": MOUNTS,
            "linux": {"namespaces": [{"type": kind} for kind in NAMESPACES]},
        }


def tag(name: str) -> str:
    """Return the name under which ``images/build`` leaves an image."""
    return f"localhost/gabarito-{name}:{__version__}"


@contextmanager
def mounted(name: str) -> Iterator[Image]:
    """Mount an image within the block."""
    settings = json.loads(buildah("inspect", "--type", "image", tag(name)))["OCIv1"]
    container = buildah("from", "--pull-never", tag(name))
    try:
        yield Image(name, Path(buildah("mount", container)), settings)
    finally:
        buildah("rm", container)


def buildah(*arguments: str) -> str:
    """Return what buildah prints."""
    done = subprocess.run(["buildah", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
