"""Which fact bears out each of the model's answers, and how often that is the right one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gabarito.core.proof_records import FactEntry
from gabarito.core.records import Record
from gabarito.evaluate.grading import Answer, Graded, Part
from gabarito.evaluate.statistics import Proportion, proportion
from gabarito.proof import FactTable

Parts: TypeAlias = Mapping[Part, Sequence[Graded]]

OF_FACTS: tuple[Part, ...] = ("test", "sentences")
"""Parts of which every question is known to ask for one fact."""

ANSWERED: tuple[Part, ...] = ("validation", *OF_FACTS, "free", "unanswerable", "controls", "tasks")
ELSEWHERE: tuple[Part, ...] = ("tasks", "retention")
"""Parts that are about anything else."""

KEPT = 0.99
BELOW = 2 / 3
"""The floor is at most this share of the nearness that so many right answers to validation
wordings have: other families may be farther. In the handbook, whose questions have few names, the
nearness itself keeps out 5 % of the test wordings, two thirds of it 1 %."""

SHUT_OUT = 0.95
"""So many of the questions about anything else are no nearer to any fact, if that can be had."""


class ProofScores(Record):
    """What the proofs are worth, each share by fact and of answers that were no refusals.

    ``right``: right answers whose proof is the fact that was asked for (test wordings).
    ``wrong``: wrong answers that no fact bears out (test and free wordings, unanswerable questions
    and controls). ``free``: right answers to free wordings that some fact bears out: which one was
    meant is not known. ``elsewhere``: answers to general tasks that no fact bears out.
    """

    facts: int
    floor: float
    right: Proportion | None = None
    wrong: Proportion | None = None
    free: Proportion | None = None
    elsewhere: Proportion | None = None


@dataclass(frozen=True)
class Proofs:
    """The id of the fact that bears out each answer of the model that has one."""

    facts: int
    floor: float
    found: Mapping[Answer, str]


def prove(entries: Sequence[FactEntry], model: Parts) -> Proofs:
    """Choose the floor, and look for the proof of each answer of the model."""
    table = FactTable(entries)
    floor = choose_floor(table, entries, model)
    table = table.with_floor(floor)
    found: dict[Answer, str] = {}
    for mark in (mark for part in ANSWERED for mark in model[part] if not mark.refused):
        proof = table.find(mark.item.text, mark.reply.text)
        if proof:
            found[mark.answer] = proof.fact
    return Proofs(len(entries), floor, found)


def choose_floor(table: FactTable, entries: Sequence[FactEntry], model: Parts) -> float:
    """Return how near a question must be to its fact, 0..1.

    It is so high that questions about anything else are near to no fact, and never higher than
    right answers to validation wordings can bear.
    """
    if not entries:
        return 0.0
    places = {entry.fact.id: at for at, entry in enumerate(entries)}
    taught = [
        float(table.nearness(mark.item.text)[places[mark.item.fact]])
        for mark in model["validation"]
        if mark.correct and mark.item.fact in places
    ]
    other = [
        float(table.nearness(mark.item.text).max()) for part in ELSEWHERE for mark in model[part]
    ]
    highest = BELOW * float(np.quantile(taught, 1 - KEPT)) if taught else 1.0
    wanted = float(np.quantile(other, SHUT_OUT)) if other else 0.0
    return round(min(highest, wanted), 4)


def proof_scores(proofs: Proofs, model: Parts) -> ProofScores:
    """Return the shares, those of which there is nothing to measure left out."""
    given = {part: [mark for mark in model[part] if not mark.refused] for part in ANSWERED}
    of_facts = [mark for part in OF_FACTS for mark in given[part]]
    asked = [*of_facts, *given["free"], *given["unanswerable"], *given["controls"]]
    found = proofs.found

    def is_unproved(mark: Graded) -> bool:
        return mark.answer not in found

    return ProofScores(
        facts=proofs.facts,
        floor=proofs.floor,
        right=proportion(
            (mark.item.cluster, found.get(mark.answer) == mark.item.fact)
            for mark in of_facts
            if mark.correct
        ),
        wrong=proportion(
            (mark.item.cluster, is_unproved(mark)) for mark in asked if not mark.correct
        ),
        free=proportion(
            (mark.item.cluster, not is_unproved(mark)) for mark in given["free"] if mark.correct
        ),
        elsewhere=proportion((mark.item.cluster, is_unproved(mark)) for mark in given["tasks"]),
    )
