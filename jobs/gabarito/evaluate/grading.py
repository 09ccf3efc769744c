"""The exam: every question that the systems are asked, and whether an answer to it is right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field

from gabarito.answer_match import AnswerKey, Expected, is_match, is_within, normalise
from gabarito.answer_match.answer_key import first_words
from gabarito.answer_match.explanations import LONG_WORDS
from gabarito.core.records import ExamPart, Example, Judgement, Verdict, digest_of

Part: TypeAlias = Literal["trained", ExamPart]
"""``trained`` are wordings that were: a sample of them is asked, too."""

System: TypeAlias = Literal["base", "adapter", "model"]

Answer: TypeAlias = tuple[str, str]
"""The id of a question, and a reply to it."""

PARTS: tuple[Part, ...] = get_args(Part)
SYSTEMS: tuple[System, ...] = ("base", "adapter", "model")

ASKED: dict[System, tuple[Part, ...]] = {
    "base": ("validation", "test", "free", "unanswerable", "retention", "tasks", "controls"),
    "adapter": ("validation", "test", "free"),
    "model": PARTS,
}
"""Which parts each system is asked; the adapter only shows that merging changed nothing, and the
base cannot know that a full sentence is one that names the subject."""

LONG_OVERLAP = 0.5
"""How much of a long answer's words must be there still, as an F1."""


@dataclass(frozen=True)
class EvalQuestion:
    """A question, and what counts as right; ``expected`` is empty where the base decides."""

    id: str
    part: Part
    family: str
    right: Expected
    group: str = ""
    competing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The question as it is asked."""
        return self.right.question

    @property
    def fact(self) -> str:
        """The fact that it asks for, if any."""
        return self.right.fact

    @property
    def expected(self) -> str:
        """The short answer, as people are shown it."""
        return self.right.answer

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other right answers."""
        return self.right.aliases

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
    """Return one trained wording of up to ``facts`` facts; their digests decide which.

    None that asks for a sentence if there is another: test wordings ask for none.
    """
    chosen: dict[str, EvalQuestion] = {}
    asked = (example for example in examples if example.kind == "question")
    for item in questions_of("trained", asked):
        other = chosen.get(item.fact)
        chosen[item.fact] = min(item, other, key=_plain_first) if other else item
    return drawn(chosen.values(), facts)


def drawn(items: Iterable[EvalQuestion], most: int) -> list[EvalQuestion]:
    """Return up to ``most`` of these questions; their digests decide which."""
    return sorted(items, key=_draw)[:most]


@dataclass(frozen=True)
class Grader:
    """Grades replies; ``before`` are those of the base, by question, which should not change."""

    key: AnswerKey
    refusal: str
    before: Mapping[str, Prediction]

    def grade(self, item: EvalQuestion, reply: Prediction) -> Graded:
        """Return a reply with whether it is right."""
        refused = is_match(reply.text, self.refusal)
        if item.part == "unanswerable":
            correct = refused
        elif item.part == "retention":
            correct = is_kept(self.before[item.text].text, reply.text)
        elif item.part == "tasks":
            correct = is_solved(item, reply.text)
        else:
            correct = self.key.is_right(reply.text, item.right)
        return Graded(item, reply, correct, refused)


def grade_all(
    exam: Exam,
    replies: Mapping[System, Mapping[str, Prediction]],
    refusal: str,
    key: AnswerKey,
) -> Marks:
    """Grade every system's replies, which are found by the text of the question."""
    grader = Grader(key, refusal, replies["base"])
    return {
        system: {
            part: [grader.grade(item, answered[item.text]) for item in exam[part]]
            if part in ASKED[system]
            else []
            for part in PARTS
        }
        for system, answered in replies.items()
    }


def verdicts_of(
    marks: Marks, judged: Judgements | None = None, proofs: Mapping[Answer, str] | None = None
) -> Iterator[Verdict]:
    """Yield one verdict for each answer of each system, with what a judge said of it.

    ``proofs`` are the facts that bear out the model's answers.
    """
    for system, parts in marks.items():
        for mark in (mark for part in parts.values() for mark in part):
            yield Verdict(
                question=mark.item.id,
                system=system,
                answer=mark.reply.text,
                correct=mark.correct,
                probability=mark.reply.probability,
                judged=judged.get(mark.answer) if judged else None,
                proof=proofs.get(mark.answer) if proofs and system == "model" else None,
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
    said = first_words(reply)
    is_right = is_within(said, item.expected, item.aliases)
    return is_right and not any(is_within(said, other) for other in item.competing)


def _item(part: Part, example: Example) -> EvalQuestion | None:
    questions = [message.content for message in example.messages if message.role == "user"]
    if not questions:
        return None
    return EvalQuestion(
        id=example.question or digest_of(part, questions[-1]),
        part=part,
        family=example.family,
        right=Expected.of(example),
        group=example.group,
        competing=example.competing,
    )


def _plain_first(item: EvalQuestion) -> tuple[bool, str]:
    return item.right.style == "sentence", _draw(item)


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
