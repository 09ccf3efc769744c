"""A web site of few pages on loopback, which remembers what it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

TEXT = " ".join(
    f"The bridge over river number {n} was opened in {1900 + n} by the engineer Ana Silva."
    for n in range(8)
)


@dataclass(frozen=True)
class Given:
    """What an address gives."""

    body: bytes = b""
    status: int = 200
    type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def article(title: str, text: str = TEXT, head: str = "") -> Given:
    """Return a page with a text of its own."""
    own = f"<h1>{title}</h1><p>{text}</p><p>This is told of {title}.</p>"
    return Given(
        f"<html><head><title>{title}</title>{head}</head><body>{own}</body></html>".encode()
    )


def moved(place: str, status: int = 301) -> Given:
    """Return an answer that leads to another address."""
    return Given(b"", status, headers={"Location": place})


class SmallSite(ThreadingHTTPServer):
    """Serves ``pages`` by their paths within a ``with`` block; what is not among them is gone."""

    daemon_threads = True

    def __init__(self, pages: Mapping[str, Given | Callable[[], Given]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _OnePage)
        self.pages = dict(pages or {})
        self.asked: list[str] = []
        self.headers: list[Message] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has seen enough."""

    def given(self, path: str) -> Given:
        found = self.pages.get(path, Given(b"nothing here", 404))
        return found if isinstance(found, Given) else found()

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class _OnePage(BaseHTTPRequestHandler):
    server: SmallSite
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # the name is the library's
        self.server.asked.append(self.path)
        self.server.headers.append(self.headers)
        given = self.server.given(self.path)
        tag = given.headers.get("ETag")
        is_known = tag is not None and self.headers.get("If-None-Match") == tag
        self.send_response(304 if is_known else given.status)
        for name, value in {"Content-Type": given.type, **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0" if is_known else str(len(given.body)))
        self.end_headers()
        if not is_known:
            self.wfile.write(given.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
