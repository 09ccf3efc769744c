"""Registries on loopback that do what a real one seldom does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.loopback import QuietHandler, served


@dataclass
class ScriptedRegistry:
    """A registry that lets in who has its newest token; ``asked`` lists what it was sent."""

    address: str = ""
    token_lasts: int = 1000
    """How many requests a token is good for."""
    uploads_to: str | None = "/upload"
    begins: int = 202
    """What it answers to the beginning of an upload."""
    blob: bytes = b""
    """What it has; it says that there is one byte more, and breaks off."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    taken: bytes = b""
    _tokens: int = 0
    _left: int = 0

    def answer(
        self, method: str, path: str, authorization: str, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        if path.startswith("/token"):
            return 200, {}, self._token()
        if not self._lets_in(authorization):
            realm = f'Bearer realm="http://{self.address}/token"'
            return 401, {"WWW-Authenticate": realm}, b""
        if method == "GET":
            return 200, {"Content-Length": str(len(self.blob) + 1)}, self.blob
        if method == "PUT":
            self.taken = body
        to = self.uploads_to if method == "POST" else None
        if method == "POST" and self.begins != 202:
            return self.begins, {}, b"out of order"
        status = {"HEAD": 404, "POST": 202, "PUT": 201, "DELETE": 405}[method]
        return status, {} if to is None else {"Location": to}, b""

    def _lets_in(self, authorization: str) -> bool:
        """Return whether a token is good, one time less."""
        self._left -= 1
        return self._left >= 0 and authorization == f"Bearer t{self._tokens}"

    def _token(self) -> bytes:
        """Return a new token as its service would."""
        self._tokens += 1
        self._left = self.token_lasts
        return json.dumps({"token": f"t{self._tokens}"}).encode()


@contextmanager
def running() -> Iterator[ScriptedRegistry]:
    """Let a registry run until the block ends."""
    registry = ScriptedRegistry()

    class Handler(QuietHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            authorization = self.headers.get("Authorization", "")
            if self.path.startswith("/closes"):
                self.close_connection = True
                return
            registry.asked.append((self.command, self.path.partition("?")[0], authorization))
            self.send(*registry.answer(self.command, self.path, authorization, body))

    with served(Handler) as registry.address:
        yield registry
