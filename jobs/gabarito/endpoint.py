"""A question to an OpenAI-compatible endpoint of Gabarito, and what came back."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

from gabarito.core.errors import AccessError, DataError, ServiceError
from gabarito.core.records import Record

TIMEOUT_S = 60.0


class Reply(Record):
    """An answer, its probability in 0..1, and whether the model knows (else it refused)."""

    text: str
    probability: float
    known: bool


def ask(address: str, question: str, token: str | None = None) -> Reply:
    """Return what the endpoint at ``address`` (``http://host:port``) answers.

    Raises:
        ServiceError: if it does not answer.
        AccessError: if it refuses the token.
        DataError: if it refuses the request.
    """
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with _answered(address):
        choice = _call(f"{address}/v1/chat/completions", body, headers)["choices"][0]
        about, text = choice["gabarito"], choice["message"]["content"]
        return Reply(text=text, probability=about["probability"], known=about["known"])


def served_name(address: str) -> str:
    """Return the name of the model that is served at ``address``, once it is ready.

    Raises:
        ServiceError: if nothing is ready there.
    """
    with _answered(address):
        return str(_call(f"{address}/ready")["model"])


def _call(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(url, body, dict(headers or {}))
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


@contextmanager
def _answered(address: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(address, error.code, error.read().decode(errors="replace")) from error
    except (OSError, HTTPException, ValueError, KeyError) as error:
        message = f"{address}: does not answer: {error}; start it with gabarito serve"
        raise ServiceError(message) from error


def _refusal(address: str, status: int, said: str) -> AccessError | DataError | ServiceError:
    message = f"{address}: answered {status}: {said}"
    if status in (401, 403):
        return AccessError(f"{message}; set GABARITO_SERVE_TOKEN")
    return DataError(message) if status < 500 else ServiceError(message)
