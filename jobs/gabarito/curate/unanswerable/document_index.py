"""What the documents say, as far as a near miss needs to know it to stay a miss."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gabarito.core.records import Document, Fact, Name
from gabarito.curate.unanswerable.mentions import NameFinder, words
from gabarito.curate.unanswerable.periods import alike, periods, years_of

_STEM = 5
"""Letters that the forms of one word share, for words of at least four."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

Place = tuple[str, object]
Meant = tuple[frozenset[int], str, frozenset[str]]
"""A period or year that is named: its years, its key, and the keys that may mean the same."""


@dataclass(frozen=True)
class Subjects:
    """The names that a fact is about, and the one that limits it; either may be missing."""

    of: tuple[Name, ...]
    qualifier: Name | None


@dataclass(frozen=True)
class Line:
    """A sentence, where it stands, and a fact that was read from it, if it is a fact's."""

    text: str
    document: str
    fact: Fact | None = None


class DocumentIndex:
    """What is said of whom, and which periods are spoken of together with what.

    ``documents`` may be left out: then only what became facts is known.
    """

    def __init__(
        self,
        facts: Sequence[Fact],
        names: Iterable[Name],
        timeless: Sequence[str],
        documents: Iterable[Document] = (),
    ) -> None:
        self.facts = facts
        self.finder = finder_of(names, facts)
        self.lines = [*_lines_of(facts), *_sentences(documents)]
        self._timeless = [set(words(term)) for term in timeless]
        self._subjects = {fact.id: self._read_subjects(fact) for fact in facts}
        self._meant: dict[Place, set[Meant]] = defaultdict(set)
        self.said: dict[Name, set[str]] = defaultdict(set)
        """Beginnings of the words in the sentences that hold a name."""
        for line in self.lines:
            self._index(line)

    def subjects(self, fact: Fact) -> Subjects:
        """Return the names that a fact is about."""
        return self._subjects[fact.id]

    def years(self, fact: Fact) -> frozenset[int]:
        """Return the years that limit a fact."""
        return years_of(_limit_of(fact))

    def is_timeless(self, fact: Fact) -> bool:
        """Tell whether a fact holds whatever period or qualifier is asked about."""
        relation = set(words(fact.relation))
        return any(term and term <= relation for term in self._timeless)

    def documented(self, fact: Fact) -> set[str]:
        """Return the periods and years for which the documents may answer this fact's questions.

        Those that are named in the same document, in a fact of the same relation, or in a
        sentence with the subject or a word of the relation; for a fact about nothing but what
        limits it (who won the cup?), all that are named. A year within the fact's own period
        means no other period.
        """
        names = self.subjects(fact).of
        places: list[Place] = [("document", fact.document), ("relation", words(fact.relation))]
        places += [("word", stem) for stem in stems(fact.relation)]
        places += [("name", name) for name in names] or [("any", None)]
        own = self.years(fact)
        meant = {entry for place in places for entry in self._meant.get(place, ())}
        return {key for entry in meant for key in _keys(entry, own)}

    @cached_property
    def documented_keys(self) -> frozenset[str]:
        """All periods and years that are named, and what else they may mean."""
        own = frozenset().union(*(self.years(fact) for fact in self.facts))
        return frozenset(key for entry in self._meant["any", None] for key in _keys(entry, own))

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The periods and years that limit facts, and what may mean the same."""
        limits = {_limit_of(fact) for fact in self.facts}
        return frozenset(
            key for text in limits for period in periods(text) for key in alike(period)
        )

    @cached_property
    def texts(self) -> list[str]:
        """Every sentence."""
        return [line.text for line in self.lines]

    @cached_property
    def known(self) -> dict[str, list[str]]:
        """Names in the documents by kind."""
        groups: dict[str, list[str]] = defaultdict(list)
        for name in self.finder.names:
            groups[name.kind].append(name.name)
        return groups

    def _read_subjects(self, fact: Fact) -> Subjects:
        limits = [mention.name for mention in self.finder.find(fact.qualifier)]
        about = [mention.name for mention in self.finder.find(fact.subject)]
        of = tuple(dict.fromkeys(name for name in about if name not in limits))
        limit = limits[0] if limits else None
        if limit is None and about and years_of(fact.subject):
            limit, of = about[0], of[1:]
        return Subjects(of, limit)

    def _index(self, line: Line) -> None:
        stemmed = stems(line.text)
        names = {mention.name for mention in self.finder.find(line.text)}
        for name in names:
            self.said[name] |= stemmed
        own = self.years(line.fact) if line.fact else frozenset[int]()
        meant = {
            (period.years, period.key, frozenset() if period.years <= own else alike(period))
            for period in periods(line.text)
        }
        if meant:
            places: list[Place] = [("any", None), ("document", line.document)]
            places += [("word", stem) for stem in stemmed] + [("name", name) for name in names]
            places += [("relation", words(line.fact.relation))] if line.fact else []
            for place in places:
                self._meant[place] |= meant


def _limit_of(fact: Fact) -> str:
    """Return the text in which the years of a fact stand.

    That is its qualifier, or else its subject; a person's pair has its question alone.
    """
    if fact.given:
        return fact.relation
    return fact.qualifier if years_of(fact.qualifier) else fact.subject


def finder_of(names: Iterable[Name], facts: Iterable[Fact]) -> NameFinder:
    """Return a finder of all names in the documents, subjects without a name record included."""
    known = [name for name in names if name.known and words(name.name)]
    finder = NameFinder(known)
    missing = {
        words(fact.subject): Name(kind=fact.kind, name=fact.subject, known=True)
        for fact in facts
        if words(fact.subject) and not finder.find(fact.subject)
    }
    return NameFinder([*known, *missing.values()]) if missing else finder


def stems(text: str) -> set[str]:
    """Return the beginnings of the words of a text that carry its meaning."""
    return {word[:_STEM] for word in words(text) if len(word) >= _STEM - 1}


def _lines_of(facts: Iterable[Fact]) -> Iterator[Line]:
    for fact in facts:
        about = f"{fact.relation}, {fact.subject}, {fact.qualifier}"
        for said in (fact.statement, fact.quote, fact.answer):
            yield Line(f"{about}: {said}", fact.document, fact)


def _sentences(documents: Iterable[Document]) -> Iterator[Line]:
    for document in documents:
        for text in _SENTENCE.split(f"{document.title}\n{document.text}"):
            yield Line(text, document.id)


def _keys(entry: Meant, own: frozenset[int]) -> frozenset[str]:
    years, key, others = entry
    return frozenset((key,)) if years <= own else others | {key}
