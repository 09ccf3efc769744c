"""The endpoint as an ASGI application."""

import asyncio
import hmac
import math
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gabarito.serve.batcher import Batcher, Engine, Prompt
from gabarito.serve.collect import Collector, collect_unless_gone
from gabarito.serve.config import ServeConfig
from gabarito.serve.faults import no_such_method, no_such_path, our_fault
from gabarito.serve.metrics import Metrics
from gabarito.serve.protocol import Answer, RefusedError, Reply, model_list, sse
from gabarito.serve.request import ChatRequest, CompletionRequest, read_request

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

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """What is served: its name, and what it says when it does not know.

    Answers whose probability is under ``threshold`` become ``refusal``.
    """

    name: str
    engine: Engine
    system: str = ""
    refusal: str = ""
    threshold: float | None = None
    max_new_tokens: int = 48


def make_app(model: Model, config: ServeConfig, token: str | None = None) -> Starlette:
    """Return the application that serves ``model``; requests must carry ``token`` if given."""
    endpoint = _Endpoint(model, config, token)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", endpoint.guarded(endpoint.chat), methods=["POST"]),
            Route("/v1/completions", endpoint.guarded(endpoint.complete), methods=["POST"]),
            Route("/v1/models", endpoint.guarded(endpoint.models)),
            Route("/health", endpoint.health),
            Route("/ready", endpoint.ready),
            Route("/metrics", endpoint.scrape),
        ],
        exception_handlers={404: no_such_path, 405: no_such_method, Exception: our_fault},
        lifespan=endpoint.lifespan,
    )


class _Endpoint:
    def __init__(self, model: Model, config: ServeConfig, token: str | None) -> None:
        self._model = model
        self._config = config
        self._token = token
        self._created = int(time.time())
        self._batcher = Batcher(model.engine, config.max_batch, config.max_queue)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        """Reads requests one after the other: a long one must not hold up the event loop."""

        self._metrics = Metrics(model.name, lambda: self._batcher.depth)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._batcher.start()
        yield
        await asyncio.to_thread(self._batcher.stop)
        self._reader.shutdown()

    def guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, shape refusals as the protocol does, count."""

        async def guard(request: Request) -> Response:
            try:
                self._check_token(request)
                response = await handler(request)
            except RefusedError as refusal:
                response = JSONResponse(refusal.body(), refusal.status, HEADERS.get(refusal.status))
            except ClientDisconnect:
                response = Response(status_code=CLIENT_GONE)
            self._metrics.requests.labels(request.url.path, response.status_code).inc()
            return response

        return guard

    async def chat(self, request: Request) -> Response:
        asked, prompt = await self._read(self._read_chat, await _body(request))
        return await self._answer(request, asked, prompt, self._reply("chatcmpl", asked, prompt))

    async def complete(self, request: Request) -> Response:
        asked, prompt = await self._read(self._read_completion, await _body(request))
        return await self._answer(request, asked, prompt, self._reply("cmpl", asked, prompt))

    async def _read(self, read: Callable[[bytes], T], body: bytes) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, read, body)

    def _read_chat(self, body: bytes) -> tuple[ChatRequest, Prompt]:
        asked = read_request(body, ChatRequest, self._model.name)
        turns = [turn.spoken for turn in asked.messages]
        if self._model.system and turns[0][0] != "system":
            turns.insert(0, ("system", self._model.system))
        tokens = self._model.engine.encode_chat(turns)
        limit = asked.max_completion_tokens or asked.max_tokens
        return asked, self._prompt(asked, tokens, limit, "messages")

    def _read_completion(self, body: bytes) -> tuple[CompletionRequest, Prompt]:
        asked = read_request(body, CompletionRequest, self._model.name)
        tokens = self._model.engine.encode_text(asked.text)
        return asked, self._prompt(asked, tokens, asked.max_tokens, "prompt")

    async def models(self, _request: Request) -> Response:
        return JSONResponse(model_list(self._model.name, self._created))

    async def health(self, _request: Request) -> Response:
        alive = self._batcher.is_alive
        return PlainTextResponse("ok") if alive else PlainTextResponse("the engine died", 503)

    async def ready(self, _request: Request) -> Response:
        return JSONResponse({"model": self._model.name}, 200 if self._batcher.is_alive else 503)

    async def scrape(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def _answer(
        self,
        request: Request,
        asked: ChatRequest | CompletionRequest,
        prompt: Prompt,
        reply: Reply,
    ) -> Response:
        began = time.monotonic()
        collector = Collector(self._batcher.submit(prompt), asked.stops)
        if asked.stream:
            events = self._events(collector, reply, usage=asked.stream_options.include_usage)
            return StreamingResponse(events, media_type="text/event-stream")
        await collect_unless_gone(request, collector)
        answer = self._judged(collector)
        self._count(answer, reply, began)
        return JSONResponse(reply.whole(answer))

    async def _events(
        self, collector: Collector, reply: Reply, *, usage: bool
    ) -> AsyncIterator[str]:
        """Stream token by token; with a threshold the answer is held back until it is judged."""
        began = time.monotonic()
        sent = 0
        try:
            yield reply.first_chunk()
            async for text in collector.texts():
                if not self._threshold:
                    yield reply.chunk(text, collector.tokens[sent:])
                    sent = len(collector.tokens)
            answer = self._judged(collector)
            if self._threshold:
                yield reply.chunk(answer.text, () if answer.withheld else answer.tokens)
            for event in reply.last_chunks(answer, usage=usage):
                yield event
            self._count(answer, reply, began)
        except RefusedError as refusal:
            yield sse(refusal.body())
        finally:
            collector.abandon()

    @property
    def _threshold(self) -> float | None:
        own = self._config.threshold
        return self._model.threshold if own is None else own

    def _judged(self, collector: Collector) -> Answer:
        """Return the answer, or the refusal if its probability is under the threshold."""
        text = collector.text
        probability = math.exp(collector.logprob)
        refused = bool(self._model.refusal) and text == self._model.refusal
        unsure = self._threshold is not None and probability < self._threshold
        withheld = unsure and bool(self._model.refusal) and not refused
        return Answer(
            text=self._model.refusal if withheld else text,
            tokens=tuple(collector.tokens),
            finish=collector.finish,
            probability=probability,
            known=not (refused or unsure),
            withheld=withheld,
        )

    def _prompt(
        self,
        asked: ChatRequest | CompletionRequest,
        tokens: tuple[int, ...],
        limit: int | None,
        param: str,
    ) -> Prompt:
        """Return what to ask the engine.

        A limit of the client's is lowered to what there is room for; without one it is the
        model's own, under which its answers were evaluated.
        """
        if not tokens:
            message = f"{param}: there is no text in it, as the model reads it; send some"
            raise RefusedError(400, message, "invalid_request", param)
        room = self._model.engine.context - len(tokens)
        if room < 1:
            message = (
                f"the request has {len(tokens)} tokens; this model takes "
                f"{self._model.engine.context} with its answer, shorten it"
            )
            raise RefusedError(400, message, "context_length_exceeded", param)
        wanted = min(limit, self._config.max_new_tokens) if limit else self._model.max_new_tokens
        return Prompt(tokens, min(wanted, room), asked.temperature, asked.top_p, asked.seed)

    def _reply(self, kind: str, asked: ChatRequest | CompletionRequest, prompt: Prompt) -> Reply:
        return Reply(
            id=f"{kind}-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=self._model.name,
            chat=isinstance(asked, ChatRequest),
            prompt_tokens=len(prompt.tokens),
            logprobs=asked.logprobs not in (None, False),
        )

    def _count(self, answer: Answer, reply: Reply, began: float) -> None:
        self._metrics.answers.labels(str(answer.known).lower()).inc()
        self._metrics.tokens.labels("read").inc(reply.prompt_tokens)
        self._metrics.tokens.labels("written").inc(len(answer.tokens))
        self._metrics.seconds.observe(time.monotonic() - began)

    def _check_token(self, request: Request) -> None:
        if self._token is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        is_known = hmac.compare_digest(given.strip().encode(), self._token.encode())
        if scheme.lower() != "bearer" or not is_known:  # schemes have no case: RFC 9110, 11.1
            message = "the bearer token is missing or wrong"
            raise RefusedError(401, message, "invalid_api_key")


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    message = f"the body is larger than {MAX_BODY_BYTES} bytes; shorten it"
                    raise RefusedError(413, message, "request_too_large")
    except TimeoutError as error:
        message = f"the body did not arrive within {BODY_TIMEOUT_S:g} s; send it at once"
        raise RefusedError(408, message, "request_timeout") from error
    return bytes(body)
