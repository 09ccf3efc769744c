"""A real OTLP receiver: takes spans over HTTP and decodes their protobuf."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gabarito.core.listening import ListeningServer

PATIENCE_S = 60


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it arrived, with what its process says of itself."""

    raw: Span
    attributes: dict[str, Any]
    resource: dict[str, Any]
    body: bytes

    @property
    def trace(self) -> str:
        """The id of its trace, in digits."""
        return self.raw.trace_id.hex()

    @property
    def parent(self) -> str:
        """The id of the span that it is within, in digits."""
        return self.raw.parent_span_id.hex()


class Receiver(ListeningServer):
    """Keeps what arrives; answers with ``status``."""

    daemon_threads = True

    def __init__(self, status: int, host: str) -> None:
        super().__init__(host, 0, _Handler)
        self.status = status
        self.spans: list[ReceivedSpan] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        """What ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set to."""
        return self.address

    def wait_for(self, count: int) -> list[ReceivedSpan]:
        """Return the spans once so many are there."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.spans) >= count, PATIENCE_S), self.spans
            return list(self.spans)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.arrived:
            self.server.headers.append(dict(self.headers))
            if self.server.status == 200 and self.path == "/v1/traces":
                self.server.spans += _decoded(body)
            self.server.arrived.notify_all()
        self.send_response(self.server.status)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def receiving(status: int = 200, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Give a receiver that runs."""
    receiver = Receiver(status, host)
    threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()


def _decoded(body: bytes) -> Iterator[ReceivedSpan]:
    for of_process in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {one.key: _value(one.value) for one in of_process.resource.attributes}
        for scope in of_process.scope_spans:
            for span in scope.spans:
                attributes = {one.key: _value(one.value) for one in span.attributes}
                yield ReceivedSpan(span, attributes, resource, body)


def _value(value: AnyValue) -> Any:  # noqa: ANN401  # of any kind
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, str(kind))
