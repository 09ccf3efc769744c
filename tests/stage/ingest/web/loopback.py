"""Real HTTP servers on loopback that count what they are asked for."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """What a server answers; one of 200 has a tag, and is answered by 304 to who names it."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    has_tag: bool = True

    @property
    def tag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


class Asked(NamedTuple):
    """One request, as it was answered."""

    target: str
    status: int
    agent: str
    at: float


class LoopbackSite(ThreadingHTTPServer):
    """A server whose ``reply`` says what each path gives; use it in a ``with`` statement."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.most_at_once = 0
        """How many requests were being answered at the same time, at most."""
        self.lock = threading.Lock()
        self._at_once = 0

    def reply(self, target: str, headers: Message) -> Reply:
        """Return what a path with its query gives; subclasses say."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def counts(self) -> Counter[str]:
        """How often each path with its query was asked for."""
        return Counter(one.target for one in self.asked)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in self.asked)

    @property
    def answered_at(self) -> list[float]:
        """When each request was answered, in seconds of a clock that never goes back."""
        return [one.at for one in self.asked]

    def fetched(self, begin: str = "/") -> list[str]:
        """Return the targets that gave a whole page, each as often as it did."""
        return [one.target for one in self.asked if one.status == 200 and _is_below(one, begin)]

    def forget(self) -> None:
        """Begin to count anew."""
        with self.lock:
            self.asked.clear()
            self.most_at_once = 0

    def count_in(self, change: int) -> None:
        with self.lock:
            self._at_once += change
            self.most_at_once = max(self.most_at_once, self._at_once)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up is meant."""


def _is_below(asked: Asked, begin: str) -> bool:
    return asked.target.startswith(begin) and not asked.target.startswith("/robots.txt")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackSite

    def do_GET(self) -> None:
        site = self.server
        site.count_in(1)
        parts = urlsplit(self.path)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer, now = site.reply(target, self.headers), time.monotonic()
        is_known = answer.status == 200 and self.headers.get("If-None-Match") == answer.tag
        status = 304 if is_known and answer.has_tag else answer.status
        with site.lock:
            site.asked.append(Asked(target, status, self.headers.get("User-Agent", ""), now))
        time.sleep(answer.delay_s)
        site.count_in(-1)
        self._send(answer, status)

    def _send(self, answer: Reply, status: int) -> None:
        body = b"" if status == 304 else answer.body
        own = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        if answer.status == 200 and answer.has_tag:
            own["ETag"] = answer.tag
        self.send_response(status)
        for name, value in {**own, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass
