"""What each passage and each fact yielded: the records that shards leave for the join."""

from typing import Literal

from gabarito.core.records import Fact, Question, Record, Rejection

Task = Literal["facts", "missed", "questions", "names"]
Status = Literal["good", "nothing", "cut", "useless"]


class Call(Record):
    """The fate of one request: what it was for, what it used, and what came of it.

    ``source`` tells whether the teacher was asked or an earlier reply was at hand; ``tries``
    counts what it took to get the reply; ``cost`` is in the currency of the prices.
    """

    task: Task
    item: str
    attempt: int
    source: Literal["teacher", "cache"]
    status: Status
    finish_reason: str
    tries: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    offered: int
    kept: int = 0


class FactYield(Record):
    """A fact, its questions, and how they came about."""

    fact: Fact
    questions: tuple[Question, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    calls: tuple[Call, ...] = ()


class PassageYield(Record):
    """The facts of a passage, and how they came about."""

    passage: str
    facts: tuple[FactYield, ...]
    rejections: tuple[Rejection, ...]
    calls: tuple[Call, ...]
