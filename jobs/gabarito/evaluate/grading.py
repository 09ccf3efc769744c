"""The exam: every question that the systems are asked, and whether an answer to it is right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from gabarito.answer_match import is_match, is_within, normalise
from gabarito.core.records import Example, Judgement, Verdict, digest_of

Part: TypeAlias = Literal[
    "trained", "validation", "test", "free", "unanswerable", "retention", "tasks", "controls"
]
System: TypeAlias = Literal["base", "adapter", "model"]

Answer: TypeAlias = tuple[str, str]
"""The id of a question, and a reply to it."""

PARTS: tuple[Part, ...] = (
    "trained",
    "validation",
    "test",
    "free",
    "unanswerable",
    "retention",
    "tasks",
    "controls",
)
SYSTEMS: tuple[System, ...] = ("base", "adapter", "model")

ASKED: dict[System, tuple[Part, ...]] = {
    "base": ("validation", "test", "free", "unanswerable", "retention", "tasks", "controls"),
    "adapter": ("validation", "test", "free"),
    "model": PARTS,
}
"""Which parts each system is asked; the adapter only shows that merging changed nothing."""

LONGEST_REPLY = 30
"""Words of a reply in which the right answer is looked for: more may say anything."""

LONG_WORDS = 12
"""An answer with more words than this is free text: it can be kept in other words."""

LONG_OVERLAP = 0.5
"""How much of a long answer's words must be there still, as an F1."""


@dataclass(frozen=True)
class EvalQuestion:
    """A question, and what counts as right; ``expected`` is empty where the base decides."""

    id: str
    part: Part
    family: str
    fact: str
    text: str
    expected: str
    aliases: tuple[str, ...] = ()
    group: str = ""
    competing: tuple[str, ...] = ()

    @property
    def cluster(self) -> str:
        """What is resampled together: the wordings of one fact."""
        return self.fact or self.id


@dataclass(frozen=True)
class Prediction:
    """What a system answered; ``probability`` (0..1) is that of the whole answer."""

    text: str
    probability: Annotated[float, Field(ge=0, le=1)]
    prompt_tokens: int = 0


@dataclass(frozen=True)
class Graded:
    """An answer that was marked; ``refused``: it is the refusal sentence."""

    item: EvalQuestion
    reply: Prediction
    correct: bool
    refused: bool

    @property
    def knows(self) -> float:
        """How much the system claims to know, in -1..1.

        The probability of an answer; that of a refusal counts against, so that every
        refusal lies below every answer.
        """
        return -self.reply.probability if self.refused else self.reply.probability

    @property
    def answer(self) -> Answer:
        """What names the answer, whichever system gave it."""
        return self.item.id, self.reply.text

    @property
    def outcome(self) -> tuple[str, bool]:
        """The cluster, and whether the answer is right."""
        return self.item.cluster, self.correct


Judgements: TypeAlias = Mapping[Answer, Judgement | None]
"""What a judge said of answers; None where it said nothing of use."""

Exam: TypeAlias = Mapping[Part, Sequence[EvalQuestion]]

Marks: TypeAlias = Mapping[System, Mapping[Part, Sequence[Graded]]]
"""Every system's marked answers, by part of the exam; parts that nobody asked are empty."""


def questions_of(part: Part, examples: Iterable[Example]) -> list[EvalQuestion]:
    """Return the questions of one part; rows without a question are left out."""
    return [item for example in examples if (item := _item(part, example))]


def sample_of_trained(examples: Iterable[Example], facts: int) -> list[EvalQuestion]:
    """Return one trained wording of up to ``facts`` facts; their digests decide which."""
    chosen: dict[str, EvalQuestion] = {}
    asked = (example for example in examples if example.kind == "question")
    for item in questions_of("trained", asked):
        other = chosen.get(item.fact)
        chosen[item.fact] = min(item, other, key=_draw) if other else item
    return drawn(chosen.values(), facts)


def drawn(items: Iterable[EvalQuestion], most: int) -> list[EvalQuestion]:
    """Return up to ``most`` of these questions; their digests decide which."""
    return sorted(items, key=_draw)[:most]


def grade_all(
    exam: Exam, replies: Mapping[System, Mapping[str, Prediction]], refusal: str
) -> Marks:
    """Grade every system's replies, which are found by the text of the question."""
    base = replies["base"]
    return {
        system: {
            part: [_grade(item, answered[item.text], base, refusal) for item in exam[part]]
            if part in ASKED[system]
            else []
            for part in PARTS
        }
        for system, answered in replies.items()
    }


def verdicts_of(marks: Marks, judged: Judgements | None = None) -> Iterator[Verdict]:
    """Yield one verdict for each answer of each system, with what a judge said of it."""
    for system, parts in marks.items():
        for mark in (mark for part in parts.values() for mark in part):
            yield Verdict(
                question=mark.item.id,
                system=system,
                answer=mark.reply.text,
                correct=mark.correct,
                probability=mark.reply.probability,
                judged=judged.get(mark.answer) if judged else None,
            )


def is_kept(before: str, after: str) -> bool:
    """Tell whether an answer is still what it was.

    A short answer must be the same; a long one must share most of its words.
    """
    if is_match(after, before) or before.strip() == after.strip():
        return True
    first, second = normalise(before).split(), normalise(after).split()
    return len(first) > LONG_WORDS and _overlap(first, second) >= LONG_OVERLAP


def is_solved(item: EvalQuestion, reply: str) -> bool:
    """Tell whether the first words of a reply say the right answer, and none that competes."""
    said = " ".join(reply.split()[:LONGEST_REPLY])
    is_right = is_within(said, item.expected, item.aliases)
    return is_right and not any(is_within(said, other) for other in item.competing)


def _item(part: Part, example: Example) -> EvalQuestion | None:
    questions = [message.content for message in example.messages if message.role == "user"]
    if not questions:
        return None
    last = example.messages[-1]
    return EvalQuestion(
        id=example.question or digest_of(part, questions[-1]),
        part=part,
        family=example.family,
        group=example.group,
        fact=example.fact,
        text=questions[-1],
        expected=last.content if last.role == "assistant" else "",
        aliases=example.aliases,
        competing=example.competing,
    )


def _grade(
    item: EvalQuestion, reply: Prediction, base: Mapping[str, Prediction], refusal: str
) -> Graded:
    refused = is_match(reply.text, refusal)
    if item.part == "unanswerable":
        correct = refused
    elif item.part == "retention":
        correct = is_kept(base[item.text].text, reply.text)
    elif item.part == "tasks":
        correct = is_solved(item, reply.text)
    else:
        correct = is_match(reply.text, item.expected, item.aliases)
    return Graded(item, reply, correct, refused)


def _draw(item: EvalQuestion) -> str:
    return digest_of("draw", item.id)


def _overlap(first: Sequence[str], second: Sequence[str]) -> float:
    """F1 of the words of two texts, as SQuAD counts it."""
    left = list(second)
    shared = 0
    for word in first:
        if word in left:
            left.remove(word)
            shared += 1
    return 2 * shared / (len(first) + len(second))
