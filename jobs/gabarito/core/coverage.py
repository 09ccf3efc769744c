"""Coverage: which share of the documents a set of facts stands for.

A model that knows all facts of a few sentences looks as good as one that knows the documents:
coverage stands beside every figure that is about facts.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gabarito.core.forms import comparable
from gabarito.core.language_names import UNDETERMINED, is_same_language
from gabarito.core.records import Document, Fact, PassageText, Record

MOST_MISSING = 20
"""Figures and names of a document that are listed; all are counted."""

_SENTENCE = re.compile(r"\S(?:[^\n.!?…]|[.!?…](?!\s))*[.!?…]*")
_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")
_CAPITALS = "".join(filter(str.isupper, map(chr, range(0x2000))))
"""Of all scripts that have any: in others no word is known for a name."""

_CAPITALISED = rf"[{_CAPITALS}]\w{{2,}}(?:[-'’]\w+)*"
_NAME = re.compile(rf"(?<=[\w,;:)] ){_CAPITALISED}(?: {_CAPITALISED})*")
"""Capitalised words within a sentence, where a capital is no opening."""

_GROUPING = re.compile(r"[.,](?=\d{3}(?!\d))")
_WORDS = re.compile(r"[^\W_]+")

_PIECES = re.compile(r"\s*(?:…|\.\.\.|\n)\s*")
_LEAST_PIECE_CHARS = 3


class Part(Record):
    """How many of ``total`` there are."""

    count: int
    total: int

    @property
    def share(self) -> float:
        """In 0..1; of nothing, 1: nothing is missing."""
        return self.count / self.total if self.total else 1.0


class DocumentCoverage(Record):
    """What the facts say of one document.

    ``sentences`` are those whose words support a fact (rows of tables count as sentences),
    ``figures`` and ``names`` those that occur in a fact, whatever their separators, case and
    accents; ``missing`` are the first that do not.
    """

    document: str
    title: str
    facts: int
    sentences: Part
    figures: Part
    names: Part
    missing: tuple[str, ...]


class Coverage(Record):
    """What the facts say of all documents, those that they say least of first."""

    documents: Part
    passages: Part
    """As the teacher was shown them: those that hold a fact."""
    sentences: Part
    figures: Part
    names: Part
    by_document: tuple[DocumentCoverage, ...]


def coverage_of(
    documents: Iterable[Document],
    facts: Iterable[Fact],
    language: str | None = None,
    passages: Iterable[PassageText] = (),
) -> Coverage:
    """Return the share of the documents that these facts stand for.

    ``language`` is that of the questions, if one was asked for: facts of a document in another
    language spell its names in their own way.

    Work is linear in the text of a document for each fact of it.
    """
    about: dict[str, list[Fact]] = {}
    known: set[str] = set()
    for fact in facts:
        about.setdefault(fact.document, []).append(fact)
        known.add(fact.id)
    shown = [not known.isdisjoint(passage.facts) for passage in passages]
    found = [_document_coverage(one, about.get(one.id, []), language) for one in documents]
    found.sort(key=lambda one: (one.sentences.share, -one.sentences.total))
    return Coverage(
        documents=Part(count=sum(one.facts > 0 for one in found), total=len(found)),
        passages=Part(count=sum(shown), total=len(shown)),
        sentences=_sum(one.sentences for one in found),
        figures=_sum(one.figures for one in found),
        names=_sum(one.names for one in found),
        by_document=tuple(found),
    )


def figures_in(text: str) -> dict[str, str]:
    """Return the figures of a text as they are written first, by a form for all languages."""
    figures: dict[str, str] = {}
    for written in _NUMBER.findall(text):
        figures.setdefault(_figure(written), written)
    return figures


def figures_not_in(figures: Mapping[str, str], text: str) -> list[str]:
    """Return the figures that do not stand in a text, as they are written."""
    stated = set(map(_figure, _NUMBER.findall(text)))
    return [written for figure, written in figures.items() if figure not in stated]


def names_in(text: str) -> list[str]:
    """Return the names of a text, each once: capitalised words within sentences."""
    return list(dict.fromkeys(_NAME.findall(text)))


def names_not_in(names: Iterable[str], text: str) -> list[str]:
    """Return the names that do not stand in a text, whatever their case and accents."""
    named = f" {_plain(text)}"
    return [name for name in names if f" {_plain(name)}" not in named]


def _document_coverage(
    document: Document, facts: Sequence[Fact], language: str | None
) -> DocumentCoverage:
    text = document.text
    places = [
        match.span()
        for match in _SENTENCE.finditer(text)
        if not match[0].startswith("#") and any(char.isalnum() for char in match[0])
    ]
    covered = {at for fact in facts for at in _supporting(fact.quote, text, places)}
    is_translated = language is not None and not (
        document.language == UNDETERMINED or is_same_language(document.language, language)
    )
    said = "\n".join(text for fact in facts for text in _said(fact, is_translated))
    figures, names = figures_in(text), names_in(text)
    unstated = figures_not_in(figures, said)
    unnamed = names_not_in(names, said)
    return DocumentCoverage(
        document=document.id,
        title=document.title,
        facts=len(facts),
        sentences=Part(count=len(covered), total=len(places)),
        figures=Part(count=len(figures) - len(unstated), total=len(figures)),
        names=Part(count=len(names) - len(unnamed), total=len(names)),
        missing=(*unstated[:MOST_MISSING], *unnamed[:MOST_MISSING])[:MOST_MISSING],
    )


def _said(fact: Fact, is_translated: bool) -> Iterator[str]:
    yield from (fact.statement, fact.subject, fact.qualifier, fact.answer, *fact.aliases)
    if is_translated:
        yield from _named_otherwise(fact)


def _named_otherwise(fact: Fact) -> Iterator[str]:
    """Yield the names of a quote that its fact, in another language, spells in its own way.

    They are taken for said if the fact has as many names that are not in the quote: which of
    them is which is not known.
    """
    said = f" {_plain(' '.join(_said(fact, is_translated=False)))}"
    of_quote = [name for name in _NAME.findall(fact.quote) if f" {_plain(name)}" not in said]
    known = set(_plain(f"{fact.quote} {fact.answer}").split())
    names = _NAME.findall(f"x {fact.subject}\n{fact.statement}\n{fact.qualifier}")
    others = {words for name in names if known.isdisjoint((words := _plain(name)).split())}
    if len(others) >= len(set(of_quote)):
        yield from of_quote


def _figure(written: str) -> str:
    """Return a figure in a form for all languages: ``1.200`` and ``1,200`` are one."""
    return _GROUPING.sub("", comparable(written).text).replace(",", ".")


def _plain(text: str) -> str:
    """Return the words of a text without case and accents, a space apart."""
    parts = unicodedata.normalize("NFKD", comparable(text).text)
    letters = "".join(char for char in parts if not unicodedata.combining(char))
    return " ".join(_WORDS.findall(letters))


def _supporting(quote: str, text: str, places: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the sentences in which the words of a quote stand, for the first time each."""
    starts = [start for start, _ in places]
    for piece in _PIECES.split(quote):
        words = [re.escape(word) for word in piece.split()]
        if sum(map(len, words)) < _LEAST_PIECE_CHARS:
            continue
        found = re.search(r"\s+".join(words), text)
        if found is None:
            continue
        first = max(bisect_right(starts, found.start()) - 1, 0)
        for at in range(first, len(places)):
            if places[at][0] >= found.end():
                break
            if places[at][1] > found.start():
                yield at


def _sum(parts: Iterable[Part]) -> Part:
    listed = list(parts)
    return Part(count=sum(one.count for one in listed), total=sum(one.total for one in listed))
