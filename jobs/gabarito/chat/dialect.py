"""How one endpoint wants the protocol spoken, learned from what it refuses.

Endpoints that call themselves compatible take other names for one field, refuse fields that they
do not know, or know no system message (seen with OpenAI's reasoning models, Gemma's
template, and gateways). What is learned is remembered by whoever asks, so that it is paid once.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from gabarito.core.records import Record

LEAVABLE = ("temperature", "seed", "max_tokens")
"""Fields that are ours to leave out; what the settings name as a further field is refused aloud."""

RENAMED = {"max_tokens": "max_completion_tokens"}

_REFUSED = re.compile(
    r"unsupported|unrecogni[sz]ed|unknown|unexpected|deprecated|not (?:supported|permitted|enabled)"
    r"|not (?:support|recogni[sz]e|accept)\b|extra (?:inputs|fields)|additional propert"
    r"|only the default",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"system[ _-](?:role|message|prompt|instruction)|role\W{0,4}system|developer instruction"
    r"|roles must alternate",
    re.IGNORECASE,
)
_ALTERNATE = "must alternate"
_VALUE = re.compile(
    r"at most|more than|too (?:large|long|high)|longer than|maximum|exceed", re.IGNORECASE
)
"""The field is known, and its value is what the settings must mend."""


class Dialect(Record):
    """What differs from the protocol: fields by another name or left out, no system message."""

    names: dict[str, str] = Field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    is_without_system: bool = False

    def spoken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request as this endpoint takes it."""
        said = {
            self.names.get(name, name): value
            for name, value in body.items()
            if name not in self.left_out
        }
        if self.is_without_system:
            said["messages"] = _without_system(body["messages"])
        return said

    def learn(self, said: str, body: Mapping[str, Any]) -> "Dialect | None":
        """Return what an endpoint speaks that refused ``body``, None if nothing new is told."""
        if not _REFUSED.search(said) and _ALTERNATE not in said:
            return None
        if _VALUE.search(said):
            return None
        for name in LEAVABLE:
            sent = self.names.get(name, name)
            if name not in body or name in self.left_out or not _names(said, sent):
                continue
            other = RENAMED.get(name, "")
            if other and sent == name and _names(said, other):
                return self.model_copy(update={"names": self.names | {name: other}})
            return self.model_copy(update={"left_out": (*self.left_out, name)})
        if not self.is_without_system and _SYSTEM.search(said) and _has_system(body):
            return self.model_copy(update={"is_without_system": True})
        return None

    def __str__(self) -> str:
        """Say what is done otherwise."""
        parts = [f"{name} is sent as {other}" for name, other in self.names.items()]
        parts += [f"{name} is left out" for name in self.left_out]
        parts += ["the system message is sent in the user's"] * self.is_without_system
        return ", ".join(parts) or "as the protocol is"


def _names(said: str, field: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(field)}(?!\w)", said) is not None


def _has_system(body: Mapping[str, Any]) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def _without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put a system message before the first of the user."""
    if messages[0]["role"] != "system":
        return messages
    first, second, *others = messages
    return [second | {"content": f"{first['content']}\n\n{second['content']}"}, *others]
