"""The registry that the cluster of k8s/dev runs, on loopback for as long as a block lasts."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
BUILT = os.environ.get("CLUSTER_BIN") or str(CACHE / "gabarito-cluster/bin")
PROGRAM = shutil.which("registry") or f"{BUILT}/registry"

needs_registry = pytest.mark.skipif(
    not os.access(PROGRAM, os.X_OK), reason="no registry; k8s/dev/cluster build registry makes it"
)


@contextmanager
def running_registry(folder: Path, asks: dict[str, dict[str, str]]) -> Iterator[str]:
    """Let a registry run; give its address. ``asks`` says how it asks who one is."""
    address = f"127.0.0.1:{free_port()}"
    auth = {kind: {**asked, "path": str(folder / "htpasswd")} for kind, asked in asks.items()}
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": address},
        "auth": auth,
    }
    path = folder / "registry.json"
    path.write_text(json.dumps(settings))
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with subprocess.Popen([PROGRAM, "serve", str(path)], env=environment) as process:
        try:
            _wait_for(address)
            yield address
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(address: str) -> None:
    pool = urllib3.PoolManager(retries=False)
    for _ in range(300):
        try:
            pool.request("GET", f"http://{address}/v2/")
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no registry at {address}")
