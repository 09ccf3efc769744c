"""What watches tell of a release's Jobs and pods, each with the time at which it came."""

import json
import subprocess
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from urllib.parse import quote

from tests.cluster.kubectl import Kubectl, Object

PLACES = {"jobs": "/apis/batch/v1", "pods": "/api/v1"}
LASTS_S = 24 * 3600
NOW = "0"
"""The version to begin with: whatever the API has at hand. Without one a watch waits up to 3 s."""


@dataclass(frozen=True)
class Seen:
    """A change of an object; ``at`` is a time of this process's clock."""

    at: float
    kind: str
    change: str
    object: Object


class Watch:
    """Tells every change of the Jobs and pods with these labels, from one clock."""

    def __init__(self, kubectl: Kubectl, selector: str) -> None:
        self._kubectl = kubectl
        self._query = (
            f"watch=true&resourceVersion={NOW}&timeoutSeconds={LASTS_S}"
            f"&labelSelector={quote(selector)}"
        )
        self._seen: SimpleQueue[Seen] = SimpleQueue()
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Watch":
        for kind, place in PLACES.items():
            path = f"{place}/namespaces/{self._kubectl.namespace}/{kind}?{self._query}"
            process = subprocess.Popen(
                ["kubectl", "get", "--raw", path],
                stdout=subprocess.PIPE,
                text=True,
                env=self._kubectl.environment,
            )
            self._processes.append(process)
            threading.Thread(target=self._read, args=(kind, process), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.terminate()
            process.wait(10)

    def next(self, deadline: float) -> Seen:
        """Return what came next.

        Raises:
            TimeoutError: if nothing comes until ``deadline``.
            ConnectionError: if the API ended a watch.
        """
        try:
            seen = self._seen.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty as error:
            message = "what was waited for did not come"
            raise TimeoutError(message) from error
        if seen.change == "ERROR":
            message = f"the watch of {seen.kind} ended: {seen.object['message']}"
            raise ConnectionError(message)
        return seen

    def _read(self, kind: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            at, told = time.monotonic(), json.loads(line)
            self._seen.put(Seen(at, kind, told["type"], told["object"]))
        self._seen.put(Seen(time.monotonic(), kind, "ERROR", {"message": "the API closed it"}))
