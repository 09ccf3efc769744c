"""Pages that were fetched, kept in the store: what is there is not asked for again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from pydantic import ValidationError

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Record

_MOST_ASKERS = 16
"""Of this many sources it is remembered that they asked; an earlier one asks again."""


class PageStore(Protocol):
    """Where pages are kept: the cache of the stage."""

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key, or None."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep something, over what was there."""
        ...


class NothingKept:
    """A place where nothing is kept, for a look before a run."""

    def get(self, key: str) -> None:
        """Return nothing."""

    def put(self, key: str, data: bytes) -> None:
        """Do nothing."""


class WebAnswer(Record):
    """What is known of an address: a page, or where that has moved, or why there is none."""

    url: str
    asked_for: tuple[str, ...] = ()
    """Names of the sources, as they are set, that asked since it last changed."""
    leads_to: str = ""
    reason: IngestReason | None = None
    detail: str = ""
    media_type: str = ""
    charset: str | None = None
    etag: str = ""
    last_modified: str = ""
    fetched_at: datetime
    is_changed: bool = True

    @property
    def is_page(self) -> bool:
        """Tell whether there is a page."""
        return not (self.reason or self.leads_to)

    @property
    def conditions(self) -> Mapping[str, str]:
        """The headers that ask for it only if it has changed (RFC 9110)."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value and self.is_page}

    def asked_by(self, asker: str, *, is_changed: bool = False) -> Self:
        """Return the same as of now, when another source asked."""
        askers = (*self.asked_for, asker)[-_MOST_ASKERS:]
        return self.model_copy(update={"asked_for": askers, "is_changed": is_changed})


@dataclass(frozen=True)
class KeptAnswer:
    """An answer with the body of its page."""

    answer: WebAnswer
    body: bytes = b""


class KeptPages:
    """Answers by their addresses."""

    def __init__(self, store: PageStore) -> None:
        self._store = store

    def get(self, url: str) -> KeptAnswer | None:
        """Return what is known of an address, or None; what is damaged counts as missing."""
        data = self._store.get(_key(url))
        if data is None:
            return None
        line, _, body = data.partition(b"\n")
        try:
            answer = WebAnswer.model_validate_json(line)
        except ValidationError:
            return None
        return KeptAnswer(answer, body) if answer.url == url else None

    def put(self, kept: KeptAnswer) -> None:
        """Keep an answer, over an earlier one."""
        line = kept.answer.model_dump_json().encode()
        self._store.put(_key(kept.answer.url), b"\n".join((line, kept.body)))


def _key(url: str) -> str:
    return f"pages/{hashlib.sha256(url.encode()).hexdigest()}"
