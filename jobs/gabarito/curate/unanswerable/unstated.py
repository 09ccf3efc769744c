"""What the documents say of some names and not of others of their kind.

"In which minute did Barcola score?" has no answer where only the minutes of other players are
told. Asking that is safe only under the conditions of ``Unstated``: facts are never complete.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from gabarito.core.records import Fact, Name
from gabarito.curate.unanswerable.document_index import DocumentIndex, stems
from gabarito.curate.unanswerable.mentions import words

_FEWEST = 3
"""A relation of fewer facts is no pattern."""

Matter = tuple[tuple[str, ...], tuple[str, ...]]


class Unstated:
    """Finds the names of which the documents do not say a relation that they say of others.

    A name qualifies if the relation has one answer for each subject and is told of fewer than
    half of the names of their kind; if no sentence holds the name together with a word of the
    relation; and if no fact about it has an answer of the same shape, which may be the same
    relation in other words.
    """

    def __init__(self, index: DocumentIndex) -> None:
        self._index = index
        self._shapes: dict[Name, set[str]] = defaultdict(set)
        self._groups: dict[Matter, list[Fact]] = defaultdict(list)
        for fact in index.facts:
            self._groups[_matter(fact)].append(fact)
            for name in index.subjects(fact).of:
                self._shapes[name].add(self._shape(fact.answer))
        self._names = {key: self._safe_names(group) for key, group in self._groups.items()}

    def names(self, fact: Fact) -> list[Name]:
        """Return the names of which a fact's relation is not said."""
        return self._names.get(_matter(fact), [])

    def _safe_names(self, group: Sequence[Fact]) -> list[Name]:
        about = [self._index.subjects(fact).of for fact in group]
        if len(group) < _FEWEST or any(len(names) != 1 for names in about):
            return []
        holders = Counter(names[0] for names in about)
        alike = [name for name in self._index.finder.names if name.kind == about[0][0].kind]
        is_one_kind = all(name.kind == about[0][0].kind for name in holders)
        if not is_one_kind or max(holders.values()) > 1 or 2 * len(holders) >= len(alike):
            return []
        relation = stems(group[0].relation)
        shapes = {self._shape(fact.answer) for fact in group}
        return [
            name
            for name in alike
            if name not in holders
            and not relation & self._index.said[name]
            and not shapes & self._shapes[name]
        ]

    def _shape(self, answer: str) -> str:
        """Return what an answer looks like: numbers masked, or the kind of name, or a text."""
        if re.search(r"\d", answer):
            return re.sub(r"\d+", "#", " ".join(words(answer)))
        found = self._index.finder.find(answer)
        return f"kind {found[0].name.kind}" if found else "text"


def _matter(fact: Fact) -> Matter:
    return words(fact.relation), words(fact.qualifier)
