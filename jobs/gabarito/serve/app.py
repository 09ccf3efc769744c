"""The endpoint as an ASGI application: HTTP, and what each error is in its terms."""

import asyncio
import hmac
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gabarito.core.errors import GabaritoError
from gabarito.serve.ask_page import ask_page, page_headers
from gabarito.serve.batcher import EngineFailedError, QueueFullError
from gabarito.serve.config import ServeConfig
from gabarito.serve.conversation import left_aside
from gabarito.serve.engine import Engine, InvalidRequestError, PromptTooLongError
from gabarito.serve.fields import unread
from gabarito.serve.metrics import Metrics
from gabarito.serve.model_names import ModelNames
from gabarito.serve.openapi import openapi_document
from gabarito.serve.request import (
    ChatRequest,
    CompletionRequest,
    ModelNotFoundError,
    NotJsonError,
)
from gabarito.serve.request_span import (
    tell_answer,
    tell_failure,
    tell_request,
    tell_route,
    traced,
)
from gabarito.serve.response import (
    ResponseWriter,
    about_model,
    about_request,
    error_body,
    model_card,
    model_list,
    sse,
)
from gabarito.serve.service import AnswerService, Model
from gabarito.serve.stream import AnswerStream, FinishedAnswer

log = logging.getLogger("gabarito.serve")

MAX_BODY_BYTES = 1 << 20
BODY_TIMEOUT_S = 30.0
CLIENT_GONE = 499
"""nginx's status for a client that went away; nobody reads it but the metrics."""

HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="gabarito"'},
    408: {"Connection": "close"},
    413: {"Connection": "close"},
    429: {"Retry-After": "1"},
}
"""What RFC 9110 wants beside a status; where the body was not read the connection ends."""

STATUSES: dict[type[GabaritoError], tuple[int, str]] = {
    InvalidRequestError: (400, "invalid_request"),
    NotJsonError: (400, "invalid_json"),
    PromptTooLongError: (400, "context_length_exceeded"),
    ModelNotFoundError: (404, "model_not_found"),
    QueueFullError: (429, "queue_full"),
    EngineFailedError: (500, "engine_failed"),
}
"""The status of an error, and its code in the protocol."""


@dataclass
class _HttpError(Exception):
    """A request that HTTP itself has an answer for."""

    status: int
    code: str
    message: str


def make_app(
    model: Model, config: ServeConfig, token: Callable[[], str | None] = lambda: None
) -> ASGIApp:
    """Return the application that serves ``model``.

    Requests must carry what ``token`` returns at that time, if it is not None.
    """
    handlers = _Handlers(model, config, token)
    base = _Handlers(_base_of(model, model.base), config, token) if model.base else None
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", handlers.guarded(handlers.chat), methods=["POST"]),
            Route("/v1/completions", handlers.guarded(handlers.complete), methods=["POST"]),
            Route("/v1/models", handlers.guarded(handlers.models)),
            Route("/v1/gabarito", handlers.guarded(handlers.about)),
            Route("/v1/models/{name:path}", handlers.guarded(handlers.model)),
            Route("/openapi.json", handlers.describe),
            Route("/health", handlers.health),
            Route("/ready", handlers.ready),
            Route("/metrics", handlers.scrape),
            *([Route("/", _page)] if config.page else []),
            *(
                [Route("/v1/base/chat/completions", base.guarded(base.chat), methods=["POST"])]
                if base
                else []
            ),
        ],
        exception_handlers={404: _no_such_path, 405: _no_such_method, Exception: _our_fault},
        lifespan=_lifespan(handlers, base),
    )
    return _for_browsers(_without_last_slash(traced(app)), config.cors_origins)


def _base_of(model: Model, engine: Engine) -> Model:
    """Return what a model was before training, asked under the same prompt."""
    names = ModelNames("base")
    return Model(names, engine, system=model.system, max_new_tokens=model.max_new_tokens)


def _lifespan(
    *served: "_Handlers | None",
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for handlers in filter(None, served):
                await stack.enter_async_context(handlers.running())
            yield

    return lifespan


def _for_browsers(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins read all answers; a token is theirs to send, no cookie is.

    Not a middleware of Starlette's: what answers a bug stands outside of those.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["*"]
    )


def _without_last_slash(app: ASGIApp) -> ASGIApp:
    """Take a path with a slash at its end as the one without.

    Starlette would redirect: behind a proxy that ends TLS to an http address, with the token.
    """

    async def take(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await app(scope, receive, send)

    return take


class _Handlers:
    def __init__(self, model: Model, config: ServeConfig, token: Callable[[], str | None]) -> None:
        self._names = model.names
        self._system = model.system
        self._has_base = model.base is not None
        self._conversation = config.conversation
        self._token = token
        self._created = int(time.time())
        self._service = AnswerService(model, config)
        self._about = about_model(model, self._service.threshold)
        self._metrics = Metrics(model.names, lambda: self._service.depth)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._service.start()
        yield
        await asyncio.to_thread(self._service.stop)

    def guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, shape errors as the protocol does, count."""

        async def guard(request: Request) -> Response:
            path = "/v1/models/{name}" if request.path_params else request.url.path
            tell_route(request.method, path)
            try:
                self._check_token(request)
                response = await handler(request)
            except _HttpError as error:
                response = _refusal(error.status, error_body(error.message, error.code))
            except tuple(STATUSES) as error:
                response = _refusal(STATUSES[type(error)][0], _body_of(error))
            except ClientDisconnect:
                response = Response(status_code=CLIENT_GONE)
            self._metrics.requests.labels(path, response.status_code).inc()
            return response

        return guard

    async def chat(self, request: Request) -> Response:
        asked, stream = await self._service.submit(await _body(request), ChatRequest)
        return await self._respond(request, asked, stream)

    async def complete(self, request: Request) -> Response:
        asked, stream = await self._service.submit(await _body(request), CompletionRequest)
        return await self._respond(request, asked, stream)

    async def models(self, _request: Request) -> Response:
        return JSONResponse(model_list(self._names, self._created))

    async def model(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        if not self._names.has(name):
            raise ModelNotFoundError(self._names.unknown(name), "model")
        return JSONResponse(model_card(name, self._names, self._created))

    async def describe(self, _request: Request) -> Response:
        return JSONResponse(openapi_document(has_base=self._has_base))

    async def about(self, _request: Request) -> Response:
        return JSONResponse(self._about)

    async def health(self, _request: Request) -> Response:
        if self._service.needs_restart:
            return PlainTextResponse("the engine died", 503)
        return PlainTextResponse("ok")

    async def ready(self, _request: Request) -> Response:
        names = self._names
        body = {"model": names.id, "names": names.listed, "digest": names.digest or None}
        return JSONResponse(body, 200 if self._service.is_alive else 503)

    async def scrape(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def _respond(
        self, request: Request, asked: ChatRequest | CompletionRequest, stream: AnswerStream
    ) -> Response:
        began = time.monotonic()
        is_chat = isinstance(asked, ChatRequest)
        writer = ResponseWriter(
            id=f"{'chatcmpl' if is_chat else 'cmpl'}-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=asked.model or self._names.first,
            chat=is_chat,
            prompt_tokens=stream.prompt_tokens,
            logprobs=asked.has_logprobs,
            digest=self._names.digest,
            about_request=about_request(self._left_aside(asked), unread(asked.others)),
        )
        tell_request(asked, writer.id, self._names)
        if asked.stream:
            events = self._events(stream, writer, usage=asked.stream_options.include_usage)
            return StreamingResponse(events, media_type="text/event-stream")
        answer = await _whole_unless_gone(request, stream)
        self._count(answer, stream, began)
        return JSONResponse(writer.whole(answer))

    def _left_aside(self, asked: ChatRequest | CompletionRequest) -> dict[str, int]:
        if isinstance(asked, CompletionRequest):
            return {}
        return left_aside(asked.messages, self._system, self._conversation)

    async def _events(
        self, stream: AnswerStream, writer: ResponseWriter, *, usage: bool
    ) -> AsyncIterator[str]:
        began = time.monotonic()
        try:
            yield writer.first_chunk()
            async for piece in stream.pieces():
                yield writer.chunk(piece.text, piece.tokens)
            for event in writer.last_chunks(stream.answer, usage=usage):
                yield event
            self._count(stream.answer, stream, began)
        except EngineFailedError as error:
            tell_failure(error)
            yield sse(_body_of(error))
        finally:
            stream.abandon()

    def _count(self, answer: FinishedAnswer, stream: AnswerStream, began: float) -> None:
        self._metrics.answers.labels(str(answer.known).lower()).inc()
        self._metrics.tokens.labels("read").inc(stream.prompt_tokens)
        self._metrics.tokens.labels("written").inc(len(answer.tokens))
        self._metrics.seconds.observe(time.monotonic() - began)
        tell_answer(answer, stream.prompt_tokens)

    def _check_token(self, request: Request) -> None:
        token = self._token()
        if token is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        is_known = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not is_known:  # schemes have no case: RFC 9110, 11.1
            raise _HttpError(401, "invalid_api_key", "the bearer token is missing or wrong")


async def _page(_request: Request) -> Response:
    return HTMLResponse(ask_page(), headers=page_headers())


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    message = f"the body is larger than {MAX_BODY_BYTES} bytes; shorten it"
                    raise _HttpError(413, "request_too_large", message)
    except TimeoutError as error:
        message = f"the body did not arrive within {BODY_TIMEOUT_S:g} s; send it at once"
        raise _HttpError(408, "request_timeout", message) from error
    return bytes(body)


async def _whole_unless_gone(request: Request, stream: AnswerStream) -> FinishedAnswer:
    """Wait for the whole answer.

    Raises:
        ClientDisconnect: if the client goes away first.
        EngineFailedError: if there is none.
    """
    writing = asyncio.create_task(stream.whole())
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            log.info("client gone", extra={"path": request.url.path})
            raise ClientDisconnect
        return writing.result()
    finally:
        stream.abandon()
        writing.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _body_of(error: GabaritoError) -> dict[str, object]:
    status, code = STATUSES[type(error)]
    field = error.field if isinstance(error, InvalidRequestError) else None
    return error_body(str(error), code, field, is_ours=status >= 500)


def _refusal(status: int, body: dict[str, object]) -> Response:
    return JSONResponse(body, status, HEADERS.get(status))


async def _no_such_path(request: Request, _error: Exception) -> Response:
    message = f"{request.method} {request.url.path} is not served; see /v1/models"
    return _refusal(404, error_body(message, "not_found"))


async def _no_such_method(request: Request, error: Exception) -> Response:
    message = f"{request.url.path} is not asked with {request.method}; see the Allow header"
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse(error_body(message, "method_not_allowed"), 405, headers)


async def _our_fault(_request: Request, _error: Exception) -> Response:
    """Answer what nobody foresaw in the protocol's shape; the server logs the traceback."""
    message = "a bug of this endpoint; its log says more"
    return _refusal(500, error_body(message, "internal_error", is_ours=True))
