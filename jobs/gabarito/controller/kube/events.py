"""Events, as ``kubectl describe`` and ``kubectl get events`` show them. Pure but for the clock."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import EVENTS, Kind, Object

MAX_MESSAGE = 1024
"""Characters that the API accepts in an Event's message."""


@dataclass(frozen=True)
class Subject:
    """The object that an Event is about."""

    kind: Kind
    name: str
    uid: str


@dataclass(frozen=True)
class RecordEvent:
    """Record an Event; the same reason and key about the same object is the same Event."""

    subject: Subject
    reason: str
    message: str
    key: str = ""
    is_warning: bool = False

    @property
    def name(self) -> str:
        """The Event's name: of a second one with this name the API says that it exists."""
        identity = "\x1f".join((self.subject.uid, self.reason, self.key))
        return f"{self.subject.name}.{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def event_body(event: RecordEvent, namespace: str) -> Object:
    """Return the object to create; a message that is too long is cut at its end."""
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
