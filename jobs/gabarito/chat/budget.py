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
        self.waited_s = 0.0
        """Time between requests and their replies, added up over all that were in flight."""
        self._lock = threading.Lock()

    def add(self, prompt_tokens: int, completion_tokens: int, waited_s: float = 0.0) -> float:
        """Count one reply and return its cost; one that was kept was not waited for."""
        cost = self.prices.cost(prompt_tokens, completion_tokens)
        with self._lock:
            self.replies += 1
            self.cost += cost
            self.waited_s += waited_s
        return cost

    def refuse_overspending(self, begun: float = 0.0) -> None:
        """Do nothing while there is money left, also for what is ``begun`` and not paid yet.

        Raises:
            SettingsError: if the ceiling is reached.
        """
        if self.max_cost is None:
            return
        if self.cost < self.max_cost < self.cost + begun:
            raise SettingsError(
                f"max_cost: {self.max_cost:g} is too little, {self.cost:.6g} is spent and the "
                f"prompts of the next batch cost about {begun:.6g}; raise max_cost and start again"
            )
        if self.cost >= self.max_cost:
            raise SettingsError(
                f"max_cost: {self.max_cost:g} is spent, {self.replies} replies cost "
                f"{self.cost:.6g}; they are saved, raise max_cost and start again to continue"
            )
