"""A registry of OCI images, as far as pushing an image and pulling it back need it.

https://github.com/opencontainers/distribution-spec, version 1.1
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3.util import Retry, parse_url

from gabarito.chat.foreign_text import shown
from gabarito.chat.http import open_pool, reason_of
from gabarito.core.errors import AccessError, GabaritoError, ServiceError, UsageError
from gabarito.exports.registry_login import DOCKER_HUB, login, login_cure
from gabarito.store.disk import CHUNK_BYTES

SCHEME = "oci://"
TIMEOUT_S = 3600.0
"""Of one request: a layer of a model is gigabytes."""

LONGEST_WAIT_S = 60
"""However long a registry asks one to wait until the next try."""

_OK, _CREATED, _ACCEPTED = 200, 201, 202
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    r"(?P<host>localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9a-f:]+\]|[\w.-]+(?=:\d))(?P<port>:\d+)?"
    rf"/(?P<name>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?",
    re.ASCII,
)
_DOCKER_HUB_SERVER = "registry-1.docker.io"
"""Where the registry is that calls itself docker.io."""

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class ImageName:
    """Where an image lies: registry, repository and tag."""

    registry: str
    name: str
    tag: str
    is_plain: bool
    """Whether the registry is spoken to without TLS, as one on this machine is."""

    @classmethod
    def parse(cls, text: str, tag: str) -> "ImageName":
        """Return the image that ``registry/name[:tag]`` names; ``tag`` where it has none.

        Raises:
            UsageError: if it names none.
        """
        found = _NAME.fullmatch(text.removeprefix(SCHEME))
        if found is None:
            raise UsageError(
                f"--to {text}: not the name of an image in a registry; write "
                "registry.example.org/name:tag"
            )
        registry = found["host"] + (found["port"] or "")
        return cls(registry, found["name"], found["tag"] or tag, found["host"] in _LOOPBACK)

    @property
    def repository(self) -> str:
        """Registry and name, to which a tag or a digest is added."""
        return f"{self.registry}/{self.name}"

    @property
    def url(self) -> str:
        """Where the registry has it."""
        server = _DOCKER_HUB_SERVER if self.registry == DOCKER_HUB else self.registry
        return f"{'http' if self.is_plain else 'https'}://{server}/v2/{self.name}"


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | IO[bytes] | None = None
    is_stream: bool = False
    """Whether what comes back is read piece by piece."""


class OciRegistry:
    """One repository of a registry; credentials are those that docker or podman keep."""

    def __init__(self, image: ImageName) -> None:
        self._image = image
        self._base = image.url
        self._pool = open_pool(self._base, TIMEOUT_S)
        self._authorization: str | None = None

    def check_access(self) -> None:
        """Begin an upload, and give it up: whether one may is known before a model is fetched.

        Raises:
            AccessError: if one may not.
            ServiceError: if the registry does not answer.
        """
        begun = self._begin_upload()
        with suppress(ServiceError):  # some let none be given up, and forget it in time
            self._sent(_Request("DELETE", begun))

    def _begin_upload(self) -> str:
        """Return where a file may be uploaded to."""
        begin = _Request("POST", f"{self._base}/blobs/uploads/")
        return self._upload_url(begin.url, self._send(begin, _ACCEPTED))

    def push_blob(self, path: Path, digest: str) -> None:
        """Upload a file, unless the registry has it."""
        known = _Request("HEAD", f"{self._base}/blobs/{digest}")
        if self._send(known, _OK, _NOT_FOUND).status == _OK:
            return
        to = self._begin_upload()
        to += f"{'&' if urlsplit(to).query else '?'}{urlencode({'digest': digest})}"
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(path.stat().st_size),
        }
        with path.open("rb") as file:
            self._send(_Request("PUT", to, headers, file), _CREATED)

    def push_manifest(self, manifest: bytes, kind: str, tag: str) -> None:
        """Upload a manifest: under its digest, or under a tag that people see."""
        url = f"{self._base}/manifests/{tag}"
        self._send(_Request("PUT", url, {"Content-Type": kind}, manifest), _CREATED)

    def manifest(self, tag: str, kind: str) -> bytes:
        """Return a manifest."""
        url = f"{self._base}/manifests/{tag}"
        return self._send(_Request("GET", url, {"Accept": kind}), _OK).data

    def find_manifest(self, tag: str, kind: str) -> bytes | None:
        """Return a manifest, or None if the registry has none of this tag or digest."""
        url = f"{self._base}/manifests/{tag}"
        reply = self._send(_Request("GET", url, {"Accept": kind}), _OK, _NOT_FOUND)
        return reply.data if reply.status == _OK else None

    def pull_blob(self, digest: str, path: Path) -> None:
        """Download a file."""
        wanted = _Request("GET", f"{self._base}/blobs/{digest}", is_stream=True)
        reply = self._send(wanted, _OK)
        with path.open("wb") as file, self._errors():
            for chunk in reply.stream(CHUNK_BYTES):
                file.write(chunk)
        reply.release_conn()

    def _upload_url(self, asked: str, reply: urllib3.BaseHTTPResponse) -> str:
        try:
            return urljoin(asked, reply.headers["Location"])
        except (KeyError, ValueError) as error:
            raise ServiceError(
                f"{self._image.registry}: the registry names no place to upload to; check its "
                "name, or ask its owner"
            ) from error

    def _send(self, request: "_Request", *good: int) -> urllib3.BaseHTTPResponse:
        """Send a request; where the registry asks who we are, once more with an answer."""
        reply = self._sent(request)
        challenge = reply.headers.get("WWW-Authenticate", "")
        is_asked = reply.status == _UNAUTHORIZED and challenge
        if is_asked and self._is_own(_answered_by(request, reply)):
            # a token ends after minutes, an upload of gigabytes later
            self._authorization = None
            self._authorization = self._answer_to(challenge)
            if request.body is not None and not isinstance(request.body, bytes):
                request.body.seek(0)
            reply = self._sent(request)
        if reply.status not in good:
            raise self._refusal(reply)
        return reply

    def _sent(self, request: "_Request") -> urllib3.BaseHTTPResponse:
        # an upload may go to another host, which the registry names: it gets no login of ours;
        # where one is redirected to another host, urllib3 leaves the login out
        is_known = self._authorization and self._is_own(request.url)
        own = {"Authorization": str(self._authorization)} if is_known else {}
        with self._errors():
            return self._pool.request(
                request.method,
                request.url,
                headers={**own, **request.headers},
                body=request.body,
                preload_content=not request.is_stream,
                retries=Retry(3, connect=0, retry_after_max=LONGEST_WAIT_S),
            )

    def _is_own(self, url: str) -> bool:
        return _origin(url) == _origin(self._base)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Tell of a registry that is not there, or breaks off."""
        try:
            yield
        except (TimeoutError, urllib3.exceptions.HTTPError) as error:
            raise ServiceError(
                f"{self._image.registry}: the registry does not answer: {reason_of(error)}; check "
                "its name and the network"
            ) from error

    def _answer_to(self, challenge: str) -> str:
        """Return what to send to a registry that asks who we are; it may let anybody in."""
        found = login(self._image.registry)
        basic = {"Authorization": f"Basic {found}"} if found else {}
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return basic.get("Authorization", "")
        asked = dict(_CHALLENGE.findall(rest))
        realm = asked.pop("realm", "")
        scope = {"scope": f"repository:{self._image.name}:pull,push"}
        query = urlencode({**asked, **scope})
        reply = self._sent(_Request("GET", f"{realm}?{query}", basic))
        if reply.status != _OK:
            raise self._refusal(reply)
        try:
            given = json.loads(reply.data)
            return f"Bearer {given.get('token') or given['access_token']}"
        except (ValueError, LookupError, AttributeError) as error:
            raise ServiceError(f"{self._image.registry}: gives no token that is one") from error

    def _refusal(self, reply: urllib3.BaseHTTPResponse) -> GabaritoError:
        where = f"{self._image.registry}: the registry refuses {self._image.name} ({reply.status})"
        if reply.status in (_UNAUTHORIZED, _FORBIDDEN):
            return AccessError(f"{where}; {login_cure(self._image.registry)}")
        with self._errors():
            said = shown(reply.data.decode(errors="replace"), None)
        return ServiceError(f"{where}{f': {said}' if said else ''}; try again, or ask its owner")


def _answered_by(request: _Request, reply: urllib3.BaseHTTPResponse) -> str:
    """Return where an answer came from: a registry redirects to where blobs lie."""
    url = request.url
    for one in reply.retries.history if reply.retries else ():
        url = urljoin(url, one.redirect_location or "")
    return url


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    parts = parse_url(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme or "")
    return parts.scheme, parts.host, port
