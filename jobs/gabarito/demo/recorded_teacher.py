"""The recorded teacher: a server of the OpenAI protocol that answers from recorded replies."""

import hashlib
import json
import math
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, TypedDict, Unpack

import click

from gabarito.artifacts.jsonl import read_lines
from gabarito.core.listening import ListeningServer
from gabarito.demo.recordings import RecordedReply, Recording, Recordings

MODEL = "recorded"
RETRY_AFTER_S = 0.2

_LENGTH = re.compile(r"[0-9]{1,8}")
"""RFC 9110, 8.6; a longer body is no chat request, and would not fit in memory."""


class Manners(TypedDict, total=False):
    """How the server behaves: seconds before a reply, shares of refusals, and their seed.

    The share of 400 is that of requests that are never answered; a refused field is one that
    the server does not know.
    """

    latency: float
    rate_400: float
    rate_429: float
    rate_500: float
    seed: int
    refused_field: str


class TeacherServer(ListeningServer):
    """Answers chat requests.

    ``seen`` holds the last message of each that got a reply, ``refused`` counts the others.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        recordings: Recordings,
        address: tuple[str, int],
        manners: Manners,
        api_key: str | None,
    ) -> None:
        super().__init__(*address, _Handler)
        self.recordings = recordings
        self.manners = manners
        self.api_key = api_key
        self.seen: list[str] = []
        self.refused = 0
        self._tries: Counter[str] = Counter()
        self._lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as the base
        """Print what went wrong, unless it is that a client did not wait for its reply."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def mishap(self, body: bytes) -> int:
        """Return 400, 429, 500 or 0 for none: the n-th try of a request fares alike in every run.

        A request that is refused with 400 is refused at each try.
        """
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            self._tries[digest] += 1
            number = self._tries[digest]
        if self._drawn(digest) < self.manners.get("rate_400", 0.0):
            return 400
        point = self._drawn(f"{digest} {number}")
        too_many = self.manners.get("rate_429", 0.0)
        if point < too_many:
            return 429
        return 500 if point < too_many + self.manners.get("rate_500", 0.0) else 0

    def _drawn(self, what: str) -> float:
        """Return a number in 0..1 that follows from the seed."""
        drawn = hashlib.sha256(f"{self.manners.get('seed', 0)} {what}".encode()).digest()
        return int.from_bytes(drawn[:8]) / 2**64


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TeacherServer

    def do_GET(self) -> None:
        if not self._is_allowed():
            return
        if self.path.rstrip("/").endswith("/models"):
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "gabarito"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._refuse(404, "not_found", f"no such path: {self.path}")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not _LENGTH.fullmatch(length):
            self.close_connection = True  # where the next request begins is unknown
            self._refuse(400, "invalid_request", f"no such Content-Length: {length!r}")
            return
        data = self.rfile.read(int(length))
        if not self._is_allowed():
            return
        if not self.path.rstrip("/").endswith("/chat/completions"):
            self._refuse(404, "not_found", f"no such path: {self.path}")
            return
        request = _request(data)
        if request is None:
            self._refuse(400, "invalid_request", "the body is not a chat request")
        elif request.get("model") != MODEL:
            name = request.get("model")
            self._refuse(404, "model_not_found", f"no model {name!r}, there is {MODEL!r}")
        elif (field := self.server.manners.get("refused_field")) and field in request:
            said = f"Unsupported parameter: {field!r} is not supported with this model"
            self._refuse(400, "unsupported_parameter", said)
        else:
            self._answer(data, str(request["messages"][-1]["content"]))

    def _answer(self, data: bytes, message: str) -> None:
        time.sleep(self.server.manners.get("latency", 0.0))
        mishap = self.server.mishap(data)
        if mishap == 429:
            pause = {
                "Retry-After": str(math.ceil(RETRY_AFTER_S)),
                "retry-after-ms": str(int(RETRY_AFTER_S * 1000)),
            }
            self._refuse(429, "rate_limit_exceeded", "too many requests", pause)
        elif mishap == 400:
            self._refuse(400, "invalid_request_error", "this request is not answered")
        elif mishap:
            self._refuse(500, "server_error", "the server had an error")
        else:
            self.server.seen.append(message)
            self._send(200, _completion(self.server.recordings.reply(message), len(data)))

    def _is_allowed(self) -> bool:
        key = self.server.api_key
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            self._refuse(401, "invalid_api_key", "incorrect API key provided")
            return False
        return True

    def _refuse(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.server.refused += 1
        error = {"message": message, "type": code, "param": None, "code": code}
        self._send(status, {"error": error}, headers)

    def _send(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: who asks knows what it asked."""


def open_server(
    path: str,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    **manners: Unpack[Manners],
) -> TeacherServer:
    """Return a server that listens, but answers only once ``serve_forever`` runs.

    Raises:
        SettingsError: if it cannot listen there.
    """
    recordings = Recordings(read_lines(path, Recording))
    return TeacherServer(recordings, (host, port), manners, api_key)


def serve_replies(
    path: str,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    **manners: Unpack[Manners],
) -> None:
    """Serve recorded replies until stopped; the address is printed once it answers."""
    with open_server(path, host, port, api_key, **manners) as server:
        click.echo(f"recorded teacher, model {MODEL!r}, at {server.address}")
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            return


def _request(data: bytes) -> dict[str, Any] | None:
    """Return a chat request, or None if it is none."""
    try:
        request: dict[str, Any] = json.loads(data)
        is_chat = isinstance(request["messages"][-1]["content"], str)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return request if is_chat else None


def _completion(reply: RecordedReply, request_bytes: int) -> dict[str, Any]:
    used = {"prompt_tokens": request_bytes // 4, "completion_tokens": len(reply.text) // 4}
    return {
        "id": f"chatcmpl-{hashlib.sha256(reply.text.encode()).hexdigest()[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": reply.finish_reason,
            }
        ],
        "usage": {**used, "total_tokens": sum(used.values())},
    }
