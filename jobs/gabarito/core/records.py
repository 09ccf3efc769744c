"""The records that pass between stages: frozen, closed, one JSON object a line."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gabarito.core.errors import DataError
from gabarito.core.mistakes import sentence_of

QuestionKind = Literal["question", "statement", "reverse", "replay", "refusal"]
Split = Literal["train", "validation", "test", "free", "unanswerable", "retention"]


def digest_of(*parts: str) -> str:
    """Return 16 hexadecimal digits that name these texts, the same in every run."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Record):
    """One text that a source held, named by its content."""

    id: str
    source: str
    url: str
    title: str
    language: str
    text: str
    fetched_at: datetime
    digest: str

    @classmethod
    def of(cls, *, text: str, **fields: object) -> Self:
        """Make a document whose id and digest come from ``text``."""
        whole = hashlib.sha256(text.encode()).hexdigest()
        return cls.model_validate({"id": whole[:16], "digest": whole, "text": text, **fields})


class Fact(Record):
    """One atomic statement of a document, with the words that support it."""

    id: str
    document: str
    quote: str
    statement: str
    subject: str
    relation: str
    answer: str
    aliases: tuple[str, ...] = ()
    qualifier: str = ""
    kind: str = ""

    @classmethod
    def of(cls, **fields: object) -> Self:
        """Make a fact named by its subject, relation, qualifier and answer."""
        named = (str(fields.get(key, "")) for key in ("subject", "relation", "qualifier", "answer"))
        name = digest_of(*(" ".join(part.split()).casefold() for part in named))
        return cls.model_validate({"id": name, **fields})


class Question(Record):
    """One wording of one fact, or a statement of it."""

    id: str
    fact: str
    family: str
    text: str
    answer: str
    kind: QuestionKind

    @classmethod
    def of(cls, *, fact: str, family: str, text: str, answer: str, kind: QuestionKind) -> Self:
        """Make a question named by its fact, family and text."""
        name = digest_of(fact, family, text)
        return cls(id=name, fact=fact, family=family, text=text, answer=answer, kind=kind)


class Name(Record):
    """A name of some kind: one in the documents with its spellings, or a near miss.

    Near misses (``known`` is false) are names of the same kind that the documents do not
    mention: questions about them have no answer.
    """

    kind: str
    name: str
    also: tuple[str, ...] = ()
    known: bool


class Message(Record):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Example(Record):
    """One row of a dataset; the last message is what is learned or expected.

    ``fact`` is empty for rows about no fact (replay, refusals); ``question`` is the id of
    the question; ``family`` its wording family, or the group of an unanswerable question.
    ``aliases`` are other answers that count as right.
    """

    messages: tuple[Message, ...]
    question: str
    fact: str
    family: str
    split: Split
    aliases: tuple[str, ...] = ()


class Verdict(Record):
    """What one system answered to one question; ``probability`` is in 0..1."""

    question: str
    system: str
    answer: str
    correct: bool
    probability: float


class Rejection(Record):
    """The fate of one item that was dropped."""

    stage: str
    item: str
    reason: str
    detail: str = ""
    raw: str = ""


R = TypeVar("R", bound=BaseModel)


def to_jsonl(records: Iterable[BaseModel]) -> Iterator[str]:
    """Yield one line of JSON for each record, without the line's end."""
    return (record.model_dump_json() for record in records)


def read_jsonl(lines: Iterable[str], model: type[R], name: str) -> Iterator[R]:
    """Yield the record of each line that is not blank.

    Raises:
        DataError: if a line is not such a record; the message names ``name`` and the line.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(line, model, f"{name}:{number}")


def _read_line(line: str, model: type[R], where: str) -> R:
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{where}: not a {model.__name__}: {field or 'line'}: {sentence_of(first)}"
        ) from error


class Overlap(Record):
    """How close a held-out question is to the nearest trained wording of its fact, 0..1."""

    question: str
    similarity: float
    words: float


MOST_ITEMS = 2**53
"""Largest count that is believed: a larger one is no float, and no pace follows from it."""


class Progress(Record):
    """How far an attempt is: ``progress.json``; further fields are figures of the stage's own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    attempt: str
    what: str
    done: int = Field(ge=0, le=MOST_ITEMS)
    total: int = Field(ge=0, le=MOST_ITEMS)
    seconds: float = Field(allow_inf_nan=False)

    @property
    def figures(self) -> dict[str, float]:
        """The stage's own figures by name."""
        return self.__pydantic_extra__
