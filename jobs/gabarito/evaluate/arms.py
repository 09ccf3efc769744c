"""The same questions under other conditions.

What would answer them if nothing were trained: the base with the passage at hand, or with what a
search finds. And what a conversation around a question makes of the model's answers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import or_
from typing import Literal, TypeAlias

import bm25s

from gabarito.answer_match import AnswerKey, is_within
from gabarito.core.forms import UNSPACED
from gabarito.core.records import Message, PassageText, Record
from gabarito.evaluate.grading import (
    EvalQuestion,
    Part,
    Prediction,
    System,
    drawn,
)
from gabarito.evaluate.statistics import Proportion, proportion

ArmName = Literal["closed_book", "third_question", "other_system", "gold_passage", "search"]
Messages: TypeAlias = Sequence[Message]
Others: TypeAlias = Sequence[EvalQuestion]
Fits: TypeAlias = Callable[[Messages], bool]
Frame: TypeAlias = Callable[[str, Fits], Messages]
"""From a question to what is asked: the most of it for which the function given tells that it fits
the model."""

OTHER_SYSTEM = "You are a helpful assistant."

_TASKS = {
    "en": ("Answer the question from the text, in as few words as possible.", "Question"),
    "pt": ("Responda à pergunta a partir do texto, com o menor número de palavras.", "Pergunta"),
}
"""How the base is told to read; in other languages than these it is told in English."""

_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
"""What is searched for: of scripts without spaces each letter."""

_PARTS: tuple[Part, ...] = ("test", "free")


@dataclass(frozen=True)
class Arm:
    """A condition: which system is asked what, and how each question is put."""

    name: ArmName
    system: System
    items: Sequence[EvalQuestion]
    frame: Frame


class ArmScore(Record):
    """What came of one part of the exam under one condition.

    ``exact`` counts replies that are right as everywhere else, ``within`` those too that say the
    answer among their first words, whatever was taught and however they go on: the base was never
    taught where to end. ``prompt_tokens`` and ``seconds`` are a question's, on average.
    """

    name: ArmName
    part: Part
    exact: Proportion
    within: Proportion
    prompt_tokens: float
    seconds: float | None = None


@dataclass(frozen=True)
class Library:
    """The passages that a teacher was shown, and the language that questions are in."""

    passages: Sequence[PassageText]
    language: str

    def gold(self) -> Mapping[str, PassageText]:
        """Return the first passage that holds each fact."""
        found: dict[str, PassageText] = {}
        for passage in self.passages:
            for fact in passage.facts:
                found.setdefault(fact, passage)
        return found


def compared(exam: Mapping[Part, Sequence[EvalQuestion]], most: int) -> list[EvalQuestion]:
    """Return the questions that are asked under all conditions: a sample of each part."""
    return [item for part in _PARTS for item in drawn(exam[part], most)]


def arms_of(items: Sequence[EvalQuestion], library: Library, found: int) -> Iterator[Arm]:
    """Yield the conditions that there is something to ask under; ``found`` passages are searched.

    Of a question that belongs to no fact nobody knows the passage.
    """
    if items:  # as trained, too: by as many at once as the others, or seconds say nothing
        yield Arm("closed_book", "model", items, lambda question, _: [_asked(question)])
    others = list(_others_of(items))
    if others:
        before = {item.text: found for item, found in others}
        yield Arm("third_question", "model", [item for item, _ in others], _as_third(before))
    if items:
        yield Arm("other_system", "model", items, _under_another_system)
    if not (items and library.passages):
        return
    gold = library.gold()
    known = [item for item in items if item.fact in gold]
    if known:
        texts = {item.text: [gold[item.fact].text] for item in known}
        yield Arm("gold_passage", "base", known, _with_texts(texts, library.language))
    texts = dict(_search(library.passages, [item.text for item in items], found))
    if texts:
        yield Arm("search", "base", items, _with_texts(texts, library.language))


def arm_scores(
    name: ArmName,
    items: Iterable[EvalQuestion],
    replies: Mapping[str, Prediction],
    key: AnswerKey,
    seconds: float | None = None,
) -> Iterator[ArmScore]:
    """Yield what came of each part of the exam."""
    asked = list(items)
    for part in _PARTS:
        pairs = [(item, replies[item.text]) for item in asked if item.part == part]
        right = [key.is_right(reply.text, item.right) for item, reply in pairs]
        said = [key.says_first(reply.text, item.right) for item, reply in pairs]
        clusters = [item.cluster for item, _ in pairs]
        exact = proportion(zip(clusters, right, strict=True))
        within = proportion(zip(clusters, map(or_, right, said), strict=True))
        if exact and within:
            tokens = sum(reply.prompt_tokens for _, reply in pairs) / len(pairs)
            yield ArmScore(
                name=name,
                part=part,
                exact=exact,
                within=within,
                prompt_tokens=round(tokens, 1),
                seconds=seconds,
            )


def _others_of(items: Sequence[EvalQuestion]) -> Iterator[tuple[EvalQuestion, Others]]:
    """Yield each question with the next two that do not tell its answer, if there are two."""
    for at, item in enumerate(items):
        following = (*items[at + 1 :], *items[:at])
        others = list(islice((other for other in following if not _tells(other, item)), 2))
        if len(others) == 2:
            yield item, others


def _tells(other: EvalQuestion, item: EvalQuestion) -> bool:
    """Tell whether a question is of the same fact as another, or says its answer."""
    said = f"{other.text}\n{other.right.taught}\n{other.expected}"
    return other.cluster == item.cluster or is_within(said, item.expected, item.aliases)


def _as_third(before: Mapping[str, Others]) -> Frame:
    """Put a question behind two others of the sample and their right answers."""

    def framed(question: str, fits: Fits) -> Messages:
        turns = [message for item in before[question] for message in _turn(item)]
        return _largest([[*turns, _asked(question)], [*turns[2:], _asked(question)]], fits)

    return framed


def _turn(item: EvalQuestion) -> tuple[Message, Message]:
    return _asked(item.text), Message(role="assistant", content=item.right.taught)


def _under_another_system(question: str, fits: Fits) -> Messages:
    system = Message(role="system", content=OTHER_SYSTEM)
    return _largest([[system, _asked(question)]], fits)


def _with_texts(texts: Mapping[str, Sequence[str]], language: str) -> Frame:
    """Put the texts of a question before it: as many, and as much of the first, as fit."""
    task, name = _TASKS.get(language, _TASKS["en"])
    system = Message(role="system", content=task)

    def framed(question: str, fits: Fits) -> Messages:
        shorter = ("\n\n".join((*shown, f"{name}: {question}")) for shown in _less(texts[question]))
        return _largest(([system, _asked(content)] for content in shorter), fits)

    return framed


def _less(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield all of the texts, then fewer, then ever less of the first."""
    for count in range(len(texts), 1, -1):
        yield texts[:count]
    first = texts[0]
    while first:
        yield [first]
        first = first[: len(first) * 3 // 4]


def _largest(conversations: Iterable[Messages], fits: Fits) -> Messages:
    """Return the first conversation that fits; where none does, its last question alone."""
    for messages in conversations:
        if fits(messages):
            return messages
    return messages[-1:]


def _asked(question: str) -> Message:
    return Message(role="user", content=question)


def _search(
    passages: Sequence[PassageText], questions: Sequence[str], most: int
) -> Iterator[tuple[str, list[str]]]:
    """Yield each question and the texts that BM25 puts first, the likeliest first."""
    texts = [passage.text for passage in passages]
    words = list(map(_words, texts))
    if not any(words):
        return
    index = bm25s.BM25()
    index.index(words, show_progress=False)
    known = set().union(*words)
    for question in questions:
        asked = [word for word in _words(question) if word in known]
        places = range(min(most, len(texts)))
        if asked:
            ranks, _ = index.retrieve([asked], k=len(places), show_progress=False)
            places = ranks[0]
        yield question, [texts[place] for place in places]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
