"""A model hub on loopback: as much of its protocol as fetching a model needs."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.loopback import QuietHandler, served

COMMIT = "c" * 40


@dataclass
class Hub:
    """What the hub answers; ``asked`` lists the paths of the requests."""

    folder: Path
    endpoint: str = ""
    refuses: tuple[int, str] | None = None
    """A status and the hub's error code for every request."""
    says: bytes = b""
    """An answer to every request, whatever it asks."""
    leads_to: str = ""
    """Where every request is sent on to, from there, too."""
    gated: bool = False
    """Whether files, unlike what is said of the model, are for those with ``token`` only."""
    token: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """Serve the files of ``folder`` as the model ``org/tiny``."""
    hub = Hub(folder)

    class Handler(QuietHandler):
        def answer(self) -> None:
            hub.asked.append(self.path)
            status, headers, body = reply(hub, self.path.partition("?")[0])
            sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if hub.gated and "/resolve/" in self.path and not (sent and sent == hub.token):
                status, headers, body = 401, {"X-Error-Code": "GatedRepo"}, b""
            self.send(status, headers, body)

    with served(Handler) as address:
        hub.endpoint = f"http://{address}"
        yield hub


def reply(hub: Hub, path: str) -> tuple[int, dict[str, str], bytes]:
    if hub.refuses:
        status, code = hub.refuses
        return status, {"X-Error-Code": code, "X-Error-Message": code}, b""
    if hub.leads_to:
        return 302, {"Location": hub.leads_to}, b""
    if hub.says:
        return 200, {}, hub.says
    files = {p.relative_to(hub.folder).as_posix(): p for p in hub.folder.rglob("*") if p.is_file()}
    if path.startswith("/api/models/org/tiny/tree/"):
        return 200, {}, json.dumps([entry(name, files[name]) for name in files]).encode()
    if path.startswith("/api/models/org/tiny"):
        siblings = [{"rfilename": name} for name in files]
        return 200, {}, json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": siblings}).encode()
    name = path.removeprefix(f"/org/tiny/resolve/{COMMIT}/")
    if name in files:
        data = files[name].read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        return 200, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT}, data
    return 404, {"X-Error-Code": "RepoNotFound"}, b""


def entry(name: str, path: Path) -> dict[str, object]:
    digest = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
    return {"type": "file", "path": name, "size": path.stat().st_size, "oid": digest}
