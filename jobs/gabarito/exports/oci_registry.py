"""A registry of OCI images, as far as pushing an image and pulling it back need it.

https://github.com/opencontainers/distribution-spec, version 1.1
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3.util import Retry

from gabarito.chat.foreign_text import shown
from gabarito.chat.http import open_pool, reason_of
from gabarito.core.errors import AccessError, GabaritoError, ServiceError, UsageError
from gabarito.store.disk import CHUNK_BYTES

SCHEME = "oci://"
TIMEOUT_S = 3600.0
"""Of one request: a layer of a model is gigabytes."""

_OK, _CREATED, _ACCEPTED = 200, 201, 202
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_NAME = re.compile(
    r"(?P<host>localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9a-f:]+\]|[\w.-]+(?=:\d))(?P<port>:\d+)?"
    r"/(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?",
    re.ASCII,
)
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
        self._base = f"{'http' if image.is_plain else 'https'}://{image.registry}/v2/{image.name}"
        self._pool = open_pool(self._base, TIMEOUT_S)
        self._authorization: str | None = None

    def push_blob(self, path: Path, digest: str) -> None:
        """Upload a file, unless the registry has it."""
        known = _Request("HEAD", f"{self._base}/blobs/{digest}")
        if self._send(known, _OK, _NOT_FOUND).status == _OK:
            return
        begin = _Request("POST", f"{self._base}/blobs/uploads/")
        begun = self._send(begin, _ACCEPTED)
        to = urljoin(begin.url, begun.headers["Location"])
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

    def pull_blob(self, digest: str, path: Path) -> None:
        """Download a file."""
        wanted = _Request("GET", f"{self._base}/blobs/{digest}", is_stream=True)
        reply = self._send(wanted, _OK)
        with path.open("wb") as file:
            for chunk in reply.stream(CHUNK_BYTES):
                file.write(chunk)
        reply.release_conn()

    def _send(self, request: "_Request", *good: int) -> urllib3.BaseHTTPResponse:
        """Send a request; where the registry asks who we are, once more with an answer."""
        reply = self._sent(request)
        challenge = reply.headers.get("WWW-Authenticate", "")
        if reply.status == _UNAUTHORIZED and challenge and self._authorization is None:
            self._authorization = self._answer_to(challenge)
            reply = self._sent(request)
        if reply.status not in good:
            raise self._refusal(reply)
        return reply

    def _sent(self, request: "_Request") -> urllib3.BaseHTTPResponse:
        own = {"Authorization": self._authorization} if self._authorization else {}
        try:
            # a registry sends on to where blobs lie: urllib3 takes the token to no other host
            return self._pool.request(
                request.method,
                request.url,
                headers={**own, **request.headers},
                body=request.body,
                preload_content=not request.is_stream,
                retries=Retry(3, connect=0),
            )
        except (TimeoutError, urllib3.exceptions.HTTPError) as error:
            raise ServiceError(
                f"{self._image.registry}: the registry does not answer: {reason_of(error)}; check "
                "its name and the network"
            ) from error

    def _answer_to(self, challenge: str) -> str:
        """Return what to send to a registry that asks who we are; it may let anybody in."""
        login = _login(self._image.registry)
        basic = {"Authorization": f"Basic {login}"} if login else {}
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
            found = json.loads(reply.data)
            return f"Bearer {found.get('token') or found['access_token']}"
        except (ValueError, LookupError, AttributeError) as error:
            raise ServiceError(f"{self._image.registry}: gives no token that is one") from error

    def _refusal(self, reply: urllib3.BaseHTTPResponse) -> GabaritoError:
        where = f"{self._image.registry}: the registry refuses {self._image.name} ({reply.status})"
        if reply.status in (_UNAUTHORIZED, _FORBIDDEN):
            return AccessError(
                f"{where}; log in with docker login or podman login, or ask its owner"
            )
        said = shown(reply.data.decode(errors="replace"), None)
        return ServiceError(f"{where}: {said}; try again, or ask its owner")


def _login(registry: str) -> str | None:
    """Return user and password in base64, as docker login and podman login keep them.

    Those that a credential helper keeps are not read.
    """
    for path in _login_files():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))["auths"][registry]["auth"]
            base64.b64decode(found, validate=True)
        except (OSError, ValueError, LookupError, TypeError, binascii.Error):
            continue
        return str(found)
    return None


def _login_files() -> list[Path]:
    named = os.environ.get("REGISTRY_AUTH_FILE")
    docker = os.environ.get("DOCKER_CONFIG")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [
        *([Path(named)] if named else []),
        *([Path(runtime) / "containers/auth.json"] if runtime else []),
        (Path(docker) if docker else Path.home() / ".docker") / "config.json",
    ]
