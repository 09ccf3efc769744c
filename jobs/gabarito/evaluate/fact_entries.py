"""The facts of a model with the documents that they stand in and the questions that were trained.

facts, documents, training rows  ->  what a served model proves its answers with
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from gabarito.core.forms import comparable
from gabarito.core.markdown_blocks import Outline
from gabarito.core.proof_records import FactEntry, TrainedQuestion
from gabarito.core.records import Document, Example, Fact

_GAP = re.compile(r"\s*(?:…|\.{3}|\n)\s*")
"""Where a quote leaves something out."""

_SENTENCE_END = re.compile(r"[.!?…؟۔।][\"'”’)\]]*\s+|[。！？][」』”’）]*\s*|\n")

AROUND_CHARS = 240
"""At most so much is kept before a quote and after it: a sentence or two."""

BETWEEN_HEADINGS = " › "


def fact_entries(
    facts: Iterable[Fact], documents: Iterable[Document], trained: Iterable[Example]
) -> Iterator[FactEntry]:
    """Yield each fact with where it stands and how it is asked for in training."""
    read = {document.id: document for document in documents}
    asked = _asked(trained)
    for fact in sorted(facts, key=lambda fact: fact.document):  # each document is compared once
        document = read.get(fact.document)
        before, after = around(fact.quote, document) if document else ("", "")
        yield FactEntry(
            fact=fact,
            title=document.title if document else "",
            source=document.source if document else "",
            url=document.url if document else "",
            section=section_of(fact.quote, document) if document else "",
            before=before,
            after=after,
            asked=tuple(asked[fact.id].values()),
        )


def section_of(quote: str, document: Document) -> str:
    """Return the headings above a quote, the outermost first, without the document's title."""
    place = _place_of(quote, document.text)
    if place is None:
        return ""
    headings = _outline(document.text).headings_at(place)
    return BETWEEN_HEADINGS.join(text for text in headings if text != document.title)


def around(quote: str, document: Document) -> tuple[str, str]:
    """Return what stands before and after a quote, in whole sentences where that can be had.

    Nothing of a quote that leaves something out, and of one in a heading or a table: these are no
    part of what a sentence is said among.
    """
    span = _span_of(quote, document.text)
    prose = _outline(document.text).prose_around(span[0]) if span else None
    if span is None or prose is None:
        return "", ""
    text, (begin, end) = document.text, span
    return _above(text[prose[0] : begin]), _below(text[end : max(end, prose[1])])


@lru_cache(maxsize=1)
def _outline(text: str) -> Outline:
    """Return the outline of a text: facts come document by document."""
    return Outline(text)


def _above(text: str) -> str:
    """Return the end of a text."""
    kept = text[-AROUND_CHARS:]
    if len(text) <= AROUND_CHARS:
        return kept.lstrip()
    ends = _SENTENCE_END.search(kept.rstrip())
    return kept[ends.end() :].lstrip() if ends else f"…{kept}"


def _below(text: str) -> str:
    """Return the beginning of a text."""
    kept = text[: AROUND_CHARS + 1]
    if len(text) <= AROUND_CHARS:
        return kept.rstrip()
    ends = [end.end() for end in _SENTENCE_END.finditer(kept)]
    return kept[: ends[-1]].rstrip() if ends else f"{kept[:AROUND_CHARS]}…"


def _place_of(quote: str, text: str) -> int | None:
    """Return where the first part of a quote begins that stands in a text."""
    spans = (_span_of(part, text) for part in (quote, *_GAP.split(quote)))
    return next((span[0] for span in spans if span), None)


def _span_of(quote: str, text: str) -> tuple[int, int] | None:
    """Return where a quote stands in a text: as it is written, or else in other signs."""
    plain = quote.strip()
    at = text.find(plain) if plain else -1
    if at >= 0:
        return at, at + len(plain)
    whole, wanted = comparable(text), comparable(plain)
    found = wanted.text.strip()
    at = whole.text.find(found) if found else -1
    return _with_marks(plain, text, whole.span(at, at + len(found))) if at >= 0 else None


def _with_marks(quote: str, text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Return a span with the signs at a quote's edges that are not compared, such as ``* ``.

    They are shown with the quote, and would stand beside it once more.
    """
    (begin, end), kept = span, comparable(quote).places
    lead, trail = quote[: kept[0]], quote[kept[-1] + 1 :]
    if text.endswith(lead, 0, begin):
        begin -= len(lead)
    if text.startswith(trail, end):
        end += len(trail)
    return begin, end


def _asked(trained: Iterable[Example]) -> Mapping[str, dict[str, TrainedQuestion]]:
    """Return the questions of each fact by their texts, with an answer if it is not the fact's."""
    found: dict[str, dict[str, TrainedQuestion]] = defaultdict(dict)
    for row in trained:
        if row.kind in ("question", "reverse") and not row.in_conversation:
            text = next(turn.content for turn in reversed(row.messages) if turn.role == "user")
            answer = row.messages[-1].content if row.kind == "reverse" else ""
            asked = TrainedQuestion(text=text, answer=answer, style=row.style)
            found[row.fact].setdefault(text, asked)
    return found
