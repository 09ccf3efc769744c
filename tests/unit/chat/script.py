"""A real HTTP server that gives the answers of a script in turn."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Scripted(ThreadingHTTPServer):
    """Gives each request the next answer, and after the last one that again."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *script: Callable[["Handler"], None], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.script = list(script)
        self.requests: list[tuple[float, str, dict[str, str], Any]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up is meant."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append((time.monotonic(), self.path, dict(self.headers), body))
        self.server.script[min(number, len(self.server.script) - 1)](self)

    def do_CONNECT(self) -> None:
        self.server.requests.append((time.monotonic(), self.path, dict(self.headers), None))
        self.server.script[0](self)

    def do_GET(self) -> None:
        self.server.requests.append((time.monotonic(), self.path, dict(self.headers), None))
        self.server.script[0](self)

    def send(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def running_scripts() -> Iterator[Callable[..., Scripted]]:
    """Give what starts a server with a script; all of them are stopped at the end."""
    servers: list[Scripted] = []

    def start(*script: Callable[[Handler], None]) -> Scripted:
        servers.append(Scripted(*script))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def says(text: str, **extra: object) -> Callable[[Handler], None]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    body = {"choices": [choice], "usage": usage} | extra
    return lambda handler: handler.send(200, json.dumps(body).encode())


def fails(
    status: int, code: str = "", said: str = "no", **headers: str
) -> Callable[[Handler], None]:
    body = json.dumps({"error": {"message": said, "code": code}}).encode()
    return lambda handler: handler.send(status, body, **headers)


def gives(data: bytes) -> Callable[[Handler], None]:
    return lambda handler: handler.send(200, data)


def trickles(handler: Handler) -> None:
    """Send a byte of white space now and then, for ever, as some gateways do."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"1\r\n \r\n")
        handler.wfile.flush()
        time.sleep(0.05)


def trickles_head(line: bytes) -> Callable[[Handler], None]:
    """Send a line, such as one of a header, now and then before the head is whole."""

    def answer(handler: Handler) -> None:
        for _ in range(100):
            handler.wfile.write(line)
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


def floods(handler: Handler) -> None:
    """Send white space as fast as it is taken, for ever."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()
