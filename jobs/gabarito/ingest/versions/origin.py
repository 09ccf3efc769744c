"""What is known of a document beside its text when it is asked which version is newer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Origin:
    """Where a text comes from; ``name`` is its source file's, or its address."""

    name: str
    structure: int = 0
    """How much of the document's form was read: its headings, items, tables, code and notes."""
    date: str = ""
    """When it was last changed, by the document's own properties (ISO 8601)."""
    place: int = 0
    """The place of its source in the settings: what comes first is preferred."""
    modified: datetime | None = None
    page: str = ""
    """The address that a page of the web gives as its own: there are others that lead to it."""

    def is_same_page(self, other: "Origin") -> bool:
        """Tell whether both give the same address of the web as their own."""
        return bool(self.page) and self.page == other.page

    def leads_to_or_from(self, other: "Origin") -> bool:
        """Tell whether one of two is found at the address that both give as their own.

        They are one page then, which may be written anew while it is read. Where neither is found
        there, the address may be a mistake in the site's pattern for all its pages.
        """
        return self.is_same_page(other) and self.page in (self.name, other.name)
