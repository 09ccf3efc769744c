"""helm, where it is, and what it makes of the chart."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/gabarito"
HELM_S = 120
Object = dict[str, Any]


def ci_values() -> list[Path]:
    """Return the values of every scenario."""
    return sorted((CHART / "ci").glob("*-values.yaml"))


def built() -> Path:
    """Return the folder that k8s/dev builds into."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("CLUSTER_BIN") or f"{cache}/gabarito-cluster/bin")


def program() -> str:
    """Return helm: that of the PATH, or the one that k8s/dev builds.

    Raises:
        FileNotFoundError: if there is none.
    """
    found = shutil.which("helm") or shutil.which("helm", path=str(built()))
    if found is None:
        message = f"no helm on the PATH or in {built()}; install it, or run k8s/dev/cluster build"
        raise FileNotFoundError(message)
    return found


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm and return how it ended."""
    command = [program(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=HELM_S)


def template(values: Path, *options: str) -> str:
    """Return what helm renders for a release ``demo`` in the namespace ``team``.

    Raises:
        ValueError: with what helm said, if it refuses.
    """
    where = ("--namespace", "team", "--values", str(values))
    done = helm("template", "demo", str(CHART), *where, *options)
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def objects(values: Path, *options: str) -> list[Object]:
    """Return the objects that helm renders."""
    return [each for each in yaml.safe_load_all(template(values, *options)) if each]
