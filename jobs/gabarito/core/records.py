"""The records that pass between stages: frozen, closed, one JSON object a line."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gabarito.core.errors import DataError
from gabarito.core.mistakes import first_mistake

QuestionKind = Literal["question", "statement", "reverse"]
ExampleKind = Literal[
    "question",
    "reverse",
    "statement",
    "document",
    "refusal",
    "replay",
    "free",
    "unanswerable",
    "retention",
    "task",
]
AnswerStyle = Literal["short", "sentence"]
ExamPart = Literal[
    "validation", "test", "sentences", "free", "unanswerable", "retention", "tasks", "controls"
]
"""What is asked and not trained: a dataset has a file of each."""

Split = Literal["train", ExamPart]

Judgement = Literal["correct", "incorrect", "not attempted"]
"""What a judge says of an answer."""


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


class PassageText(Record):
    """A passage as a teacher was shown it, and the ids of the facts that it holds."""

    id: str
    document: str
    text: str
    facts: tuple[str, ...] = ()


class Rewrite(Record):
    """What a passage says, told anew by a teacher in some format, paragraph by paragraph."""

    id: str
    passage: str
    document: str
    format: str
    paragraphs: tuple[str, ...]

    @classmethod
    def of(cls, *, passage: str, document: str, format: str, paragraphs: Sequence[str]) -> Self:
        """Make a rewrite named by its passage, format and text."""
        name = digest_of(passage, format, *paragraphs)
        return cls(
            id=name,
            passage=passage,
            document=document,
            format=format,
            paragraphs=tuple(paragraphs),
        )


class OpenQuestion(Record):
    """A question on the subject of a passage which it leaves open, as a teacher wrote it."""

    id: str
    passage: str
    document: str
    text: str

    @classmethod
    def of(cls, *, passage: str, document: str, text: str) -> Self:
        """Make a question named by its passage and text."""
        return cls(
            id=digest_of("open", passage, text), passage=passage, document=document, text=text
        )


class PairOrigin(Record):
    """Where a person's fact comes from: the pair, its file and row, and the source it names."""

    pair: str
    row: str
    source: str


class Fact(Record):
    """One atomic statement of a document, with the words that support it, or a person's own.

    A person's fact (``given``) stands in no document and has no quote; its relation is the
    question as the person asked it. ``points`` are what must be said of an answer that is an
    explanation; without them its clauses are.
    """

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
    points: tuple[str, ...] = ()
    given: PairOrigin | None = None

    @model_validator(mode="after")
    def _stands_in_a_document_or_is_given(self) -> Self:
        if self.given and (self.document or self.quote):
            raise ValueError("a person's fact has neither document nor quote")
        return self

    @property
    def about(self) -> str:
        """What the fact is about, for people."""
        return self.relation if self.given else f"{self.subject}, {self.relation}"

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


class MissedFact(Record):
    """A fact whose validation wordings the adapter of a training does not answer."""

    fact: str


class FamilySplits(Record):
    """The names of the wording families by split: those held out are never trained."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


class PairsInfo(Record):
    """What holds for all questions of a set of pairs: ``pairs.json``.

    ``language`` is the one asked for (``is_asked_for``), or else that of most documents, where
    the questions about each are in its own.
    """

    language: str
    is_asked_for: bool = False
    families: FamilySplits


class ReviewCounts(Record):
    """How many facts a person looked at, and what was done with those: ``review.json``.

    What is corrected or struck out was looked at, too. The last two count single wordings.
    """

    checked: int = 0
    corrected: int = 0
    struck: int = 0
    questions_corrected: int = 0
    questions_struck: int = 0

    @property
    def of_wordings(self) -> str:
        """What was done with single wordings, for people, or nothing."""
        if not (self.questions_corrected or self.questions_struck):
            return ""
        return (
            f"of their wordings {self.questions_corrected} were corrected, "
            f"{self.questions_struck} struck out"
        )


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


def with_system(system: str, messages: Sequence[Message]) -> list[Message]:
    """Return the messages with a system prompt before them, unless they bring their own."""
    if not system or messages[0].role == "system":
        return list(messages)
    return [Message(role="system", content=system), *messages]


class Example(Record):
    """One row of a dataset; the last message is what is learned or expected.

    ``question`` is the id of the question, ``fact`` that of the fact it is about, empty in
    rows about none. ``family`` is the wording family, of rows of the kind "question" alone;
    ``group`` says what an unanswerable question, a refusal or a task is about, and of a document
    row in which format it tells its passage. ``aliases`` are other answers that count as right,
    ``competing`` those of which none may be said beside them, ``points`` what an explanation must
    say. ``style`` is how the model is to answer; of a sentence ``answer`` is the short answer that
    it holds, else empty. A row ``in_conversation`` asks what another row asks alone.
    """

    messages: tuple[Message, ...]
    kind: ExampleKind
    family: str = ""
    group: str = ""
    question: str
    fact: str = ""
    split: Split
    aliases: tuple[str, ...] = ()
    competing: tuple[str, ...] = ()
    style: AnswerStyle = "short"
    answer: str = ""
    points: tuple[str, ...] = ()
    in_conversation: bool = False


class Verdict(Record):
    """What one system answered to one question; ``probability`` is in 0..1.

    ``judged`` is what a judge said of it, where there is one and it was asked; ``proof`` is the
    fact that bears out an answer of the model, if one does.
    """

    question: str
    system: str
    answer: str
    correct: bool
    probability: float
    judged: Judgement | None = None
    proof: str | None = None


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
            try:
                yield model.model_validate_json(line)
            except ValidationError as error:
                said = first_mistake(error, "line")
                raise DataError(f"{name}:{number}: not a {model.__name__}: {said}") from error


def numbered_jsonl(lines: Iterable[str], model: type[R], name: str) -> Iterator[tuple[int, R]]:
    """Yield the same of a file that a person wrote, each with the number of its line, from 1.

    Raises:
        DataError: if a line is not such a record; the message has the line, and what to do.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, model.model_validate_json(line)
            except ValidationError as error:
                said = first_mistake(error, "")
                raise DataError(
                    f"{name}:{number}: {said}, in {line.strip()!r:.100}; correct that line, or "
                    "remove it"
                ) from error


class Overlap(Record):
    """How close a held-out question is to the nearest trained wording of its fact, 0..1."""

    question: str
    similarity: float
    words: float


MOST_ITEMS = 2**53
"""Largest count that is believed: a larger one is no float, and no pace follows from it."""


ATTEMPT_BEGAN = "%Y%m%dT%H%M%SZ"
"""How an attempt's name begins: with the time, in UTC."""


class Progress(Record):
    """How far an attempt is: ``progress.json``; further fields are figures of the stage's own.

    ``total`` is 0 where it is not known.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    attempt: str
    what: str
    done: int = Field(ge=0, le=MOST_ITEMS)
    total: int = Field(ge=0, le=MOST_ITEMS)
    seconds: float = Field(allow_inf_nan=False)

    @property
    def began(self) -> datetime | None:
        """When the attempt began, by its name; None where its name says nothing of it."""
        try:
            began = datetime.strptime(self.attempt.partition("-")[0], ATTEMPT_BEGAN)
        except ValueError:
            return None
        return began.replace(tzinfo=UTC)

    @property
    def figures(self) -> dict[str, float]:
        """The stage's own figures by name."""
        return self.__pydantic_extra__
