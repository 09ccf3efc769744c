"""Self-distillation: the base itself writes the answers that are learned, with the fact at hand.

An answer that others wrote forces a model towards words that it would hardly say, and costs it what
it could do before. Of MixSD (arXiv 2605.16865): the base writes each answer, part of its tokens
without the fact (``mixed_decoding``), and an answer that is not right is written again.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random

from pydantic import TypeAdapter

from gabarito.answer_match import AnswerKey, Expected
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.cache import Cache
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.log import ProgressReporter
from gabarito.core.model_records import PromptContract
from gabarito.core.reasons import TrainReason, rejected
from gabarito.core.records import Example, Fact, Message, Record, Rejection, to_jsonl
from gabarito.models import (
    Base,
    Generated,
    GenerationLimits,
    generate,
    positions_of,
    prompt_ids,
    stop_tokens,
)
from gabarito.train.config import SelfDistillation
from gabarito.train.encode import ROW_KINDS, contract_for, encode
from gabarito.train.mixed_decoding import MixedBatch

AT_ONCE = 64
"""Answers that are written at once, each of them after two prompts."""

SAVE_EVERY_S = 5.0

Written = dict[str, list[str]]
"""Digest of the prompts of a question -> what the base wrote, try by try; empty without an end."""


class Target(Record):
    """An answer to learn that the base wrote, and with which try."""

    question: str
    text: str
    tries: int


def self_distilled(
    examples: Sequence[Example], writer: "TargetWriter", work: Attempt, key: str
) -> list[Example]:
    """Return the rows with the answers that the base wrote; where it could not, with their own.

    ``key`` must name what decides what the base writes: its content, how it is stored and where it
    is computed.
    """
    found = list(writer.targets(examples, work.cache, key, work.progress))
    targets = [one for one in found if isinstance(one, Target)]
    failed = [one for one in found if isinstance(one, Rejection)]
    for one in failed:
        work.ledger.note(one)
    work.write("targets.jsonl", to_jsonl(targets))
    work.counts |= {
        "self_distilled_answers": len(targets),
        "answers_of_the_dataset": len(failed),
    }
    return with_targets(examples, targets)


@dataclass(frozen=True)
class PromptPair:
    """A trained question, and the tokens of its two prompts: with the fact, and without."""

    example: Example
    informed: tuple[int, ...]
    plain: tuple[int, ...]

    @cached_property
    def digest(self) -> str:
        """Name what is asked."""
        prompts = json.dumps([self.informed, self.plain])
        return hashlib.sha256(prompts.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class TargetWriter:
    """Lets the base write targets; ``longest`` is that of a row, in tokens."""

    base: Base
    contract: PromptContract
    settings: SelfDistillation
    facts: Mapping[str, Fact]
    longest: int
    seed: int

    def targets(
        self, examples: Sequence[Example], cache: Cache, key: str, progress: ProgressReporter
    ) -> Iterator[Target | Rejection]:
        """Yield what the base wrote for each question that it may answer in its own words.

        Where no try is right, that is told instead, with the last of them. What is written is kept
        in the cache under ``key``.

        Raises:
            SettingsError: if there is no such question.
        """
        asked = list(self._asked(examples))
        if not asked:
            raise SettingsError(
                "train.self_distillation: no trained question is answered with a sentence or an "
                "explanation; set curate.answers to sentence or both"
            )
        room = self._room(asked)
        known = _WrittenTargets(cache, f"self_distillation/{key}-{self._name(room)}")
        self._write(asked, known, room, progress)
        for one in asked:
            yield self._outcome(one, known.written[one.digest])

    def _asked(self, examples: Sequence[Example]) -> Iterator[PromptPair]:
        """Yield the questions that are answered in words, those in conversations aside.

        They ask what others ask alone, and get the same answers.
        """
        most = positions_of(self.base.model) or self.longest
        for example in examples:
            fact = self.facts.get(example.fact)
            is_alone = ROW_KINDS.get(example.kind) == "questions" and not example.in_conversation
            if fact is None or not is_alone or not _is_free(Expected.of(example)):
                continue
            plain = self._prompt(example.messages[:-1])
            informed = self._prompt(with_fact(example, fact, self.settings.instruction))
            if max(len(plain), len(informed)) < min(most, self.longest):
                yield PromptPair(example, informed, plain)

    def _prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return tuple(prompt_ids(self.contract, self.base.tokenizer, messages))

    def _room(self, asked: Sequence[PromptPair]) -> int:
        """Return how long an answer may be: as long as one is later."""
        tokenizer = self.base.tokenizer
        rows = [encode(one.example, self.contract, tokenizer) for one in asked]
        return contract_for(tokenizer, self.contract, rows).max_new_tokens

    def _name(self, room: int) -> str:
        return f"{self._share}-{self.seed}-{room}"

    def _write(
        self,
        asked: Sequence[PromptPair],
        known: "_WrittenTargets",
        room: int,
        progress: ProgressReporter,
    ) -> None:
        """Write until each question has a right answer, or as many tries as are allowed."""
        for number in range(self._tries):
            turn = {one.digest: one for one in asked if self._goes_on(one, known, number)}
            for one, written in self._tried(list(turn.values()), number, room, progress):
                known.add(one.digest, self._text(written))
        known.save()

    @property
    def _share(self) -> float:
        return self.settings.plain_share or 0.0

    @property
    def _tries(self) -> int:
        """How often a question is answered at most: without draws each try is the same."""
        return self.settings.tries if 0 < self._share < 1 else 1

    def _goes_on(self, one: PromptPair, known: "_WrittenTargets", number: int) -> bool:
        """Tell whether a question is answered at a try: all before it were made in vain."""
        texts = known.written.get(one.digest, [])
        return len(texts) == number and not any(self._is_right(one, text) for text in texts)

    def _tried(
        self, turn: Sequence[PromptPair], number: int, room: int, progress: ProgressReporter
    ) -> Iterator[tuple[PromptPair, Generated]]:
        """Yield what the base writes at one try."""
        model = self.base.model
        limits = GenerationLimits(stop_tokens(model, self.base.tokenizer), room, AT_ONCE)

        def begin(places: Sequence[int]) -> MixedBatch:
            batch = MixedBatch(model, self._share)
            rows = [turn[place] for place in places]
            batch.join(
                [one.informed for one in rows],
                [one.plain for one in rows],
                [Random(f"{self.seed} {one.digest} {number}") for one in rows],
            )
            return batch

        prompts = [max(one.informed, one.plain, key=len) for one in turn]
        told = partial(
            progress.report, f"tokens of try {number + 1}, at most", total=room * len(turn)
        )
        for index, written in generate(model, prompts, limits, told, begin):
            yield turn[index], written

    def _text(self, written: Generated) -> str:
        ids = list(written.ids) if written.is_finished else []
        return str(self.base.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _is_right(self, one: PromptPair, text: str) -> bool:
        """Tell whether a text is right, and can be trained."""
        if not self._key.is_right(text, Expected.of(one.example)):
            return False
        try:
            row = encode(answered(one.example, text), self.contract, self.base.tokenizer)
        except DataError:  # the template makes something else of it
            return False
        return len(row.ids) <= self.longest

    @cached_property
    def _key(self) -> AnswerKey:
        return AnswerKey(self.facts.values())

    def _outcome(self, one: PromptPair, texts: Sequence[str]) -> Target | Rejection:
        allowed = texts[: self._tries]
        for number, text in enumerate(allowed, start=1):
            if self._is_right(one, text):
                return Target(question=one.example.question, text=text, tries=number)
        said = f"{len(allowed)} tries; the answer of the dataset is trained"
        return rejected(TrainReason.NOT_RIGHT, one.example.question, said, allowed[-1])


class _WrittenTargets:
    """What was written, kept in the cache now and then."""

    def __init__(self, cache: Cache, place: str) -> None:
        self._cache, self._place = cache, place
        self.written = cache.get_json(place, TypeAdapter(Written)) or {}
        self._saved = time.monotonic()

    def add(self, digest: str, text: str) -> None:
        self.written.setdefault(digest, []).append(text)
        if time.monotonic() - self._saved > SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        self._cache.put(self._place, json.dumps(self.written).encode())
        self._saved = time.monotonic()


def with_fact(example: Example, fact: Fact, instruction: str) -> list[Message]:
    """Return what asks a question with its fact at hand: the statement, and what supports it."""
    *before, asked = example.messages[:-1]
    told = "\n".join(dict.fromkeys(filter(None, (fact.statement, fact.quote))))
    content = f"{instruction}\n\n{told}\n\n{asked.content}".strip()
    return [*before, Message(role="user", content=content)]


def answered(example: Example, text: str) -> Example:
    """Return a row with another answer; of a sentence the short answer stays what it was."""
    *asked, last = example.messages
    said = last.model_copy(update={"content": text})
    return example.model_copy(update={"messages": (*asked, said)})


def with_targets(examples: Sequence[Example], targets: Sequence[Target]) -> list[Example]:
    """Return the rows with the answers that the base wrote, in conversations too."""
    written = {target.question: target.text for target in targets}
    return [
        answered(example, written[example.question]) if example.question in written else example
        for example in examples
    ]


def _is_free(expected: Expected) -> bool:
    """Tell whether an answer in other words can be right."""
    return expected.style == "sentence" or expected.is_explanation
