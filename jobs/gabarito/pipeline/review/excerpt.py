"""Where a fact's quote stands in its document: the passage, with the quote apart."""

import re
from collections.abc import Sequence
from functools import lru_cache

from gabarito.core.records import Document, Fact, Record
from gabarito.generate.passages import Passage, passages_of

MAX_AROUND_CHARS = 4000
"""What is shown before and after the quote: a whole passage with the settings' default."""


class Excerpt(Record):
    """A passage in three pieces; ``quote`` is empty if its words do not stand there as they are."""

    headings: tuple[str, ...] = ()
    before: str = ""
    quote: str = ""
    after: str = ""


class Excerpts:
    """Finds the passage of each fact; of the documents that were asked for last it is kept."""

    def __init__(self, documents: dict[str, Document], max_chars: int) -> None:
        self._documents = documents
        self._max_chars = max_chars
        self._passages = lru_cache(maxsize=64)(self._cut)

    def of(self, fact: Fact) -> Excerpt:
        """Return the passage that holds the fact's quote."""
        words = fact.quote.split()
        if not words:
            return Excerpt()
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        for passage in self._passages(fact.document):
            if found := pattern.search(passage.text):
                return _around(passage, *found.span())
        return Excerpt()

    def _cut(self, document: str) -> Sequence[Passage]:
        found = self._documents.get(document)
        return tuple(passages_of(found, self._max_chars)) if found else ()


def _around(passage: Passage, begin: int, end: int) -> Excerpt:
    first = max(begin - MAX_AROUND_CHARS, 0)
    last = end + MAX_AROUND_CHARS
    text = passage.text
    return Excerpt(
        headings=passage.headings,
        before=f"{'…' if first else ''}{text[first:begin]}",
        quote=text[begin:end],
        after=f"{text[end:last]}{'…' if last < len(text) else ''}",
    )
