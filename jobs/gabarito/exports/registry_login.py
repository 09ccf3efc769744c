"""The logins that docker login and podman login keep."""

import base64
import binascii
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCKER_HUB = "docker.io"
_KEPT_UNDER = {DOCKER_HUB: ("https://index.docker.io/v1/", DOCKER_HUB)}
"""Docker keeps the login of its own registry under an address of old, podman under its name."""

_HELPERS = ("credsStore", "credHelpers")
CURE = "log in with docker login or podman login, or ask its owner"
HELPER_CURE = (
    "docker keeps logins in a credential helper here, which is not read: log in with podman login, "
    "or name a file with the login in REGISTRY_AUTH_FILE"
)


def login(registry: str) -> str | None:
    """Return user and password in base64; those that a credential helper keeps are not read."""
    for kept in _kept():
        for name in _KEPT_UNDER.get(registry, (registry,)):
            try:
                found = kept["auths"][name]["auth"]
                base64.b64decode(found, validate=True)
            except (LookupError, TypeError, ValueError, binascii.Error):
                continue
            if found:
                return str(found)
    return None


def login_cure(registry: str) -> str:
    """Return what to do where a registry does not let one in."""
    is_helped = any(name in kept for kept in _kept() for name in _HELPERS)
    return HELPER_CURE if is_helped and login(registry) is None else CURE


def _kept() -> Iterator[dict[str, Any]]:
    for path in _files():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            yield found


def _files() -> list[Path]:
    named = os.environ.get("REGISTRY_AUTH_FILE")
    docker = os.environ.get("DOCKER_CONFIG")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [
        *([Path(named)] if named else []),
        *([Path(runtime) / "containers/auth.json"] if runtime else []),
        (Path(docker) if docker else Path.home() / ".docker") / "config.json",
    ]
