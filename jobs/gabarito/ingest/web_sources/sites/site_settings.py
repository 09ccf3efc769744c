"""Settings of the sources that are found page by page: listings and wikis."""

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gabarito.ingest.web_sources.manners import WebAddress, WebSource

NUMBER = "{n}"
"""What stands for the number of a page in its address."""

_NO_TITLE = re.compile(r"[#<>\[\]|{}\x00-\x1f]|^https?:")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,10}){0,3}|simple|tokipona")


def _day(given: object) -> object:
    """Return a day as it is written; an unquoted one is a date to YAML already."""
    if isinstance(given, datetime):
        given = given.date()
    if isinstance(given, str):
        try:
            given = date.fromisoformat(given)
        except ValueError as error:
            raise ValueError("must be a day such as 2025-01-31") from error
    return given.isoformat() if isinstance(given, date) else given


def _numbered(pattern: str) -> str:
    if NUMBER not in pattern:
        raise ValueError("must have {n} in the place of the page's number, such as ?page={n}")
    return pattern


def _language_code(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise ValueError("must be the code of a Wikipedia's language, such as pt, en or simple")
    return language


def _title(title: str) -> str:
    if not title.strip() or _NO_TITLE.search(title):
        raise ValueError("must be a title as it stands above an article, such as Rio Tejo")
    return unicodedata.normalize("NFC", title)  # as the wiki's answers name it


class ListingSource(WebSource):
    """The pages that a site lists, on one page or many: news, notices, articles of a tag."""

    type: Literal["listing"] = Field(description="The kind of source.")
    url: WebAddress = Field(description="The first page of the listing.")
    items: str = Field(
        min_length=1,
        description=(
            "CSS selector of the links to what is listed, or of what holds one such link each, as "
            "the browser's inspector shows them."
        ),
    )
    next: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "CSS selector of the link to the next page; by default the one that says rel=next."
        ),
    )
    pages: Annotated[str, AfterValidator(_numbered)] | None = Field(
        default=None,
        description=(
            "Address of a page by its number, such as ?page={n}, where pages have numbers and no "
            "links to the next."
        ),
    )
    first_number: int = Field(
        default=2, ge=0, description="The number in pages of the page after the first."
    )
    step: int = Field(
        default=1, ge=1, description="By how much the number in pages grows from page to page."
    )
    dates: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "CSS selector of the items' dates in the listing; by default their time elements, else "
            "the dates that the items' own pages tell."
        ),
    )
    since: Annotated[str | None, BeforeValidator(_day)] = Field(
        default=None,
        description=(
            "A day such as 2025-01-31: items that are older are left out, and a page with nothing "
            "but older items is the last."
        ),
    )
    max_pages: int = Field(
        default=100, ge=1, description="Pages of the listing that are looked at, at most."
    )

    @model_validator(mode="after")
    def _finds_pages_in_one_way(self) -> Self:
        if self.next and self.pages:
            raise ValueError("next and pages are two ways to the next page; leave one of them out")
        return self

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return self.url


class WikipediaSource(WebSource):
    """Articles of Wikipedia, or of another wiki that runs MediaWiki."""

    type: Literal["wikipedia"] = Field(description="The kind of source.")
    language: Annotated[str, AfterValidator(_language_code)] | None = Field(
        default=None, description="Code of the Wikipedia's language, such as pt, en or simple."
    )
    api: WebAddress | None = Field(
        default=None,
        description=(
            "Address of another wiki's API, such as https://wiki.example.org/w/api.php, in place "
            "of language."
        ),
    )
    titles: tuple[Annotated[str, AfterValidator(_title)], ...] = Field(
        min_length=1, description="Titles of articles; redirects are followed."
    )
    depth: int = Field(
        default=0,
        ge=0,
        le=3,
        description="How many links away from titles articles are read, too; 0 reads titles alone.",
    )
    follow: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns of titles, of which one must match for a link to be followed.",
    )
    max_articles: int = Field(
        default=500, ge=1, description="Articles that are read, at most, the nearest first."
    )

    @model_validator(mode="after")
    def _names_one_wiki(self) -> Self:
        if (self.language is None) == (self.api is None):
            raise ValueError("either language or api must be given, and not both")
        return self

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return self.endpoint

    def is_for_programs(self, url: str) -> bool:
        """Tell whether an address is the wiki's API, which robots.txt files keep crawlers from."""
        return url.partition("?")[0] == self.endpoint

    def is_final(self, url: str) -> bool:
        """Tell whether an address asks for the text of a revision."""
        return self.is_for_programs(url) and "oldid=" in url

    @property
    def endpoint(self) -> str:
        """The address of the wiki's API."""
        return self.api or f"https://{self.language}.wikipedia.org/w/api.php"
