"""Questions asked in a conversation: behind earlier turns, or under a client's system prompt.

A model that has only ever been asked alone answers otherwise as soon as something stands before
the question. What stands there is given, never learned: the loss is of the last answer alone. The
earlier questions are trained ones, so that no conversation shows a question of the exam.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Literal, TypeAlias

import yaml

from gabarito.answer_match import is_within
from gabarito.core.language_names import base_language
from gabarito.core.records import Example, Message

Before: TypeAlias = Literal["answered", "refused", "chatted"]

_SHAPES = ((0, True), (1, False), (1, True), (2, False))
"""How many earlier turns there are, and whether there is a client's system prompt."""

_WEIGHTS: Mapping[Before, int] = {"answered": 3, "refused": 1, "chatted": 1}
"""Among earlier turns some are refused, also before questions that have an answer: else the model
would go on as the conversation began."""

_DRAWS = 50

LONGEST_TURN = 300
"""Characters of an earlier question and its answer: no explanation stands before a question."""

_TALK: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(
    (files(__package__) / "small_talk.yaml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class _Turn:
    question: str
    answer: str
    fact: str = ""
    short: str = ""
    """The answer within a sentence."""
    aliases: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[Message, Message]:
        user = Message(role="user", content=self.question)
        return user, Message(role="assistant", content=self.answer)

    @property
    def is_short(self) -> bool:
        return len(self.question) + len(self.answer) <= LONGEST_TURN

    def is_other_than(self, turn: "_Turn") -> bool:
        """Tell whether this turn does not give the answer of ``turn`` away."""
        if turn.fact and self.fact == turn.fact:
            return False
        says_answer = bool(turn.fact) and any(
            is_within(text, turn.short or turn.answer, turn.aliases)
            for text in (self.question, self.answer)
        )
        return self.question != turn.question and not says_answer


def system_prompts(language: str) -> list[str]:
    """Return system prompts of clients: in the questions' language, and in English."""
    own = _TALK.get(base_language(language), _TALK["en"])["system"]
    return list(dict.fromkeys((*own, *_TALK["en"]["system"])))


class ConversationMaker:
    """Puts conversations around rows, drawn from the other rows and from small talk."""

    def __init__(self, rows: Sequence[Example], language: str, seed: int) -> None:
        """``rows`` are trained questions with their answers, and refusals."""
        self._answered = [row for row in rows if row.kind in ("question", "reverse")]
        self._refused = [row for row in rows if row.kind == "refusal"]
        self._systems = system_prompts(language)
        self._random = Random(f"{seed}:conversations")
        talk = _TALK.get(base_language(language), _TALK["en"])
        self._turns: Mapping[Before, Sequence[_Turn]] = {
            "answered": [
                turn
                for turn in (_turn(row) for row in self._answered if row.kind == "question")
                if turn.is_short
            ],
            "refused": [turn for turn in map(_turn, self._refused) if turn.is_short],
            "chatted": [
                _Turn(*pair) for pair in zip(talk["chat"][::2], talk["chat"][1::2], strict=True)
            ],
        }

    def draw(self, share: float) -> Iterator[Example]:
        """Yield this share of the rows with an answer, and of the refusals, in conversations."""
        for rows in (self._answered, self._refused):
            for row in self._random.sample(rows, round(share * len(rows))):
                yield self._around(row)

    def _around(self, row: Example) -> Example:
        count, has_system = self._random.choice(_SHAPES)
        own, asked = row.messages[:-2], row.messages[-2:]
        client = Message(role="system", content=self._random.choice(self._systems))
        before = (message for turn in self._earlier(row, count) for message in turn.messages)
        messages = (*((client,) if has_system else own), *before, *asked)
        return row.model_copy(update={"messages": messages, "in_conversation": True})

    def _earlier(self, row: Example, count: int) -> list[_Turn]:
        found: list[_Turn] = []
        pools: list[Before] = [pool for pool in _WEIGHTS if self._turns[pool]]
        weights = [_WEIGHTS[pool] for pool in pools]
        for _ in range(_DRAWS if count else 0):
            turn = self._random.choice(self._turns[self._random.choices(pools, weights)[0]])
            if turn not in found and turn.is_other_than(_turn(row)):
                found.append(turn)
            if len(found) == count:
                break
        return found


def _turn(row: Example) -> _Turn:
    asked, answer = row.messages[-2:]
    return _Turn(asked.content, answer.content, row.fact, row.answer, row.aliases)
