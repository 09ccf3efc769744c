"""A throw-away S3 server: MiniStack in memory, with one bucket and one access key.

MiniStack itself takes any key; a store that refuses a wrong one is what tests need.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.app import app as ministack

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BUCKET = os.environ["S3_BUCKET"]
CREDENTIAL = f"Credential={os.environ['S3_ACCESS_KEY']}/".encode()
HEALTH = "/_ministack/"
REFUSAL = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>InvalidAccessKeyId</Code><Message>There is no such access key.</Message></Error>"""

_buckets: set[str] = set()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or the server's start and end."""
    if scope["type"] != "http" or scope["path"].startswith(HEALTH):
        await ministack(scope, receive, send)
    elif CREDENTIAL not in dict(scope["headers"]).get(b"authorization", b""):
        headers = [(b"content-type", b"application/xml")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": REFUSAL})
    else:
        await _make_bucket(scope)
        await ministack(scope, receive, send)


async def _make_bucket(scope: Scope) -> None:
    """Make the bucket before the first request, as that request's sender."""
    if BUCKET in _buckets:
        return
    _buckets.add(BUCKET)
    path = f"/{BUCKET}"
    put = {**scope, "method": "PUT", "path": path, "raw_path": path.encode(), "query_string": b""}
    await ministack(put, _no_body, _unheard)


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(_message: dict[str, Any]) -> None:
    """Nobody waits for the answer."""
