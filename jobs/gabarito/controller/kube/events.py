"""Events, as ``kubectl describe`` and ``kubectl get events`` show them. Pure but for the clock."""

from datetime import UTC, datetime

from gabarito.controller.actions import RecordEvent
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import EVENTS, Object

MAX_MESSAGE = 1024
"""Characters that the API accepts."""


def event_body(event: RecordEvent, namespace: str) -> Object:
    """Return the object; what is too long is cut at its end."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    subject, message = event.subject, event.message
    if len(message) > MAX_MESSAGE:
        message = f"{message[: MAX_MESSAGE - 1]}…"
    return {
        "apiVersion": EVENTS.api,
        "kind": EVENTS.kind,
        "metadata": {"name": event.name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": subject.kind.api,
            "kind": subject.kind.kind,
            "namespace": namespace,
            "name": subject.name,
            "uid": subject.uid,
        },
        "type": "Warning" if event.is_warning else "Normal",
        "reason": event.reason,
        "message": message,
        "source": {"component": meta.FIELD_MANAGER},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
