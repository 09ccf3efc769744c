"""OpenTelemetry traces: off unless the environment says where they go, by OTLP over HTTP.

The API alone is always there, and its spans are nothing until ``tracing`` has found an endpoint
and the extra ``tracing``, which holds SDK and exporter. The variables are those of the
OpenTelemetry specification, ``OTEL_EXPORTER_OTLP_ENDPOINT`` first of all.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gabarito import __version__
from gabarito.core.rank import is_first_process

log = logging.getLogger("gabarito.tracing")

TRACER = trace.get_tracer("gabarito", __version__)

CALLER = TraceContextTextMapPropagator()
"""W3C's ``traceparent``, which continues the trace of whoever asks.

Not the propagators of ``OTEL_PROPAGATORS``: one that is not installed ends the process."""

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""Asks for the texts of questions and answers; without it no span holds any."""

FLUSH_S = 5.0
"""What a process waits at its end for a collector that takes nothing; the SDK would wait 30."""

COMPLAINT_S = 600.0
"""How often a collector that takes nothing is told of, at most: the exporter does every 5 s."""

EXPORTER_LOG = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class _Seldom(logging.Filter):
    """Lets an error through now and then, and nothing less than an error."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._again = -COMPLAINT_S

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        if record.levelno < logging.ERROR or now < self._again:
            return False
        self._again = now + COMPLAINT_S
        return True


@contextmanager
def tracing(component: str) -> Iterator[None]:
    """Within the block send spans where the environment says, in batches, beside the work.

    What cannot be sent is dropped: a collector that is away, or refuses, costs no answer and no
    stage, and at the end a few seconds. So do settings that are wrong: a warning says so.
    """
    stop = _started(component) if _is_wanted() else None
    try:
        yield
    finally:
        if stop is not None:
            ending = threading.Thread(target=stop, name="traces", daemon=True)
            ending.start()
            ending.join(FLUSH_S)


def captures_content() -> bool:
    """Tell whether spans may hold the texts of questions and answers."""
    return os.environ.get(CONTENT, "").lower() in ("true", "span_only", "span_and_event")


def messages_text(messages: Iterable[tuple[str, str]]) -> str:
    """Return messages, each a role and a text, as the GenAI conventions have them."""
    return json.dumps([_message(role, text) for role, text in messages], ensure_ascii=False)


def answer_text(text: str, reason: str) -> str:
    """Return an answer as the GenAI conventions have it."""
    message = {**_message("assistant", text), "finish_reason": reason}
    return json.dumps([message], ensure_ascii=False)


def traceparent() -> Mapping[str, str]:
    """Return the headers that let another server continue the trace; none without one."""
    headers: dict[str, str] = {}
    CALLER.inject(headers)
    return headers


def mark_failed(span: trace.Span, error_type: str) -> None:
    """Mark a span as failed; never by the error's message, which may quote a text."""
    span.set_attribute("error.type", error_type)
    span.set_status(trace.StatusCode.ERROR)


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _is_wanted() -> bool:
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    is_none = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    has_endpoint = any(os.environ.get(name) for name in ENDPOINTS)
    return has_endpoint and not is_off and not is_none and is_first_process()


def _started(component: str) -> Callable[[], None] | None:
    """Let spans be sent, and return what sends the last of them; None if that cannot be."""
    protocol = next((os.environ[name] for name in PROTOCOLS if os.environ.get(name)), SPOKEN)
    if protocol != SPOKEN:
        cure = f"set it to {SPOKEN}, and the endpoint to the collector's port for it, 4318"
        log.warning("no traces", extra={"reason": f"{PROTOCOLS[1]}: {protocol}", "cure": cure})
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        cure = "pip install 'gabarito[tracing]'"
        log.warning("no traces", extra={"reason": str(error), "cure": cure})
        return None
    try:
        resource = Resource.create(_described(component))
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    except ValueError as error:
        cure = "correct the variables that begin with OTEL_"
        log.warning("no traces", extra={"reason": str(error), "cure": cure})
        return None
    logging.getLogger(EXPORTER_LOG).addFilter(_Seldom())
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _described(component: str) -> dict[str, str]:
    """Return what a process says of itself beside what the environment says of it."""
    is_named = "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    named = {} if is_named or os.environ.get("OTEL_SERVICE_NAME") else _named(component)
    return {"service.version": __version__, **named}


def _named(component: str) -> dict[str, str]:
    return {"service.name": f"gabarito-{component}"}
