"""A model hub on loopback that takes one upload and gives it back."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loopback import QuietHandler, served
from tests.unit.models.hub import COMMIT, Hub, reply

_MODEL = "/api/models/org/tiny"


@dataclass
class UploadHub(Hub):
    """A hub whose only repository is ``org/tiny``, from the first upload or from its beginning."""

    is_there: bool = False
    is_private: bool = True
    adds: str = ""
    """A file that it puts beside what it was sent."""
    spoils: str = ""
    """A file that it keeps otherwise than it was sent."""
    created: list[dict[str, object]] = field(default_factory=list)

    def taken(self, path: str, body: bytes) -> dict[str, object]:
        """Do what a request of an upload asks for, and return the hub's answer."""
        if path == "/api/repos/create":
            self.created.append(json.loads(body))
            self.is_there = True
            return {"url": f"{self.endpoint}/org/tiny", "name": "org/tiny"}
        if path.startswith("/api/models/org/tiny/preupload/"):
            files = [
                {**file, "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return {"files": files}
        if path.startswith("/api/models/org/tiny/commit/"):
            self._keep([json.loads(line) for line in body.splitlines()])
            return {"success": True, "commitOid": COMMIT, "commitUrl": self._url}
        return {"errors": [], "warnings": []}

    @property
    def _url(self) -> str:
        return f"{self.endpoint}/org/tiny/commit/{COMMIT}"

    def found(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return the hub's answer to who looks at the repository or downloads of it."""
        if not (self.is_there or self.refuses):
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        status, headers, body = reply(self, path)
        if (
            status == 200
            and not self.says
            and path
            in (
                _MODEL,
                f"{_MODEL}/revision/{COMMIT}",
                f"{_MODEL}/revision/main",
            )
        ):
            body = json.dumps({**json.loads(body), "private": self.is_private}).encode()
        return status, headers, body

    def _keep(self, operations: list[dict[str, Any]]) -> None:
        if self.adds:
            (self.folder / self.adds).write_text("x")
        for operation in operations:
            if operation["key"] == "file":
                name = operation["value"]["path"]
                data = base64.b64decode(operation["value"]["content"])
                (self.folder / name).write_bytes(data + b" " * (name == self.spoils))
            elif operation["key"] == "deletedFile":
                (self.folder / operation["value"]["path"]).unlink()


@contextmanager
def running(folder: Path) -> Iterator[UploadHub]:
    """Keep what is uploaded to ``org/tiny`` in ``folder``."""
    folder.mkdir()
    hub = UploadHub(folder)

    class Handler(QuietHandler):
        def answer(self) -> None:
            if self.command != "POST":
                self.send(*hub.found(self.path.partition("?")[0]))
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hub.refuses:
                self.send(*reply(hub, self.path))
                return
            self.send(200, {}, json.dumps(hub.taken(self.path, body)).encode())

    with served(Handler) as address:
        hub.endpoint = f"http://{address}"
        yield hub
