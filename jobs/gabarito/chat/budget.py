"""What the replies used: requests, tokens, money; and a ceiling for the money."""

import threading
from dataclasses import dataclass

from gabarito.core.errors import SettingsError

_MILLION = 1_000_000


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, in any currency."""

    input: float = 0.0
    output: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what one reply costs."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / _MILLION


class Meter:
    """Adds up what replies used; safe to share between threads."""

    def __init__(self, prices: Prices, max_cost: float | None = None, spent: float = 0.0) -> None:
        self.prices = prices
        self.max_cost = max_cost
        self.replies = 0
        self.cost = spent
        self._lock = threading.Lock()

    def add(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Count one reply and return its cost."""
        cost = self.prices.cost(prompt_tokens, completion_tokens)
        with self._lock:
            self.replies += 1
            self.cost += cost
        return cost

    def refuse_overspending(self) -> None:
        """Do nothing while there is money left.

        Raises:
            SettingsError: if the ceiling is reached.
        """
        if self.max_cost is not None and self.cost >= self.max_cost:
            raise SettingsError(
                f"max_cost: {self.max_cost:g} is spent, {self.replies} replies cost "
                f"{self.cost:.6g}; they are saved, raise max_cost and start again to continue"
            )
