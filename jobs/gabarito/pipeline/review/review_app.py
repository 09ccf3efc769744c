"""The desk over HTTP, for the browser of this machine alone.

The address holds a token that nobody can guess, and there are no cookies: a page elsewhere can
neither read nor post, and one that makes its name lead here (DNS rebinding) sends another Host.
"""

import hmac
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gabarito.core.errors import DataError, GabaritoError, MissingError, UsageError
from gabarito.core.mistakes import sentence_of
from gabarito.pipeline.review.fact_sheet import FactRow
from gabarito.pipeline.review.review_page import content_policy, live_page
from gabarito.pipeline.review.review_session import ReviewSession, WrittenDecision

MAX_BODY_BYTES = 1 << 16
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ROWS = TypeAdapter(list[FactRow])


class Said(BaseModel):
    """The body of a request that decides something."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fact: str = ""
    action: str = ""
    question: str = ""
    value: str = ""


def make_review_app(session: ReviewSession, token: str, port: int) -> Starlette:
    """Return the application; ``port`` is the one that requests name as their host's."""
    desk = _DeskHandlers(session)
    routes = [
        Route("/{token}/", desk.page),
        Route("/{token}/facts", desk.facts),
        Route("/{token}/rows", desk.rows),
        Route("/{token}/fact", desk.fact),
        *(
            Route(f"/{{token}}/{name}", handler, methods=["POST"])
            for name, handler in (
                ("say", desk.say),
                ("clear", desk.clear),
                ("undo", desk.undo),
                ("forget-gone", desk.forget_gone),
            )
        ),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_Guard, token=token, port=port)],
        exception_handlers={GabaritoError: _refused},
    )


class _Guard:
    """Lets through what a browser of this machine asks from our own page, and nothing else."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in known
                    ),
                ]
            await send(message)

        problem = self._problem(Request(scope))
        app = PlainTextResponse(f"{problem}\n", status_code=403) if problem else self._app
        await app(scope, receive, send_guarded)

    def _problem(self, request: Request) -> str:
        host = request.headers.get("host", "")
        if host not in self._hosts:
            return f"host {host!r}: is not this machine's; open the address that was printed"
        given = request.url.path.split("/")[1]
        if not hmac.compare_digest(given.encode(), self._token):
            return "no token, or another: open the address that gabarito review printed"
        if request.method not in ("GET", "HEAD", "POST"):
            return f"method {request.method}: is not one that the page uses"
        origin = request.headers.get("origin")
        is_foreign = origin is not None and origin != f"http://{host}"
        if is_foreign or (request.method == "POST" and origin is None):
            return f"origin {origin!r}: is not this page's"
        return ""


class _DeskHandlers:
    def __init__(self, session: ReviewSession) -> None:
        self._session = session

    def page(self, _request: Request) -> Response:
        page = live_page(self._session.open())
        policy = f"{content_policy(page)}; frame-ancestors 'none'"
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    def facts(self, request: Request) -> Response:
        asked = request.query_params
        wanted = (asked.get(name, "") for name in ("text", "document", "state"))
        return _json(self._session.find(*wanted).model_dump_json())

    def rows(self, request: Request) -> Response:
        ids = request.query_params.get("ids", "").split(",")
        return _json(_ROWS.dump_json(self._session.rows(ids)).decode())

    def fact(self, request: Request) -> Response:
        return _json(self._session.sheet(request.query_params.get("id", "")).model_dump_json())

    async def say(self, request: Request) -> Response:
        said = await _said(request)
        return await _written(self._session.say, said.fact, said.action, said.value, said.question)

    async def clear(self, request: Request) -> Response:
        said = await _said(request)
        return await _written(self._session.clear, said.fact)

    async def undo(self, _request: Request) -> Response:
        return await _written(self._session.undo)

    async def forget_gone(self, _request: Request) -> Response:
        await run_in_threadpool(self._session.forget_gone)
        return _json("{}")


async def _said(request: Request) -> Said:
    """Return the body of a request.

    Raises:
        UsageError: if it is not what the page sends.
    """
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_BODY_BYTES:
            raise UsageError(f"body: may have {MAX_BODY_BYTES} bytes; shorten what is said")
    try:
        return Said.model_validate_json(data)
    except ValidationError as error:
        mistake = sentence_of(error.errors()[0])
        raise UsageError(f"body: not what the page sends: {mistake}; load it again") from error


async def _written(step: Callable[..., WrittenDecision], *said: str) -> Response:
    return _json((await run_in_threadpool(step, *said)).model_dump_json())


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _refused(_request: Request, error: Exception) -> Response:
    """Say what the command would say; nothing was written."""
    is_bad = isinstance(error, DataError | UsageError)
    status = 404 if isinstance(error, MissingError) else 400 if is_bad else 503
    return JSONResponse({"error": str(error)}, status_code=status)
