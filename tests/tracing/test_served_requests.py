"""Spans of served requests, as a real receiver gets them from an endpoint's process."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .processes import endpoint
from .receiver import ReceivedSpan, Receiver, receiving

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FAST = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture(scope="module")
def address(receiver: Receiver) -> Iterator[str]:
    with endpoint(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, **FAST) as url:
        yield url


def ask(url: str, body: object, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def chat(text: str, **fields: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}], **fields}


def span_of(receiver: Receiver, url: str, body: object, **headers: str) -> ReceivedSpan:
    """Ask, and return the span of it."""
    before = len(receiver.spans)
    ask(url, body, **headers)
    return receiver.wait_for(before + 1)[-1]


def test_a_request_is_a_span_after_the_conventions(receiver: Receiver, address: str) -> None:
    span = span_of(receiver, f"{address}/v1/chat/completions", chat("a c d"))
    assert (span.raw.name, span.raw.kind) == ("POST /v1/chat/completions", Span.SPAN_KIND_SERVER)
    assert span.parent == ""
    told = dict(span.attributes)
    assert told.pop("gen_ai.response.id").startswith("chatcmpl-")
    assert told.pop("gabarito.probability") == pytest.approx(0.970446)
    assert len(told.pop("gabarito.digest")) == 64
    assert told == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/v1/chat/completions",
        "url.scheme": "http",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gabarito",
        "gen_ai.request.model": "rules",
        "gen_ai.request.stream": False,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.response.model": "rules-0123456789ab",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 3,
        "gabarito.known": True,
    }
    assert span.resource["service.name"] == "gabarito-serve"


def test_a_caller_s_trace_is_continued_to_the_end_of_a_stream(
    receiver: Receiver, address: str
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    url = f"{address}/v1/chat/completions"
    span = span_of(receiver, url, chat("a s d", stream=True), **headers)
    assert (span.trace, span.parent) == (TRACE, PARENT)
    assert span.attributes["gen_ai.usage.output_tokens"] == 3
    lasted = span.raw.end_time_unix_nano - span.raw.start_time_unix_nano
    assert lasted > 0.1e9  # three tokens of 0.05 s each


def test_what_a_caller_does_not_sample_is_not_sent(receiver: Receiver, address: str) -> None:
    before = len(receiver.spans)
    url = f"{address}/v1/completions"
    ask(url, {"prompt": "a"}, traceparent=f"00-{TRACE}-{PARENT}-00")
    span = span_of(receiver, url, {"prompt": "a c"}, traceparent="nonsense")
    assert receiver.spans[before:] == [span]
    assert span.trace != TRACE
    assert span.attributes["gen_ai.operation.name"] == "text_completion"


def test_a_refused_request_has_its_status(receiver: Receiver, address: str) -> None:
    span = span_of(receiver, f"{address}/v1/chat/completions", chat("a", model="other"))
    assert span.attributes["http.response.status_code"] == 404
    assert span.raw.status.code == Status.STATUS_CODE_UNSET  # a client's mistake is no error here


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_fails_is_an_error(receiver: Receiver, address: str, stream: bool) -> None:
    url = f"{address}/v1/chat/completions"
    span = span_of(receiver, url, chat("a c d x", stream=stream))
    assert span.raw.status.code == Status.STATUS_CODE_ERROR
    assert span.attributes["error.type"] == ("EngineFailedError" if stream else "500")


def test_probes_and_scrapes_have_no_span(receiver: Receiver, address: str) -> None:
    before = len(receiver.spans)
    for path in ("/health", "/ready", "/metrics"):
        with urllib.request.urlopen(f"{address}{path}", timeout=60):
            pass
    span = span_of(receiver, f"{address}/v1/completions", {"prompt": "a"})
    assert receiver.spans[before:] == [span]


def test_no_text_is_sent_unless_it_is_asked_for(receiver: Receiver, address: str) -> None:
    span = span_of(receiver, f"{address}/v1/chat/completions", chat("zebra quagga"))
    assert b"zebra" not in span.body
    with endpoint(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, **FAST, **{CONTENT: "true"}) as url:
        span = span_of(receiver, f"{url}/v1/chat/completions", chat("zebra quagga"))
    (asked,) = json.loads(span.attributes["gen_ai.input.messages"])
    assert asked["parts"] == [{"type": "text", "content": "zebra quagga"}]
    (answered,) = json.loads(span.attributes["gen_ai.output.messages"])
    assert answered["parts"] == [{"type": "text", "content": "zq"}]


def test_a_collector_that_is_away_costs_no_answer() -> None:
    with endpoint(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **FAST) as url:
        found = [ask(f"{url}/v1/completions", {"prompt": "a c"})[0] for _ in range(20)]
    assert found == [200] * 20
