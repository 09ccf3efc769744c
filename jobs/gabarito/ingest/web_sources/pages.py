"""What passes between the kinds of web sources and what fetches their pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class WebPage:
    """What an address gave."""

    url: str
    """The final address, after redirects, without a fragment."""
    body: bytes
    """Decompressed."""
    media_type: str = ""
    """Such as ``text/html``, in lower case; empty where the server names none."""
    charset: str | None = None
    modified: datetime | None = None
    """When the server says it was last changed."""
    fetched_at: datetime | None = None
    """When its bytes came; those that are kept came earlier."""
    is_changed: bool = True
    """False where the server said, or the bytes show, that it is as it was when it was kept."""


class Fetch(Protocol):
    """Fetches pages, with the manners of its settings."""

    def __call__(self, url: str) -> WebPage:
        """Return what an address gives, from the store if it is there already.

        Raises:
            Dropped: if it gives no page; the reason says why.
            ServiceError: if the network is out of reach altogether.
        """
        ...


class KeepingFetch(Fetch, Protocol):
    """Fetches pages and keeps them, so that it has to be told which are worth nothing."""

    def forget(self, url: str) -> None:
        """Ask for a page again at the next start."""
        ...


@dataclass(frozen=True)
class WebItem:
    """One page that a source lists, to become a document."""

    url: str
    title: str = ""
    """What the source calls it; empty where the page says so itself."""
    date: datetime | None = None
    """Of the text, where the source says so."""
    revision: str = ""
    licence: str = ""
    page: WebPage | None = None
    """The page where it is in hand already, as from an API; None if it has to be fetched."""
