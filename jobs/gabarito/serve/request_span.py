"""The span of a served request, after OpenTelemetry's conventions for HTTP and for GenAI.

It continues the trace that the request's ``traceparent`` names, and lasts until the last byte of a
stream. Source: semantic-conventions, HTTP server spans; semantic-conventions-genai, inference.
"""

from collections.abc import Awaitable, Callable, Iterator

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gabarito.core.tracing import (
    CALLER,
    TRACER,
    answer_text,
    captures_content,
    mark_failed,
    messages_text,
)
from gabarito.serve.model_names import ModelNames
from gabarito.serve.request import ChatRequest, CompletionRequest
from gabarito.serve.stream import FinishedAnswer

PREFIX = "/v1/"
"""Probes, scrapes and the page are no requests of the protocol."""

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
SERVER_ERRORS = 500


def traced(app: ASGIApp) -> ASGIApp:
    """Give each request of the protocol a span."""

    async def take(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        with TRACER.start_as_current_span(
            method,
            context=CALLER.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.scheme": scope["scheme"]},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            await app(scope, receive, _told(span, send))

    return take


def tell_route(method: str, route: str) -> None:
    """Name the span by its route, which is the same for all models' names."""
    span = trace.get_current_span()
    span.update_name(f"{method} {route}")
    span.set_attribute("http.route", route)


def tell_request(asked: ChatRequest | CompletionRequest, id: str, names: ModelNames) -> None:
    """Add what is asked, of which model."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    is_chat = isinstance(asked, ChatRequest)
    span.set_attributes(
        {
            "gen_ai.operation.name": "chat" if is_chat else "text_completion",
            "gen_ai.provider.name": "gabarito",
            "gen_ai.request.model": asked.model or names.first,
            "gen_ai.request.stream": asked.stream,
            "gen_ai.request.temperature": asked.temperature,
            "gen_ai.response.id": id,
            "gen_ai.response.model": names.id,
            "gabarito.digest": names.digest,
        }
    )
    if asked.limit is not None:
        span.set_attribute("gen_ai.request.max_tokens", asked.limit)
    if captures_content():
        span.set_attribute("gen_ai.input.messages", messages_text(_turns(asked)))


def tell_answer(answer: FinishedAnswer, prompt_tokens: int) -> None:
    """Add what the answer took, and whether the model knows it."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    span.set_attributes(
        {
            "gen_ai.response.finish_reasons": (answer.reason,),
            "gen_ai.usage.input_tokens": prompt_tokens,
            "gen_ai.usage.output_tokens": len(answer.tokens),
            "gabarito.known": answer.known,
        }
    )
    if answer.probability is not None:
        span.set_attribute("gabarito.probability", answer.probability)
    if captures_content():
        span.set_attribute("gen_ai.output.messages", answer_text(answer.shown, answer.reason))


def tell_failure(error: Exception) -> None:
    """Mark a stream that an error ended, after its status was sent."""
    mark_failed(trace.get_current_span(), type(error).__name__)


def _turns(asked: ChatRequest | CompletionRequest) -> Iterator[tuple[str, str]]:
    if isinstance(asked, CompletionRequest):
        yield "user", asked.text
        return
    for message in asked.messages:
        yield message.role, "\n".join(part.text or "" for part in message.content)


def _told(span: trace.Span, send: Send) -> Callable[[Message], Awaitable[None]]:
    async def pass_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
            if message["status"] >= SERVER_ERRORS:
                mark_failed(span, str(message["status"]))
        await send(message)

    return pass_on
