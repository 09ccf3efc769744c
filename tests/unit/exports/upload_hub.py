"""A model hub on loopback that takes one upload, to a pull request or not, and gives it back."""

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loopback import QuietHandler, served
from tests.unit.models.hub import COMMIT, Hub, reply

_MODEL = "/api/models/org/tiny"
_AT = "2026-11-30T12:00:00.000Z"

PULL_REQUEST_COMMIT = "d" * 40
_OF_PULL_REQUEST = ("refs%2Fpr%2F1", PULL_REQUEST_COMMIT)


@dataclass
class UploadHub(Hub):
    """A hub whose only repository is ``org/tiny``, from the first upload or from its beginning."""

    is_there: bool = False
    is_private: bool = True
    adds: str = ""
    """A file that it puts beside what it was sent."""
    spoils: str = ""
    """A file that it keeps otherwise than it was sent."""
    takes_pull_requests: bool = True
    merges: bool = True
    meanwhile: str = ""
    """A file that somebody else puts into the repository before a pull request is merged."""
    status: str = ""
    """What became of the pull request."""
    created: list[dict[str, object]] = field(default_factory=list)

    @property
    def aside(self) -> Path:
        """What the pull request holds."""
        return self.folder.with_name("pull-request")

    def refused(self, path: str) -> int:
        """Return the status with which a request is refused; 0 of one that is not."""
        if path.startswith(f"{_MODEL}/discussions") and not self.takes_pull_requests:
            return 404
        return 403 * (path.endswith("/merge") and not self.merges)

    def taken(self, path: str, body: bytes) -> dict[str, object]:
        """Do what a request of an upload asks for, and return the hub's answer."""
        if path == "/api/repos/create":
            self.created.append(json.loads(body))
            self.is_there = True
            return {"url": f"{self.endpoint}/org/tiny", "name": "org/tiny"}
        if path.startswith(f"{_MODEL}/discussions"):
            return self._discussed(path.removeprefix(f"{_MODEL}/discussions"), body)
        if path.startswith("/api/models/org/tiny/preupload/"):
            files = [
                {**file, "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return {"files": files}
        if path.startswith("/api/models/org/tiny/commit/"):
            is_aside = path.endswith(_OF_PULL_REQUEST[0])
            folder = self.aside if is_aside else self.folder
            self._keep([json.loads(line) for line in body.splitlines()], folder)
            commit = PULL_REQUEST_COMMIT if is_aside else COMMIT
            return {"success": True, "commitOid": commit, "commitUrl": self._url}
        return {"errors": [], "warnings": []}

    def _discussed(self, path: str, body: bytes) -> dict[str, object]:
        """Open the only pull request, or do with it what is asked for."""
        if path == "/1/status":
            self.status = json.loads(body)["status"]
            event = {"id": "1", "type": "status-change", "createdAt": _AT}
            return {"newStatus": {**event, "data": {"status": self.status}}}
        if path == "/1/merge":
            assert self.status == "open", "a draft is not merged"
            shutil.rmtree(self.folder)
            shutil.copytree(self.aside, self.folder)
            if self.meanwhile:
                (self.folder / self.meanwhile).write_text("x")
            self.status = "merged"
            return {}
        shutil.rmtree(self.aside, ignore_errors=True)
        shutil.copytree(self.folder, self.aside)
        self.status = "draft"
        return {"num": 1}

    @property
    def _url(self) -> str:
        return f"{self.endpoint}/org/tiny/commit/{COMMIT}"

    def found(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return the hub's answer to who looks at the repository or downloads of it."""
        if not (self.is_there or self.refuses):
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        if path == f"{_MODEL}/discussions/1":
            return 200, {}, json.dumps(self._described()).encode()
        if any(name in path for name in _OF_PULL_REQUEST):
            return self._found_aside(path)
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

    def _described(self) -> dict[str, object]:
        described = {"title": "t", "num": 1, "createdAt": _AT, "status": self.status, "events": []}
        repo = {"name": "org/tiny", "type": "model"}
        changes = {"base": "refs/heads/main"}
        about = {"repo": repo, "changes": changes, "filesWithConflicts": [], "author": {}}
        return {**described, **about, "isPullRequest": True}

    def _found_aside(self, path: str) -> tuple[int, dict[str, str], bytes]:
        for name in _OF_PULL_REQUEST:
            path = path.replace(name, COMMIT)
        status, headers, body = reply(Hub(self.aside, self.endpoint), path)
        headers = {
            name: value.replace(COMMIT, PULL_REQUEST_COMMIT) for name, value in headers.items()
        }
        return status, headers, body.replace(COMMIT.encode(), PULL_REQUEST_COMMIT.encode())

    def _keep(self, operations: list[dict[str, Any]], folder: Path) -> None:
        if self.adds:
            (folder / self.adds).write_text("x")
        for operation in operations:
            if operation["key"] == "file":
                name = operation["value"]["path"]
                data = base64.b64decode(operation["value"]["content"])
                (folder / name).write_bytes(data + b" " * (name == self.spoils))
            elif operation["key"] == "deletedFile":
                (folder / operation["value"]["path"]).unlink()


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
            if status := hub.refused(self.path):
                self.send(status, {}, b"")
                return
            self.send(200, {}, json.dumps(hub.taken(self.path, body)).encode())

    with served(Handler) as address:
        hub.endpoint = f"http://{address}"
        yield hub
