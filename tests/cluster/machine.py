"""The machine that the cluster runs on: its programs can be paused and killed."""

import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gabarito import __version__

ROOT = Path(__file__).parent.parent.parent
STATE = Path(os.environ.get("CLUSTER_STATE", "/var/lib/gabarito-cluster"))
CALL_S = 900
KILL_S = 30
REGISTRY = "127.88.0.1:5000"
"""Where the cluster's images are, for this machine alone."""

IMAGES = ("ingest", "generate", "train", "serve")


class Machine:
    """The one-node cluster of ``k8s/dev``, from outside."""

    def call(self, *arguments: str) -> str:
        """Run ``k8s/dev/cluster`` and return what it prints."""
        command = [str(ROOT / "k8s/dev/cluster"), *arguments]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=CALL_S
        )
        return done.stdout.strip()

    def environment(self) -> dict[str, str]:
        """Start what is not running, and return what kubectl and helm need to find it."""
        programs = self.call("build")
        path = f"{programs}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "KUBECONFIG": self.call("up")}

    def load_images(self) -> None:
        """Bring this version's images into the cluster's registry."""
        self.call("load", *(f"gabarito-{image}:{__version__}" for image in IMAGES))

    @contextmanager
    def paused(self, component: str) -> Iterator[None]:
        """Within the block a component of the cluster does not move."""
        with _paused(_pid(component)):
            yield

    @contextmanager
    def paused_in_pod(self, uid: str, program: str) -> Iterator[None]:
        """Within the block a pod's process whose command names ``program`` does not move."""
        pid = pid_in_pod(uid, program)
        assert pid is not None, f"no process of pod {uid} names {program!r}"
        with _paused(pid):
            yield

    @contextmanager
    def cut_off(self, address: str) -> Iterator[None]:
        """Within the block nothing from pods reaches a Service's address, open connections too."""
        flow = ["--protocol", "tcp", "--match", "conntrack", "--ctorigdst", address]
        rule = ["FORWARD", *flow, "--jump", "DROP"]
        program = "ip6tables" if ":" in address else "iptables"
        subprocess.run([program, "--wait", "--insert", *rule], check=True)
        try:
            yield
        finally:
            subprocess.run([program, "--wait", "--delete", *rule], check=True)

    def kill(self, component: str) -> None:
        """Kill a component of the cluster."""
        os.kill(_pid(component), signal.SIGKILL)

    def kill_in_pod(self, uid: str, program: str) -> bool:
        """Kill a pod's first process whose command names ``program``, and see that it has ended.

        False if there is none.
        """
        pid = pid_in_pod(uid, program)
        if pid is None:
            return False
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            ended, _, _ = select.select([process], [], [], KILL_S)
        finally:
            os.close(process)
        return bool(ended)


def pid_in_pod(uid: str, program: str) -> int | None:
    """Return the id of the first process of a pod whose command names ``program``, or None."""
    folders = (path for path in Path("/proc").iterdir() if path.name.isdecimal())
    for folder in sorted(folders, key=lambda path: int(path.name)):
        try:
            inside = uid in (folder / "cgroup").read_text()
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if inside and program in command.split("\0"):
            return int(folder.name)
    return None


def in_url(address: str) -> str:
    """Return an address as a URL has it: one of IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def is_heard(address: str, port: int) -> bool:
    """Tell whether something listens there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def _paused(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _pid(component: str) -> int:
    return int((STATE / "run" / f"{component}.pid").read_text().split()[0])
