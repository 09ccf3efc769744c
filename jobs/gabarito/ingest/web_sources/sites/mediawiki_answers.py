"""What the API of a MediaWiki answers, in the shapes of its ``formatversion=2``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    """A part of the API's answers: what is not named here does not matter."""

    model_config = ConfigDict(extra="ignore")


class WikiTrouble(_Answer):
    """What the API says went wrong."""

    code: str
    info: str = ""


class _Renamed(_Answer):
    old: str = Field(alias="from")
    new: str = Field(alias="to")


class _Elsewhere(_Answer):
    title: str


class _Rights(_Answer):
    url: str = ""
    text: str = ""


class _Revision(_Answer):
    revid: int
    timestamp: datetime | None = None


class _Link(_Answer):
    title: str


class PageEntry(_Answer):
    """What one part of an answer says of one page."""

    title: str
    pageid: int = 0
    missing: bool = False
    invalid: bool = False
    special: bool = False
    fullurl: str = ""
    pagelanguage: str = ""
    revisions: tuple[_Revision, ...] = ()
    links: tuple[_Link, ...] = ()


class WikiQuery(_Answer):
    """One part of the answer about some titles."""

    normalized: tuple[_Renamed, ...] = ()
    redirects: tuple[_Renamed, ...] = ()
    interwiki: tuple[_Elsewhere, ...] = ()
    pages: tuple[PageEntry, ...] = ()
    rightsinfo: _Rights = _Rights()


class QueryAnswer(_Answer):
    """The same, and what to ask for its next part with."""

    query: WikiQuery = WikiQuery()
    goes_on: Mapping[str, str] = Field(default_factory=dict, alias="continue")


class _Parsed(_Answer):
    text: str


class ParseAnswer(_Answer):
    """An article's text."""

    parse: _Parsed


@dataclass
class WikiPage:
    """An article, or a title that has none; the fields come with one part of the answer each."""

    title: str
    page_id: int = 0
    url: str = ""
    language: str = ""
    revision: int = 0
    changed: datetime | None = None
    flaw: str = ""
    """Why there is no article, where there is none."""
    links: list[str] = field(default_factory=list)
    asked_as: list[str] = field(default_factory=list)
    """The titles that led to it."""

    def note(self, entry: PageEntry) -> None:
        """Add what one more part of an answer says of it."""
        self.page_id = entry.pageid or self.page_id
        self.url = entry.fullurl or self.url
        self.language = entry.pagelanguage or self.language
        self.links += [link.title for link in entry.links]
        for revision in entry.revisions:
            self.revision, self.changed = revision.revid, revision.timestamp
        if entry.invalid or entry.special:
            self.flaw = "no title of an article"
        elif entry.missing:
            self.flaw = "no such article"
