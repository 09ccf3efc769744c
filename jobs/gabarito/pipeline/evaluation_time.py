"""How long evaluate takes, from a pace that was measured; imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass

from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import ASKED, SYSTEMS
from gabarito.train.outlook import Outlook
from gabarito.train.probe import Pace

OTHER_SYSTEM, THIRD_QUESTION = 1.3, 3.0
"""How many times longer a question is under another system prompt, or behind two others."""


@dataclass(frozen=True)
class Examination:
    """What is asked at the end: questions by part, and tokens of a passage."""

    config: EvaluateConfig
    asked: Mapping[str, int]
    passage: float
    positions: float
    """Tokens that the model takes at most."""

    def seconds(self, outlook: Outlook, pace: Pace) -> float:
        """Return the seconds of all answers."""
        size = self.config.batch_size
        counts = self._counts()
        asked = {one: sum(counts.get(part, 0) for part in ASKED[one]) for one in SYSTEMS}
        own = outlook.own_answers_s(pace, asked["base"], size)
        adapted = outlook.adapter_s(pace, asked["adapter"], size)
        merged = outlook.answers_s(pace, asked["model"], size)
        return own + adapted + merged + self._compared_s(outlook, pace)

    def _counts(self) -> dict[str, int]:
        config = self.config
        limits = {"trained": config.trained_sample, "retention": config.retention_sample}
        return {part: min(count, limits.get(part, count)) for part, count in self.asked.items()}

    def _compared_s(self, outlook: Outlook, pace: Pace) -> float:
        """Return the seconds of the questions under other conditions."""
        config = self.config
        size = config.longer_batch_size
        known, free = (
            min(self.asked.get(part, 0), config.compared_sample) for part in ("test", "free")
        )
        room = max(0.0, self.positions - outlook.prompt - pace.own_limit)
        texts = (min(room, number * self.passage) for number in (1, config.passages_found))
        gold, found = (
            outlook.own_answers_s(pace, answers, size, more)
            for answers, more in zip((known, known + free), texts, strict=True)
        )
        conversation = sum(
            outlook.answers_s(pace, known + free, size, longer)
            for longer in (1.0, OTHER_SYSTEM, THIRD_QUESTION)
        )
        return gold + found + conversation
