"""General tasks with known answers, which are never trained: they tell what was forgotten."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, model_validator

from gabarito.answer_match import is_within, normalise
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Record, Rejection, digest_of


class GeneralTask(Record):
    """A line of the file of tasks.

    Where one may also answer by saying everything that the question names, ``competing`` are the
    answers that are wrong.
    """

    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    competing: tuple[str, ...] = ()
    group: str = ""

    @model_validator(mode="after")
    def _refuse_what_nobody_can_solve(self) -> Self:
        for other in self.competing:
            for right in (self.answer, *self.aliases):
                if is_within(right, other):
                    raise ValueError(
                        f"competing answer {other!r} stands in the right one {right!r}"
                    )
        return self


def keep_unasked(
    tasks: Iterable[GeneralTask], taken: set[str]
) -> tuple[list[GeneralTask], list[Rejection]]:
    """Return the tasks that the dataset does not ask anyway, each once, and the rejected."""
    kept: dict[str, GeneralTask] = {}
    dropped: list[Rejection] = []
    for task in tasks:
        key = normalise(task.question)
        if key in kept:
            reason = CurateReason.SAME_TASK
        elif key in taken:
            reason = CurateReason.ASKED_TASK
        else:
            kept[key] = task
            continue
        dropped.append(rejected(reason, digest_of("task", task.question), raw=task.question))
    return list(kept.values()), dropped
