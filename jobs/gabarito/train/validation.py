"""Examinations: validation wordings answered by the model, and what is right of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from transformers import PreTrainedTokenizerBase

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Example, Record
from gabarito.models import CausalModel, answers
from gabarito.train.checkpoint import CheckpointScore


def sample(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Return at most ``count`` examples, drawn over as many facts as there are."""
    shuffled = list(examples)
    Random(f"{seed} validation").shuffle(shuffled)
    turns: dict[str, int] = {}
    ranked = []
    for example in shuffled:
        turns[example.fact] = turns.get(example.fact, 0) + 1
        ranked.append((turns[example.fact], example))
    ranked.sort(key=lambda pair: pair[0])
    return [example for _, example in ranked[:count]]


@dataclass(frozen=True)
class Validation:
    """The validation wordings that a model is asked now and then."""

    model: CausalModel
    tokenizer: PreTrainedTokenizerBase
    contract: PromptContract
    examples: Sequence[Example]
    batch_size: int
    key: AnswerKey

    def exact_match(self) -> float:
        """Return the share of examples whose generated answer is right."""
        return 1 - len(self.missed(self.examples)) / len(self.examples)

    def missed(
        self, examples: Sequence[Example], report: Callable[[int], None] = lambda _: None
    ) -> list[Example]:
        """Return those examples whose generated answer is not right.

        ``report`` is told how many are answered.
        """
        asked = [example.messages[:-1] for example in examples]
        found = answers(self.model, self.tokenizer, self.contract, asked, self.batch_size)
        replies: dict[int, str] = {}
        for index, answer in found:
            replies[index] = answer.text
            report(len(replies))
        return [
            example
            for index, example in enumerate(examples)
            if not self.key.is_right(replies[index], Expected.of(example))
        ]


class Chosen(Record):
    """Which step's adapter is kept, and why."""

    step: int
    exact_match: float | None
    reason: str
    candidates: tuple[CheckpointScore, ...]


def best_of(candidates: Sequence[CheckpointScore]) -> CheckpointScore:
    """Return the candidate with most right answers; of equals the latest."""
    return max(candidates, key=lambda candidate: (candidate.exact_match, candidate.step))


def chosen(candidates: Sequence[CheckpointScore], last: int) -> Chosen:
    """Return which step's adapter is kept; the last one where nothing was examined."""
    if not candidates:
        reason = "no validation wordings: the last step"
        return Chosen(step=last, exact_match=None, reason=reason, candidates=())
    best = best_of(candidates)
    return Chosen(
        step=best.step,
        exact_match=best.exact_match,
        reason="most validation wordings answered right; of equals the latest",
        candidates=tuple(candidates),
    )
