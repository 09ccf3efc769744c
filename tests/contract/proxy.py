"""An HTTP proxy that loses, delays, cuts and falsifies answers."""

import http.client
import time
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass
class Fault:
    """What the proxy does to the next requests of a method whose path holds a word."""

    act: str
    method: str
    word: str = ""
    times: int = 1
    status: int = 0
    code: str = ""
    seconds: float = 0

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method == method and self.word in path


@dataclass
class Proxy:
    """An HTTP proxy before one server: passes everything on, but for the faults set."""

    upstream: str
    endpoint: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)

    def fail(self, act: str, method: str, word: str = "", **how: Any) -> None:  # noqa: ANN401
        """Set a fault: swallow, late, cut, flip, answer, instead or delay."""
        self.faults.append(Fault(act, method, word, **how))

    def take(self, method: str, path: str) -> Fault:
        """Note a request and return what is to be done to it."""
        self.seen.append(f"{method} {path}")
        for fault in self.faults:
            if fault.fits(method, path):
                fault.times -= 1
                return fault
        return Fault("pass", method)


class Handler(BaseHTTPRequestHandler):
    """Passes one request on, does what the fault says, and passes the answer back."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.proxy.headers |= {name.lower() for name in self.headers}
        fault = self.proxy.take(self.command, self.path)
        time.sleep(fault.seconds)
        if fault.act == "instead":
            return self._refuse(fault)
        status, headers, answer = self._forward(body)
        if fault.act == "answer":
            return self._refuse(fault)
        if fault.act == "swallow":
            self.close_connection = True
            return None
        if fault.act == "flip":
            answer = answer[:-1] + bytes([answer[-1] ^ 1])
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer[: len(answer) // 2] if fault.act == "cut" else answer)
        self.close_connection = self.close_connection or fault.act == "cut"
        return None

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_request  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        with closing(http.client.HTTPConnection(self.proxy.upstream.removeprefix("http://"))) as up:
            up.request(self.command, self.path, body, dict(self.headers))
            answer = up.getresponse()
            content = answer.read()
            headers = [
                (name, value)
                for name, value in answer.getheaders()
                if name.lower() not in ("transfer-encoding", "content-length", "connection")
            ]
            size = answer.headers["Content-Length"] if self.command == "HEAD" else len(content)
            return answer.status, [*headers, ("Content-Length", str(size))], content

    def _refuse(self, fault: Fault) -> None:
        said = f"<Error><Code>{fault.code}</Code><Message>no</Message></Error>".encode()
        self.send_response_only(fault.status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
