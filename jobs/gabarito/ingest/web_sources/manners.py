"""Settings of the sources on the web, and of the manners with which their pages are fetched."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gabarito import __version__
from gabarito.core.settings import InputPath, Settings
from gabarito.core.shard import Shard
from gabarito.ingest.web_sources.addresses import flaw_of, host_of


def matches_any(text: str, patterns: Iterable[str]) -> bool:
    """Tell whether one of the patterns matches; ``*`` also matches ``/``."""
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _web_address(url: str) -> str:
    if flaw := flaw_of(url):
        raise ValueError(flaw)
    return url


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""The address of a page, such as https://example.com/news."""


class WebManners(Settings):
    """How pages of the web are asked for; a site's robots.txt is obeyed whatever stands here."""

    user_agent: str = Field(
        default=f"gabarito/{__version__}",
        min_length=1,
        pattern=r"^[ -~]+$",
        description=(
            "What requests call themselves; add an address at which the people of a site reach "
            "you, such as gabarito (+https://example.com/about; team@example.com)."
        ),
    )
    delay_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds between two requests to one host, or more if its robots.txt asks so.",
    )
    timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds that one answer may take, however it trickles in."
    )
    retries: int = Field(
        default=4,
        ge=0,
        description="How often a page is asked for again that a host has no answer for, or 429.",
    )
    max_pause_s: float = Field(
        default=120.0,
        ge=0,
        description="Seconds that a host may ask us to wait (Retry-After) before it is left alone.",
    )


class WebSource(Settings):
    """What every kind of source on the web has."""

    allow_private: bool = Field(
        default=False,
        description="Whether its pages may lie on addresses that are not public: an intranet's.",
    )

    def is_for_programs(self, url: str) -> bool:
        """Tell whether an address is an API, made for programs: robots.txt is not about it."""
        return False

    def is_final(self, url: str) -> bool:
        """Tell whether an address gives the same for ever, as that of a revision does."""
        return False

    def is_partly_of(self, shard: Shard) -> bool:
        """Tell whether a shard fetches pages of it: all or none, since they are of one host."""
        return shard.has_name(host_of(self.place))

    def is_page_of(self, url: str, shard: Shard) -> bool:
        """Tell whether it is a shard's to fetch this page."""
        return True

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        raise NotImplementedError


class UrlsSource(WebSource):
    """Pages of the web, by their addresses."""

    type: Literal["urls"] = Field(description="The kind of source.")
    urls: tuple[WebAddress, ...] = Field(default=(), description="The addresses of the pages.")
    file: InputPath | None = Field(
        default=None,
        description="A file with an address a line; a line that begins with # is a remark.",
    )

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if not (self.urls or self.file):
            raise ValueError("needs urls, or file with an address a line")
        return self

    @property
    def place(self) -> str:
        """Where its addresses stand, for people."""
        return self.file or self.urls[0]

    def is_partly_of(self, shard: Shard) -> bool:
        """Tell whether a shard may fetch pages of it: they may be of many hosts."""
        return True

    def is_page_of(self, url: str, shard: Shard) -> bool:
        """Tell whether it is a shard's to fetch this page: its host decides."""
        return shard.has_name(host_of(url))


class SitemapSource(WebSource):
    """The pages that a site lists in its sitemap."""

    type: Literal["sitemap"] = Field(description="The kind of source.")
    url: WebAddress = Field(
        description="The sitemap, or an index of several; they may be packed with gzip."
    )
    include: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns of addresses, of which one must match; * also matches /.",
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Patterns of addresses, of which none may match."
    )
    max_pages: int = Field(
        default=10_000, ge=1, description="Pages from which on the sitemap is not read further."
    )

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return self.url


class FeedSource(WebSource):
    """The pages that a feed names: RSS or Atom."""

    type: Literal["feed"] = Field(description="The kind of source.")
    url: WebAddress = Field(description="The feed.")

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return self.url
