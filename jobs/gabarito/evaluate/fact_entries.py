"""The facts of a model with the documents that they stand in and the questions that were trained.

facts, documents, training rows  ->  what a served model proves its answers with
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from gabarito.core.forms import comparable
from gabarito.core.proof_records import FactEntry, TrainedQuestion
from gabarito.core.records import Document, Example, Fact

_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*?)[ \t]*#*$", re.MULTILINE)
_GAP = re.compile(r"\s*(?:…|\.{3}|\n)\s*")
"""Where a quote leaves something out."""

BETWEEN_HEADINGS = " › "


def fact_entries(
    facts: Iterable[Fact], documents: Iterable[Document], trained: Iterable[Example]
) -> Iterator[FactEntry]:
    """Yield each fact with where it stands and how it is asked for in training."""
    read = {document.id: document for document in documents}
    asked = _asked(trained)
    for fact in sorted(facts, key=lambda fact: fact.document):  # each document is compared once
        document = read.get(fact.document)
        yield FactEntry(
            fact=fact,
            title=document.title if document else "",
            source=document.source if document else "",
            url=document.url if document else "",
            section=section_of(fact.quote, document) if document else "",
            asked=tuple(
                TrainedQuestion(text=text, answer=answer) for text, answer in asked[fact.id].items()
            ),
        )


def section_of(quote: str, document: Document) -> str:
    """Return the headings above a quote, the outermost first, without the document's title."""
    place = _place_of(quote, document.text)
    if place is None:
        return ""
    above: dict[int, str] = {}
    for heading in _HEADING.finditer(document.text):
        if heading.start() > place:
            break
        level = len(heading[1])
        above = {at: text for at, text in above.items() if at < level} | {level: heading[2]}
    return BETWEEN_HEADINGS.join(text for text in above.values() if text != document.title)


def _place_of(quote: str, text: str) -> int | None:
    """Return where the first part of a quote begins that stands in a text."""
    whole = comparable(text)
    for part in (quote, *_GAP.split(quote)):
        wanted = comparable(part).text.strip()
        at = whole.text.find(wanted) if wanted else -1
        if at >= 0:
            return whole.places[at]
    return None


def _asked(trained: Iterable[Example]) -> Mapping[str, dict[str, str]]:
    """Return the questions of each fact, each with its answer if that is not the fact's."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in trained:
        if row.kind in ("question", "reverse") and not row.in_conversation:
            question = next(turn for turn in reversed(row.messages) if turn.role == "user")
            answer = row.messages[-1].content if row.kind == "reverse" else ""
            found[row.fact].setdefault(question.content, answer)
    return found
