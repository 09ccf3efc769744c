"""Answers of which each token comes from one of two prompts, as a draw decides.

Of MixSD (arXiv 2605.16865, its code at temperature 0): both prompts go on with the same tokens, so
that what is written stays near to what the base writes by itself, and still says the fact.
"""

from collections.abc import Sequence
from random import Random

import torch

from gabarito.models import CausalModel
from gabarito.models.decoding import DecodingBatch, greedy, logprobs


class MixedBatch:
    """Rows that are written after two prompts each: one with the fact, one without.

    A row's next token is the most probable one after the plain prompt with probability
    ``plain_share``, else that after the informed one. Each row has draws of its own: what it
    becomes does not depend on its neighbours.
    """

    def __init__(self, model: CausalModel, plain_share: float) -> None:
        self._informed = DecodingBatch(model)
        self._plain = DecodingBatch(model)
        self._share = plain_share
        self._draws: list[Random] = []

    def join(
        self,
        informed: Sequence[Sequence[int]],
        plain: Sequence[Sequence[int]],
        draws: Sequence[Random],
    ) -> None:
        """Read both prompts of each row."""
        self._informed.join(informed)
        self._plain.join(plain)
        self._draws += draws

    @property
    def rows(self) -> list[int]:
        """The numbers of the rows, in the order of their tokens."""
        return self._plain.rows

    def step(self) -> tuple[list[int], list[float]]:
        """Return the next token of each row and its log-probability after the plain prompt."""
        informed, plain = self._informed.logits(), self._plain.logits()
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
