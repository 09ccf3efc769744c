"""Questions that look like trained ones and have no answer in the documents.

Each is a question with one thing changed: its period, its qualifier, its subject, or, where
that is safe, a known subject of which the documents do not say this.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from gabarito.core.records import Fact, Name
from gabarito.curate.unanswerable.candidates import Values
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.mentions import Mention, fold
from gabarito.curate.unanswerable.periods import Period, moved, own_periods
from gabarito.curate.unanswerable.portuguese import Agreement
from gabarito.curate.unanswerable.unstated import Unstated
from gabarito.curate.wordings import Wording, by_fact

Kind = Literal["period", "qualifier", "subject", "relation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NEAR_SHARE, LOOKALIKE_SHARE = 0.25, 0.25
"""Shares of the periods that are drawn near by, and ones that differ in a single digit.

A model takes both for the period that it learned (2024/25 for 2025/26, 2044/45 for 2024/25).
"""
NEAR_YEARS = 3
BARREN_ROUNDS = 3
"""After so many rounds over all facts without a new question there is none left."""


@dataclass(frozen=True)
class Perturbed:
    """A question without an answer, and what was changed to make it one."""

    kind: Kind
    text: str
    base: Wording


@dataclass(frozen=True)
class Source:
    """Where a new period, name or pair of subject and relation is drawn from."""

    values: Values
    name: Callable[[str, Random], str | None]
    has_pair: Callable[[str, str], bool]


class Perturber:
    """Makes one perturbed question from one wording, or None where that cannot be done safely."""

    def __init__(self, index: DocumentIndex, articles: Agreement, source: Source) -> None:
        self._index = index
        self._unstated = Unstated(index)
        self._others: dict[tuple[str, str], list[str]] = {}
        self._articles = articles
        self._source = source
        self._makers: dict[Kind, Callable[[Wording, Random], str | None]] = {
            "period": self._other_period,
            "qualifier": self._other_qualifier,
            "subject": self._other_subject,
            "relation": self._other_relation,
        }

    def make(self, kind: Kind, wording: Wording, random: Random) -> str | None:
        """Return the question with one thing changed."""
        return self._makers[kind](wording, random)

    def _other_period(self, wording: Wording, random: Random) -> str | None:
        text, own = wording.question.text, self._index.years(wording.fact)
        found = own_periods(text, own)
        if not found or self._index.is_timeless(wording.fact):
            return None
        by = self._drawn_years(min(own), random)
        if not by or not self._is_sound(found, by, wording):
            return None
        return moved(text, found, by)

    def _drawn_years(self, first: int, random: Random) -> int:
        spans = [year - first for year in self._source.values.firsts if year != first]
        chance = random.random()
        if chance < NEAR_SHARE:
            spans = [by for by in spans if abs(by) <= NEAR_YEARS] or spans
        elif chance < NEAR_SHARE + LOOKALIKE_SHARE:
            spans = [by for by in spans if by % 10 == 0] or spans
        return random.choice(spans) if spans else 0

    def _is_sound(self, found: list[Period], by: int, wording: Wording) -> bool:
        """Tell whether the documents do not answer for the periods and years that result."""
        there = [period.at(by) for period in found]
        keys = {period.key for period in there}
        own = self._index.years(wording.fact)
        is_own = any(not period.end_digits and period.first in own for period in there)
        documented = self._index.documented(wording.fact)
        return not is_own and keys <= self._source.values.keys and not keys & documented

    def _other_qualifier(self, wording: Wording, random: Random) -> str | None:
        name = self._index.subjects(wording.fact).qualifier
        if name is None or self._index.is_timeless(wording.fact):
            return None
        return self._renamed(wording, name, random)

    def _other_subject(self, wording: Wording, random: Random) -> str | None:
        names = self._index.subjects(wording.fact).of
        if not names:
            return None
        return self._renamed(wording, random.choice(names), random)

    def _other_relation(self, wording: Wording, random: Random) -> str | None:
        fact = wording.fact
        others = self._unstated_names(fact)
        if not others:
            return None
        (name,) = self._index.subjects(fact).of
        return self._with_name(wording, name, random.choice(others))

    def _unstated_names(self, fact: Fact) -> list[str]:
        matter = fact.relation, fact.qualifier
        if matter not in self._others:
            self._others[matter] = [
                name.name
                for name in self._unstated.names(fact)
                if self._source.has_pair(fact.relation, name.name)
            ]
        return self._others[matter]

    def _renamed(self, wording: Wording, name: Name, random: Random) -> str | None:
        new = self._source.name(name.kind, random)
        return self._with_name(wording, name, new) if new else None

    def _with_name(self, wording: Wording, name: Name, new: str) -> str | None:
        text = wording.question.text
        found = self._index.finder.find_one(text, name)
        for mention in reversed(found):
            before = self._articles.agree(text[: mention.start], name, new)
            text = before + _in_style(new, wording.question.text, mention) + text[mention.end :]
        return text if found else None


def draw(
    perturber: Perturber,
    wordings: Sequence[Wording],
    quotas: Mapping[Kind, int],
    claim: Callable[[str], bool],
    seed: str,
) -> list[Perturbed]:
    """Draw so many questions of each kind, spread over the facts, if ``claim`` grants them."""
    groups = list(by_fact(wordings).values())
    drawn: list[Perturbed] = []
    for kind, quota in quotas.items():
        random = Random(f"{seed}:{kind}")
        drawn += _draw_kind(perturber, kind, groups, quota, claim, random)
    return drawn


def quotas(
    perturber: Perturber, wordings: Sequence[Wording], shares: Mapping[Kind, float], count: int
) -> dict[Kind, int]:
    """Share a number of rows out among the kinds of perturbation that these wordings allow."""
    random = Random(0)
    possible = [
        kind
        for kind in KINDS
        if shares[kind] and any(perturber.make(kind, wording, random) for wording in wordings)
    ]
    whole = sum(shares[kind] for kind in possible)
    return {kind: round(count * shares[kind] / whole) for kind in possible}


def _draw_kind(  # noqa: PLR0913  # the state of one loop
    perturber: Perturber,
    kind: Kind,
    groups: list[list[Wording]],
    quota: int,
    claim: Callable[[str], bool],
    random: Random,
) -> list[Perturbed]:
    drawn: list[Perturbed] = []
    barren = 0
    while len(drawn) < quota and barren < BARREN_ROUNDS:
        before = len(drawn)
        for group in random.sample(groups, len(groups)):
            base = random.choice(group)
            text = perturber.make(kind, base, random)
            if text and len(drawn) < quota and claim(text):
                drawn.append(Perturbed(kind, text, base))
        barren = 0 if len(drawn) > before else barren + 1
    return drawn


def _in_style(new: str, question: str, mention: Mention) -> str:
    """Spell a name as the question it goes into is spelled."""
    if question == fold(question):
        return fold(new)
    old = question[mention.start : mention.end]
    return new.lower() if old == old.lower() else new
