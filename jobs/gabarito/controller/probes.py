"""The controller's own endpoint: ``/health``, ``/ready`` and ``/metrics``."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gabarito.controller.health import Health
from gabarito.core.errors import SettingsError


def start_server(port: int, health: Health) -> ThreadingHTTPServer:
    """Answer probes at ``port`` (0: any) for as long as the process lives.

    Raises:
        SettingsError: if the port is taken.
    """
    try:
        server = ThreadingHTTPServer(("", port), _handler(health))
    except OSError as error:
        message = f"port {port}: cannot listen there: {error.strerror}; choose another --port"
        raise SettingsError(message) from error
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = _answer(self.path, health)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds: nobody wants to read of them."""

    return Handler


def _answer(path: str, health: Health) -> tuple[HTTPStatus, bytes]:
    if path == "/metrics":
        return HTTPStatus.OK, health.text()
    if path == "/health":
        return _said(health.liveness_error)
    if path == "/ready":
        return _said(health.problem)
    return HTTPStatus.NOT_FOUND, b"there are /health, /ready and /metrics\n"


def _said(problem: str) -> tuple[HTTPStatus, bytes]:
    if problem:
        return HTTPStatus.SERVICE_UNAVAILABLE, f"{problem}\n".encode()
    return HTTPStatus.OK, b"ok\n"
