"""An API server on loopback that keeps objects in memory and nothing else acts on them.

It keeps those promises of Kubernetes' that the controller relies on: versions that grow with each
write, conflicts, merge patches, pages of one version with tokens that expire, watches from a
version, with bookmarks, that end after their time, and 410 where a version is forgotten.
"""

import base64
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import QuietHandler
from tests.unit.controller.fake import fits, merged

Object = dict[str, Any]
Key = tuple[str, str]
"""Plural and name."""

BOOKMARK_S = 60.0
"""As Kubernetes sends them."""


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.body: Object = {
            "kind": "Status",
            "status": "Failure",
            "code": status,
            "reason": reason,
            "message": message,
        }


@dataclass(frozen=True)
class Told:
    """A change, as it is told."""

    version: int
    plural: str
    type: str
    labels: Mapping[str, str]
    line: bytes


@dataclass
class Asked:
    """A request that was answered: when, and what."""

    at: float
    method: str
    path: str
    query: Mapping[str, str]

    @property
    def what(self) -> str:
        """Method, plural, and whether it watches."""
        plural = next(part for part in self.path.split("/")[::-1] if part.endswith("s"))
        return f"{'WATCH' if 'watch' in self.query else self.method} {plural}"


@dataclass
class ApiServer:
    """The objects of one namespace, and what was asked."""

    asked: list[Asked] = field(default_factory=list)
    bookmark_s: float = BOOKMARK_S
    delay_s: float = 0.0
    """How long each answer takes."""
    on_change: Callable[[str, str, Object], None] = lambda *_: None
    """Called with type, plural and object of each change."""

    def __post_init__(self) -> None:
        self.address = ""
        self.objects: dict[Key, Object] = {}
        self.version = 1
        self._texts: dict[Key, bytes] = {}
        self._lists: dict[str, tuple[int, list[bytes]]] = {}
        self._history: list[Told] = []
        self._forgotten = 0
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    def counts(self) -> Counter[str]:
        """Return how often each kind of request was made."""
        return Counter(asked.what for asked in self.asked)

    def forget(self) -> None:
        """Forget all versions that anybody knows, and the lists that are being read."""
        with self._changed:
            self.version += 1
            self._forgotten = self.version
            self._changed.notify_all()
            self._history.clear()
            self._lists.clear()

    def put(self, plural: str, body: Object) -> Object:
        """Write an object, whatever it was before."""
        with self._changed:
            key = plural, body["metadata"]["name"]
            known = self.objects.get(key)
            uid = known["metadata"]["uid"] if known else f"uid-{next(self._numbers)}"
            self.version += 1
            metadata = {"uid": uid, "generation": 1, **body["metadata"]}
            metadata["resourceVersion"] = str(self.version)
            self.objects[key] = {**body, "metadata": metadata}
            self._texts[key] = json.dumps(self.objects[key]).encode()
            self._tell("MODIFIED" if known else "ADDED", key)
            return self.objects[key]

    def patch(self, plural: str, name: str, changes: Object) -> Object:
        """Merge changes into an object."""
        with self._changed:
            return self.put(plural, merged(self._found(plural, name), changes))

    def delete(self, plural: str, name: str, uid: str = "") -> None:
        """Delete an object."""
        with self._changed:
            found = self._found(plural, name)
            if uid and found["metadata"]["uid"] != uid:
                raise RefusalError(409, "Conflict", "the UID in the precondition is another")
            self.version += 1
            found["metadata"]["resourceVersion"] = str(self.version)
            self._texts[plural, name] = json.dumps(found).encode()
            self._tell("DELETED", (plural, name))
            del self.objects[plural, name], self._texts[plural, name]

    def page(self, plural: str, query: Mapping[str, str]) -> bytes:
        """Return a page of a list, as JSON."""
        with self._changed:
            version, rest = self.version, self._matching(plural, query["labelSelector"])
            if token := query.get("continue"):
                if token not in self._lists:
                    message = "The provided continue parameter is too old"
                    raise RefusalError(410, "Expired", message)
                version, rest = self._lists.pop(token)
            limit = int(query.get("limit", 0)) or len(rest)
            metadata = {"resourceVersion": str(version)}
            if rest[limit:]:
                text = f"{version} {next(self._numbers)}".encode()
                metadata["continue"] = base64.b64encode(text).decode()
                self._lists[metadata["continue"]] = version, rest[limit:]
        head = json.dumps({"kind": "List", "metadata": metadata}).encode()
        return head[:-1] + b', "items": [' + b",".join(rest[:limit]) + b"]}"

    def about(self, plural: str, query: Mapping[str, str]) -> bytes:
        """Return the Events about an object, as JSON."""
        uid = query["fieldSelector"].removeprefix("involvedObject.uid=")
        with self._changed:
            found = [each for key, each in self.objects.items() if key[0] == plural]
        items = [each for each in found if each.get("involvedObject", {}).get("uid") == uid]
        return json.dumps({"kind": "List", "metadata": {}, "items": items}).encode()

    def watch(self, plural: str, query: Mapping[str, str]) -> Iterator[bytes]:
        """Yield the lines of a watch."""
        since, selector = int(query["resourceVersion"]), query["labelSelector"]
        now = time.monotonic()
        end, bookmark = now + float(query["timeoutSeconds"]), now + self.bookmark_s
        while (now := time.monotonic()) < end:
            with self._changed:
                if since < self._forgotten:
                    refusal = RefusalError(410, "Expired", f"too old resource version: {since}")
                    yield json.dumps({"type": "ERROR", "object": refusal.body}).encode() + b"\n"
                    return
                new = [
                    told for told in self._history[self._after(since) :] if told.plural == plural
                ]
                until = self.version
                if not new and until == since:
                    self._changed.wait(min(end, bookmark) - now)
            for told in new:
                if fits({"metadata": {"labels": told.labels}}, selector):
                    yield told.line
            since = until
            if "allowWatchBookmarks" in query and time.monotonic() >= bookmark:
                bookmark = time.monotonic() + self.bookmark_s
                of = {"metadata": {"resourceVersion": str(since)}}
                yield json.dumps({"type": "BOOKMARK", "object": of}).encode() + b"\n"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object) -> Object:
        """Return the answer to a request about one object."""
        plural, name = self._key(path, body)
        with self._changed:
            if method == "POST":
                if (plural, name) in self.objects:
                    raise RefusalError(409, "AlreadyExists", f"{plural} {name!r} already exists")
                return self.put(plural, body)
            if method == "PATCH" and "force" in query and (plural, name) not in self.objects:
                return self.put(plural, body)
            found = self._found(plural, name)
            if method == "PATCH":
                return self.patch(plural, name, body)
            if method == "PUT":
                if found["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
                    raise RefusalError(409, "Conflict", "the object has been modified")
                return self.put(plural, body)
            if method == "DELETE":
                self.delete(plural, name, body["preconditions"]["uid"])
            return found

    def _key(self, path: str, body: Object) -> Key:
        if "/namespaces/" not in path:
            raise RefusalError(404, "NotFound", f"{path}: no such API group")
        parts = path.split("/namespaces/")[1].split("/")
        return parts[1], parts[2] if len(parts) > 2 else body["metadata"]["name"]

    def _found(self, plural: str, name: str) -> Object:
        if (plural, name) not in self.objects:
            raise RefusalError(404, "NotFound", f"{plural} {name!r} not found")
        return self.objects[plural, name]

    def _matching(self, plural: str, selector: str) -> list[bytes]:
        return [
            self._texts[key]
            for key in sorted(self.objects)
            if key[0] == plural and fits(self.objects[key], selector)
        ]

    def _after(self, version: int) -> int:
        """Return where in the history what is newer begins."""
        at = len(self._history)
        while at and self._history[at - 1].version > version:
            at -= 1
        return at

    def _tell(self, change: str, key: Key) -> None:
        found = self.objects[key]
        line = b'{"type": "%s", "object": %s}\n' % (change.encode(), self._texts[key])
        labels = found["metadata"].get("labels") or {}
        self._history.append(Told(self.version, key[0], change, labels, line))
        self._changed.notify_all()
        self.on_change(change, key[0], found)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


@contextmanager
def api_server(**settings: Any) -> Iterator[ApiServer]:  # noqa: ANN401
    """Serve a namespace until the block ends."""
    api = ApiServer(**settings)

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api.asked.append(Asked(time.monotonic(), self.command, url.path, query))
            time.sleep(api.delay_s)
            try:
                if "watch" in query:
                    self._stream(api.watch(url.path.rsplit("/", 1)[1], query))
                elif query.keys() & {"labelSelector", "fieldSelector"}:
                    lists = api.page if "labelSelector" in query else api.about
                    self._json(200, lists(url.path.rsplit("/", 1)[1], query))
                else:
                    sent = json.loads(body or b"{}")
                    answer = api.answer(self.command, url.path, query, sent)
                    self._json(200, json.dumps(answer).encode())
            except RefusalError as refusal:
                self._json(refusal.body["code"], json.dumps(refusal.body).encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def _json(self, status: int, body: bytes) -> None:
            self.send(status, {"Content-Type": "application/json"}, body)

        def _stream(self, lines: Iterator[bytes]) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in lines:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")

    server = _Server(("127.0.0.1", 0), Handler)
    api.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
