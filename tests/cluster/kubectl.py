"""kubectl as tests use it, what it shows as data, and waiting until that is something else."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError

Object = dict[str, Any]
T = TypeVar("T")

LOOK_EVERY_S = 1.0
CALL_S = 60
VERSIONS = {
    "Deployment": "apps/v1",
    "Event": "v1",
    "Job": "batch/v1",
    "JobSet": "jobset.x-k8s.io/v1alpha2",
    "Lease": "coordination.k8s.io/v1",
    "Node": "v1",
    "Pod": "v1",
    "Service": "v1",
}


def until(what: str, look: Callable[[], T | None], seconds: float) -> T:
    """Look until there is something to see, and return it.

    Raises:
        TimeoutError: if there is nothing after ``seconds``.
    """
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            message = f"{what}: not within {seconds:.0f} s"
            raise TimeoutError(message)
        time.sleep(LOOK_EVERY_S)
    return seen


def holds(look: Callable[[], object], seconds: float) -> bool:
    """Tell whether something stays true for ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not look():
            return False
        time.sleep(LOOK_EVERY_S)
    return True


class Kubectl:
    """kubectl in one namespace; what is looked at every second is read without starting it."""

    def __init__(
        self,
        environment: dict[str, str],
        namespace: str = "default",
        api: DynamicClient | None = None,
    ) -> None:
        self.environment = environment
        self.namespace = namespace
        self._api = api or DynamicClient(new_client_from_config(environment["KUBECONFIG"]))

    def within(self, namespace: str) -> "Kubectl":
        """Return the same in another namespace."""
        return Kubectl(self.environment, namespace, self._api)

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what it prints.

        Raises:
            subprocess.CalledProcessError: if it fails; what it said is the error's note.
        """
        done = self.try_to(*arguments, stdin=stdin)
        if done.returncode:
            error = subprocess.CalledProcessError(done.returncode, done.args, done.stdout)
            error.add_note(done.stderr)
            raise error
        return done.stdout

    def try_to(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Return how it ended."""
        return subprocess.run(
            ["kubectl", "--namespace", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
            timeout=CALL_S,
        )

    def find(self, kind: str, **labels: str) -> list[Object]:
        """List the objects of a kind with these labels, oldest first."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        found = self._read(kind, label_selector=selector)["items"]
        return sorted(found, key=lambda each: str(each["metadata"]["creationTimestamp"]))

    def events(self, reason: str) -> list[Object]:
        """List the events with a reason."""
        found: list[Object] = self._read("Event", field_selector=f"reason={reason}")["items"]
        return found

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or None."""
        try:
            return self._read(kind, name=name)
        except NotFoundError:
            return None

    def _read(self, kind: str, **asked: str) -> Object:
        resource = self._api.resources.get(api_version=VERSIONS[kind], kind=kind)
        read = resource.get(namespace=self.namespace, _request_timeout=CALL_S, **asked)
        found: Object = read.to_dict()
        return found

    def apply(self, *objects: Object) -> None:
        """Make objects, or change them."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--filename", "-", stdin=json.dumps(items))

    def post(self, path: str, body: Object) -> None:
        """Send what is no object of its own, such as an eviction."""
        self("create", "--raw", path, "--filename", "-", stdin=json.dumps(body))
