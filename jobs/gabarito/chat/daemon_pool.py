"""Threads for calls that wait: unlike an executor's they do not hold up the process's end."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonPool:
    """Runs calls on up to ``size`` threads, which are started when they are needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a thread make the call; its result or error comes with the future."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                result = call(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
                future.set_exception(error)
            else:
                future.set_result(result)

        self._calls.put(work)
        if not self._idle.acquire(blocking=False) and self._started < self.size:
            self._started += 1
            threading.Thread(target=self._serve, daemon=True).start()
        return future

    def _serve(self) -> None:
        while True:
            self._calls.get()()
            self._idle.release()
