"""How long a training and the examinations of its model take, from a pace that was measured."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.probe import Pace
from gabarito.train.replay import MAX_TOKENS
from gabarito.train.sampler import shares_of
from gabarito.train.schedule import count_replay, count_steps
from gabarito.train.self_distillation import AT_ONCE

ANSWERED_AT_ONCE = 128
"""Replay answers that are written at once."""


FACT_TIMES = 3.0
"""So much longer is the prompt of a question with its fact at hand."""

TRIES = 3
"""Answers that the base writes of a question on average, where it may try again and again."""


@dataclass(frozen=True)
class Outlook:
    """A training that is to come: ``counts`` are the rows of each kind, ``rows`` some of them."""

    config: TrainConfig
    counts: Mapping[str, int]
    rows: Sequence[Row]

    @property
    def steps(self) -> int:
        """How many steps there will be."""
        return count_steps(self.config, self.counts)

    @property
    def row_tokens(self) -> float:
        """Tokens of a row on average, as often as each kind is drawn."""
        shares = shares_of(self.counts, self.config.mix.model_dump(), self.config.replay)
        lengths = {kind: [len(row.ids) for row in self.rows if row.kind == kind] for kind in shares}
        known = {kind: sum(of) / len(of) for kind, of in lengths.items() if of}
        seen = sum(shares[kind] for kind in known)
        return sum(shares[kind] * length for kind, length in known.items()) / seen

    @property
    def tokens(self) -> float:
        """Tokens of all steps."""
        return self.steps * self.config.batch_size * self.row_tokens

    @property
    def prompt(self) -> float:
        """Tokens of a question on average, as it is asked."""
        return _mean([row.learned_from for row in self._questions])

    @property
    def answer(self) -> float:
        """Tokens of a trained answer on average, its end included."""
        return _mean([len(row.ids) - row.learned_from for row in self._questions])

    @property
    def _questions(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "questions"]

    def train_s(self, pace: Pace, validation: int) -> float:
        """Return the seconds of a training that is examined by so many wordings."""
        config, steps = self.config, self.steps
        written = min(self.counts.get("replay", 0), count_replay(config, steps))
        own = MAX_TOKENS if pace.own_tokens >= 0.9 * pace.own_limit else pace.own_tokens
        examinations = math.ceil(steps / config.choice.every)
        asked = min(config.choice.questions, validation)
        return (
            self.tokens * pace.train_token_s
            + pace.answer_s(written, self.prompt, own, ANSWERED_AT_ONCE)
            + self._targets_s(pace)
            + examinations * self.adapter_s(pace, asked, config.limits.answer_batch)
        )

    def _targets_s(self, pace: Pace) -> float:
        """Return those of the answers that the base writes itself, each after two prompts."""
        settings = self.config.self_distillation
        if settings.plain_share is None:
            return 0.0
        answers = self.counts.get("questions", 0) * min(settings.tries, TRIES)
        plain, informed = (
            pace.answer_s(answers, times * self.prompt, pace.own_tokens, AT_ONCE)
            for times in (1.0, FACT_TIMES)
        )
        return plain + informed

    def answers_s(self, pace: Pace, answers: int, batch: int, prompt: float = 1.0) -> float:
        """Return the seconds of a trained model's answers; prompts are so many times longer."""
        return pace.answer_s(answers, prompt * self.prompt, self.answer, batch)

    def adapter_s(self, pace: Pace, answers: int, batch: int) -> float:
        """Return those of the base with the adapter beside it."""
        return pace.adapter * self.answers_s(pace, answers, batch)

    def own_answers_s(self, pace: Pace, answers: int, batch: int, more: float = 0.0) -> float:
        """Return those of the untrained base, to questions after ``more`` tokens of passages."""
        return pace.answer_s(answers, self.prompt + more, pace.own_tokens, batch)


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
