"""The span of a call to a chat endpoint, after OpenTelemetry's GenAI conventions.

Source: semantic-conventions-genai, ``gen_ai.client.inference``: one span for the call with all of
its tries, named by operation and model. The provider is ``openai`` wherever its protocol is spoken;
``server.address`` tells who really answers.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind

from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.completion import Completion
from gabarito.chat.protocol import CallFailure
from gabarito.core.errors import GabaritoError
from gabarito.core.tracing import TRACER, answer_text, captures_content, mark_failed, messages_text

ASKED = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
}
"""Fields of a request, and the attributes that tell them."""


@contextmanager
def call_span(endpoint: ChatEndpoint, body: Mapping[str, Any]) -> Iterator[Span]:
    """Give the span of a call; what ends it in an error marks it, without the error's words."""
    model = str(body.get("model", ""))
    with TRACER.start_as_current_span(
        f"chat {model}".rstrip(),
        kind=SpanKind.CLIENT,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        if span.is_recording():
            span.set_attributes(_asked(endpoint, body, model))
        try:
            yield span
        except GabaritoError as error:
            mark_failed(span, type(error).__name__)
            raise


def tell_failed_try(span: Span, failure: CallFailure) -> None:
    """Add a try that gave no reply; the status is left out where nothing answered."""
    status = {"http.response.status_code": failure.status} if failure.status else {}
    span.add_event("gabarito.try_failed", status)


def tell_reply(span: Span, reply: Completion, tries: int) -> None:
    """Add what a reply took, and its text if that is asked for."""
    if not span.is_recording():
        return
    span.set_attributes(
        {
            "gabarito.tries": tries,
            "gen_ai.response.finish_reasons": (reply.finish_reason,),
            "gen_ai.usage.input_tokens": reply.prompt_tokens,
            "gen_ai.usage.output_tokens": reply.completion_tokens,
        }
    )
    if captures_content():
        span.set_attribute("gen_ai.output.messages", answer_text(reply.text, reply.finish_reason))


def _asked(
    endpoint: ChatEndpoint, body: Mapping[str, Any], model: str
) -> dict[str, str | int | float]:
    parts = urlsplit(endpoint.url)
    asked: dict[str, str | int | float] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gabarito.role": endpoint.role,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }
    asked |= {ASKED[name]: value for name, value in body.items() if name in ASKED}
    if captures_content():
        messages = body.get("messages", ())
        asked["gen_ai.input.messages"] = messages_text((m["role"], m["content"]) for m in messages)
    return asked
