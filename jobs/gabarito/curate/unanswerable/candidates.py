"""Near misses: periods and names that the documents do not mention.

A share of them is held back: refusal rows never name those, and questions about them tell at
the end whether refusing is a habit or a list learned by heart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Name, Rejection, digest_of
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.mentions import NameFinder, words
from gabarito.curate.unanswerable.periods import alike, period_key, periods


@dataclass(frozen=True)
class Values:
    """What may be put in the place of a fact's period or names.

    A period is changed to one that begins in ``firsts``, if all periods and years that then
    stand in the question are in ``keys``. ``names`` are the near misses of each kind.
    """

    firsts: Sequence[int]
    keys: frozenset[str]
    names: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Held:
    """What no refusal row may name."""

    keys: frozenset[str]
    names: NameFinder
    share: float
    seed: int

    def is_named(self, text: str) -> bool:
        """Tell whether a text names something that is held back."""
        return bool(self.names.find(text)) or any(p.key in self.keys for p in periods(text))

    def has_pair(self, relation: str, name: str) -> bool:
        """Tell whether asking this relation of this name is held back."""
        drawn = int(digest_of(str(self.seed), relation, name), 16) / 16**16
        return drawn < self.share


@dataclass(frozen=True)
class Supply:
    """The near misses: what refusal rows draw from, what the questions at the end draw from."""

    taught: Values
    unanswerable: Values
    held: Held


def unmentioned(names: Iterable[Name], texts: Iterable[str]) -> tuple[list[Name], list[Rejection]]:
    """Keep the near misses that stand in none of the documents' texts, each once."""
    near = {spelled: name for name in names if not name.known and (spelled := words(name.name))}
    finder = NameFinder(near.values())
    mentioned = {mention.name.name for text in texts for mention in finder.find(text)}
    dropped = [
        rejected(CurateReason.IN_DOCUMENTS, digest_of(one.kind, one.name), one.kind, one.name)
        for one in near.values()
        if one.name in mentioned
    ]
    return [name for name in near.values() if name.name not in mentioned], dropped


def hold_back(
    near: Sequence[Name],
    index: DocumentIndex,
    exam: Sequence[str],
    years: tuple[int, int],
    held_back: tuple[float, int],
) -> Supply:
    """Share the near misses out; what the exam's unanswerable questions name is held back too.

    ``held_back`` is the share, and the seed that draws it.
    """
    share, seed = held_back
    random = Random(f"{seed}:held back")
    within = range(years[0], years[1] + 1)
    firsts = [year for year in within if not _keys(year) & index.documented_keys]
    drawn = sorted(random.sample(firsts, ceil(share * len(firsts))))
    ours = frozenset(key for year in drawn for key in _keys(year))
    theirs = frozenset(key for text in exam for found in periods(text) for key in alike(found))
    keys = (ours | theirs) - index.own_keys
    held = _held_names(near, exam, share, random)
    spared = [name for name in near if name not in held]
    every = frozenset(key for year in within for key in _keys(year))
    taught = Values(within, every - keys, _by_kind(spared))
    return Supply(
        taught, Values(drawn, keys, _by_kind(held)), Held(keys, NameFinder(held), *held_back)
    )


def _keys(year: int) -> set[str]:
    return {period_key(year), str(year)}


def _held_names(
    near: Sequence[Name], exam: Sequence[str], share: float, random: Random
) -> list[Name]:
    finder = NameFinder(near)
    held = {mention.name.name for text in exam for mention in finder.find(text)}
    for names in _by_kind(near).values():
        held |= set(random.sample(sorted(names), ceil(share * len(names)) if len(names) > 3 else 0))
    return [name for name in near if name.name in held]


def _by_kind(names: Iterable[Name]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[name.kind].append(name.name)
    return groups
