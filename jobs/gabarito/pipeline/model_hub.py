"""What the model hub says of a base, asked without the libraries that load one.

hub id  ->  the names of the model's files, config.json and tokenizer_config.json
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import urllib3
from pydantic import BaseModel, ValidationError

from gabarito import __version__
from gabarito.chat.http import Response, open_pool, reason_of, send
from gabarito.core.base_config import CONFIG_FILE, TOKENIZER_FILE, mirror_key
from gabarito.core.errors import (
    AccessError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)
from gabarito.core.http_url import hub_endpoint, split_url
from gabarito.core.secrets import secret_from, without_userinfo
from gabarito.store.base import is_key

TIMEOUT_S = 30.0
MAX_REDIRECTS = 5

_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404
_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_THERE = ("RepoNotFound", "RevisionNotFound", "EntryNotFound")
"""The hub's own codes, in the header X-Error-Code."""


class _File(BaseModel):
    rfilename: str


class _ModelInfo(BaseModel):
    """What is read of ``/api/models/<id>``."""

    sha: str
    siblings: list[_File]


def refuse_other_than_ids(reference: str) -> None:
    """Do nothing for an id of a model, with or without a revision.

    Raises:
        SettingsError: for anything else.
    """
    if not (_ID.fullmatch(reference.partition("@")[0]) and is_key(mirror_key(reference))):
        raise SettingsError(
            f"base {reference!r}: neither a path nor an id of the model hub; see train.base"
        )


def fetch_config(reference: str, folder: Path) -> set[str]:
    """Write a model's settings into ``folder``, and return the names of all its files.

    These are ``config.json`` and ``tokenizer_config.json``, where it has them.

    Raises:
        SettingsError: if HF_ENDPOINT is no address.
        MissingError: if the hub has no such model or revision.
        AccessError: if the hub wants a token, another one, or consent.
        ServiceError: if the hub does not answer, or not as one.
    """
    name, _, revision = reference.partition("@")
    endpoint = hub_endpoint()
    at = f"/revision/{quote(revision, safe='')}" if revision else ""
    answer = _get(endpoint, f"/api/models/{name}{at}", reference)
    try:
        found = _ModelInfo.model_validate_json(answer)
    except ValidationError as error:
        raise ServiceError(
            f"base {reference!r}: {without_userinfo(endpoint)} does not answer as a model hub; "
            "check HF_ENDPOINT"
        ) from error
    names = {file.rfilename for file in found.siblings}
    for file in names.intersection((CONFIG_FILE, TOKENIZER_FILE)):
        # what is listed for all may still be read by those only whom its authors let in
        content = _get(endpoint, f"/{name}/resolve/{quote(found.sha)}/{file}", reference)
        (folder / file).write_bytes(content)
    return names


def _get(endpoint: str, path: str, reference: str) -> bytes:
    """Return what the hub has at ``path``; redirects are followed, the token stays with it."""
    url = endpoint + path
    token, home = _token(), urlsplit(url)[:2]
    for _ in range(MAX_REDIRECTS):
        headers = {"User-Agent": f"gabarito/{__version__}"}
        if token and urlsplit(url)[:2] == home:
            headers["Authorization"] = f"Bearer {token}"
        response = _send(url, headers, reference)
        if response.status == _OK:
            return response.body
        target = response.headers.get("Location", "")
        if response.status not in _REDIRECTS or split_url(urljoin(url, target)) is None:
            break
        url = urljoin(url, target)
    raise _refusal(reference, response, endpoint, has_token=token is not None)


def _send(url: str, headers: Mapping[str, str], reference: str) -> Response:
    try:
        with open_pool(url, TIMEOUT_S) as pool:
            return send(pool, "GET", url, headers)
    except (TimeoutError, urllib3.exceptions.HTTPError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else reason_of(error)
        raise ServiceError(
            f"base {reference!r}: the model hub at {urlsplit(url).hostname} does not answer: "
            f"{why}; check HF_ENDPOINT and the network, or give a folder or an s3:// prefix"
        ) from error


def _refusal(
    reference: str, response: Response, endpoint: str, *, has_token: bool
) -> GabaritoError:
    where, status = f"base {reference!r}", response.status
    code = response.headers.get("X-Error-Code")
    if code == "GatedRepo":
        cure = "accept them on its page" + ("" if has_token else ", and set HF_TOKEN")
        return AccessError(f"{where}: gated, its authors ask for consent to their terms; {cure}")
    if status == _NOT_FOUND or code in _NOT_THERE:
        cure = "check the id and its revision" + ("" if has_token else ", or set HF_TOKEN")
        return MissingError(f"{where}: not on the model hub, or private; {cure}")
    if status in (_UNAUTHORIZED, _FORBIDDEN) and has_token:
        return AccessError(
            f"{where}: the model hub refuses the token ({status}); set HF_TOKEN to one that may "
            "read this model, or check the id"
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):  # a hub does not tell strangers what it has
        return AccessError(
            f"{where}: not there, private or gated ({status}); check the id, or set HF_TOKEN"
        )
    return ServiceError(
        f"{where}: the model hub at {without_userinfo(endpoint)} answers {status}; try again, or "
        "give a folder or an s3:// prefix"
    )


def _token() -> str | None:
    """Return the token that the hub's own library would send: of a variable, else of its file."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if os.environ.get(name, "").strip():
            return secret_from(name)
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{cache}/huggingface"
    path = Path(os.environ.get("HF_TOKEN_PATH") or f"{home}/token")
    try:
        token = path.expanduser().read_text(encoding="ascii").strip()
    except (OSError, RuntimeError, UnicodeDecodeError):  # none, or no home folder
        return None
    return token if token.isprintable() and token else None
