"""Spans of teacher calls, as a real receiver gets them from a process."""

import json
from collections.abc import Callable, Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.unit.chat.script import Scripted, fails, running_scripts, says

from .processes import run_caller
from .receiver import receiving

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
Serve = Callable[..., Scripted]


@pytest.fixture
def teacher() -> Iterator[Serve]:
    with running_scripts() as start:
        yield start


def test_a_call_is_a_span_after_the_conventions(teacher: Serve) -> None:
    server = teacher(fails(503), says("a secret answer"))
    with receiving() as receiver:
        done = run_caller(server.url, 1, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    (span,) = receiver.spans
    assert done.stdout.startswith("a secret answer\n")
    assert (span.raw.name, span.raw.kind) == ("chat m", Span.SPAN_KIND_CLIENT)
    assert span.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "gabarito.role": "teacher",
        "gabarito.tries": 2,
        "server.address": "127.0.0.1",
        "server.port": server.server_address[1],
    }
    (event,) = span.raw.events
    assert (event.name, event.attributes[0].value.int_value) == ("gabarito.try_failed", 503)
    assert span.resource["service.name"] == "gabarito-generate"
    for secret in (b"secret", b"the-key"):
        assert secret not in span.body


def test_the_teacher_is_told_of_the_trace(teacher: Serve) -> None:
    server = teacher(says("yes"))
    with receiving() as receiver:
        run_caller(server.url, 1, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    (span,) = receiver.spans
    told = server.requests[0][2]["traceparent"]
    assert told.startswith(f"00-{span.trace}-{span.raw.span_id.hex()}-")


def test_without_an_endpoint_nothing_is_traced(teacher: Serve) -> None:
    server = teacher(says("yes"))
    run_caller(server.url, 1)
    assert "traceparent" not in server.requests[0][2]


def test_a_refused_call_says_why_without_words_of_the_text(teacher: Serve) -> None:
    server = teacher(fails(400, said="what is a secret question?"))
    with receiving() as receiver:
        done = run_caller(server.url, 1, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    (span,) = receiver.spans
    assert done.stdout.startswith("refused\n")
    assert span.raw.status.code == Status.STATUS_CODE_ERROR
    assert span.attributes["error.type"] == "SettingsError"
    assert b"secret" not in span.body


def test_texts_are_told_if_they_are_asked_for(teacher: Serve) -> None:
    with receiving() as receiver:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, CONTENT: "true"}
        run_caller(teacher(says("an answer")).url, 1, **variables)
    (span,) = receiver.spans
    asked = json.loads(span.attributes["gen_ai.input.messages"])
    answered = json.loads(span.attributes["gen_ai.output.messages"])
    part = {"type": "text", "content": "a secret question"}
    assert asked == [{"role": "user", "parts": [part]}]
    assert answered[0]["parts"] == [{"type": "text", "content": "an answer"}]
    assert answered[0]["finish_reason"] == "stop"


@pytest.mark.parametrize("status", [0, 400, 503], ids=["away", "refuses", "busy"])
def test_a_collector_that_takes_nothing_costs_no_call(teacher: Serve, status: int) -> None:
    server = teacher(says("yes"))
    with receiving(status or 200) as receiver:
        address = receiver.url if status else "http://127.0.0.1:9"
        done = run_caller(server.url, 50, OTEL_EXPORTER_OTLP_ENDPOINT=address)
    *answers, seconds = done.stdout.splitlines()
    assert answers == ["yes"] * 50
    assert float(seconds.split()[1]) < 8  # 5 s for the last spans, and a busy machine
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "cure"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "set it to http/protobuf"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, "correct the variables"),
    ],
)
def test_wrong_settings_of_traces_are_told_and_stop_nothing(
    teacher: Serve, variables: dict[str, str], cure: str
) -> None:
    variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
    done = run_caller(teacher(says("yes")).url, 1, **variables)
    assert done.stdout.startswith("yes\n")
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert line["event"] == "no traces"
    assert cure in line["cure"]
