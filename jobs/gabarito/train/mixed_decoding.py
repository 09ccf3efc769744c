"""Answers of which each token comes from one of two prompts, as a draw decides.

Of MixSD (arXiv 2605.16865, its code at temperature 0): both prompts go on with the same tokens, so
that what is written stays near to what the base writes by itself, and still says the fact.
"""

from collections.abc import Sequence
from random import Random

import torch

from gabarito.models import CausalModel
from gabarito.models.generation import DecodingBatch, greedy, logprobs


class MixedBatch:
    """Rows that are written after two prompts each: one with the fact, one without.

    A row's next token is the most probable one after the plain prompt with probability
    ``plain_share``, else that after the informed one. Each row has draws of its own: what it
    becomes does not depend on its neighbours.
    """

    def __init__(
        self, informed: DecodingBatch, plain: DecodingBatch, draws: Sequence[Random], share: float
    ) -> None:
        self._informed = informed
        self._plain = plain
        self._draws = draws
        self._share = share

    @property
    def rows(self) -> list[int]:
        """Which of the rows that it began with are still written."""
        return self._plain.rows

    def step(self, model: CausalModel) -> tuple[list[int], list[float]]:
        """Return the next token of each row and its log-probability after the plain prompt."""
        informed, plain = self._informed.logits(model), self._plain.logits(model)
        drawn = [self._draws[row].random() < self._share for row in self.rows]
        is_plain = torch.tensor(drawn, device=plain.device)
        tokens = torch.where(is_plain, greedy(plain), greedy(informed))
        self._informed.append(tokens)
        self._plain.append(tokens)
        return tokens.tolist(), logprobs(plain, tokens).tolist()

    def keep(self, places: list[int]) -> None:
        """Go on with the rows at these places of the batch."""
        self._informed.keep(places)
        self._plain.keep(places)
