"""What a model can no longer do of what its base could: general tasks, graded by their answers."""

from collections.abc import Sequence

from gabarito.core.records import Record
from gabarito.evaluate.grading import Graded
from gabarito.evaluate.scores import grouped
from gabarito.evaluate.statistics import (
    Bootstrap,
    Difference,
    Interval,
    Proportion,
    compare,
    proportion,
)

LEAST_SOLVED = 20
"""A base that solves fewer tasks has too little to lose: one more or less is over 5 % of it."""


class Lost(Record):
    """Which share of what the base solves the model has lost, below 0 if it has gained.

    The interval is that of the difference between the two, as a share of what the base solves.
    """

    share: float
    interval: Interval


class GroupOfTasks(Record):
    """How many tasks of one group each system solved."""

    group: str
    base: Proportion
    model: Proportion


class TaskScores(Record):
    """How many tasks were solved before and after training, and how many are refused.

    ``gained`` is the model's share minus that of the base; ``lost`` is absent where the base
    solves too few tasks for a loss to be seen.
    """

    base: Proportion
    model: Proportion
    gained: Difference
    lost: Lost | None = None
    refused_by_base: Proportion
    refused_by_model: Proportion
    groups: tuple[GroupOfTasks, ...]


def task_scores(
    base: Sequence[Graded], model: Sequence[Graded], bootstrap: Bootstrap
) -> TaskScores | None:
    """Compare two systems on the same tasks; None without any."""
    before, after = _solved(base), _solved(model)
    refused = [proportion((one.item.cluster, one.refused) for one in got) for got in (base, model)]
    if not (before and after and refused[0] and refused[1]):
        return None
    pairs = zip(model, base, strict=True)
    gained = compare([(a.item.cluster, a.correct, b.correct) for a, b in pairs], bootstrap)
    return TaskScores(
        base=before,
        model=after,
        gained=gained,
        lost=_lost(before, after, gained),
        refused_by_base=refused[0],
        refused_by_model=refused[1],
        groups=tuple(_groups(base, model)),
    )


def _lost(before: Proportion, after: Proportion, gained: Difference) -> Lost | None:
    if before.hits < LEAST_SOLVED:
        return None
    low, high = (0.0 - bound / before.share for bound in reversed(gained.interval))
    return Lost(share=(before.hits - after.hits) / before.hits, interval=(low, high))


def _groups(base: Sequence[Graded], model: Sequence[Graded]) -> list[GroupOfTasks]:
    before, after = (grouped(marks, lambda mark: mark.item.group) for marks in (base, model))
    return [
        GroupOfTasks(group=group, base=first, model=second)
        for group, marks in after.items()
        if (first := _solved(before[group])) and (second := _solved(marks))
    ]


def _solved(marks: Sequence[Graded]) -> Proportion | None:
    return proportion(mark.outcome for mark in marks)
