"""Recorded replies of a teacher, found by what a request carries.

A request is recognised by its last message, not by the words of its prompt: a line ``task: …``
names the task, the last such line, since a passage stands before it. Every recording of that
task whose key stands in the message answers, in the order in which the keys stand there.
"""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from gabarito.core.records import Record

_TASK = re.compile(r"^task: *(\w+) *$", re.MULTILINE)
_ATTEMPT = re.compile(r"^attempt: *(\d+) *$", re.MULTILINE)
_FORMAT = re.compile(r"^format: *(\w+) *$", re.MULTILINE)
_ABOUT_ONE_THING = frozenset({"questions", "names"})


class RecordedReply(Record):
    """One recorded reply and why it ended."""

    text: str
    finish_reason: Literal["stop", "length"] = "stop"


class Recording(Record):
    """The replies to the first, second, third … request for ``task`` that holds ``key``.

    Of those for a rewrite, the ones that ask for this ``format``.
    """

    task: Literal["facts", "missed", "verify", "questions", "names", "rewrite", "open"]
    key: str = Field(min_length=1)
    format: str = ""
    replies: tuple[RecordedReply, ...] = Field(min_length=1)

    def line(self) -> str:
        """Return it as a line of a file; a format stands there only if one is asked for."""
        return self.model_dump_json(exclude=None if self.format else {"format"})


class Recordings:
    """Finds the reply to a message."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_task: dict[str, list[tuple[str, Recording]]] = defaultdict(list)
        for recording in recordings:
            self._by_task[recording.task].append((_folded(recording.key), recording))
        self._asked: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    def reply(self, message: str) -> RecordedReply:
        """Return the joined replies of all recordings that the message asks for.

        A line ``attempt: n`` asks for each one's n-th reply; without it requests are counted.
        After the last reply it is given again.
        """
        task = _last(_TASK, message)
        attempt = _last(_ATTEMPT, message)
        format_ = _last(_FORMAT, message) if task == "rewrite" else ""
        found = self._find(task, format_, _folded(message))
        given = [
            recording.replies[min(self._number(recording, attempt), len(recording.replies)) - 1]
            for recording in found
        ]
        return _joined(given)

    def _find(self, task: str, format_: str, text: str) -> list[Recording]:
        places = [
            (place, key, recording)
            for key, recording in self._by_task.get(task, ())
            if recording.format == format_ and (place := _place(key, text)) >= 0
        ]
        if task in _ABOUT_ONE_THING:
            longest = max((len(key) for _, key, _ in places), default=0)
            places = [found for found in places if len(found[1]) == longest]
        return [recording for _, _, recording in sorted(places, key=lambda found: found[0])]

    def _number(self, recording: Recording, attempt: str) -> int:
        with self._lock:
            asked = recording.task, recording.format, recording.key
            self._asked[asked] += 1
            return max(int(attempt), 1) if attempt else self._asked[asked]


def _last(pattern: re.Pattern[str], message: str) -> str:
    found: list[str] = pattern.findall(message)
    return found[-1] if found else ""


def _folded(text: str) -> str:
    return " ".join(text.split())


def _place(key: str, text: str) -> int:
    """Return where ``key`` stands in ``text``, not as a part of other words, or -1."""
    start = text.find(key)
    while start >= 0:
        around = text[max(start - 1, 0) : start + 1], text[start + len(key) - 1 :][:2]
        if not any(len(pair) > 1 and pair.isalnum() for pair in around):
            return start
        start = text.find(key, start + 1)
    return -1


def _joined(replies: list[RecordedReply]) -> RecordedReply:
    """Join replies up to the first that was cut."""
    if not replies:
        return RecordedReply(text="[]")
    cut = next((i for i, reply in enumerate(replies) if reply.finish_reason == "length"), None)
    kept = replies if cut is None else replies[: cut + 1]
    reason = kept[-1].finish_reason
    return RecordedReply(text="\n".join(reply.text for reply in kept), finish_reason=reason)
