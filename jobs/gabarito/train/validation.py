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
from gabarito.train.processes import Processes

MOST_RIGHT = "most validation wordings answered right; of equals the latest"

BEGUN = 0.1
"""Share of right answers from which more than chance is at work: nano has 5 % after 20 steps."""


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
class Examined:
    """What an examination found: the share of wordings that is right, and the facts of the rest."""

    exact_match: float
    missed: tuple[str, ...]


@dataclass(frozen=True)
class Validation:
    """The validation wordings that a model is asked now and then."""

    model: CausalModel
    tokenizer: PreTrainedTokenizerBase
    contract: PromptContract
    examples: Sequence[Example]
    batch_size: int
    key: AnswerKey

    def examined(self) -> Examined:
        """Return what the model answers right and what not, by generated answers."""
        missed = self.missed(self.examples)
        return Examined(
            exact_match=1 - len(missed) / len(self.examples),
            missed=tuple(sorted({example.fact for example in missed})),
        )

    def missed(
        self, examples: Sequence[Example], report: Callable[[int], None] = lambda _: None
    ) -> list[Example]:
        """Return those examples whose generated answer is not right.

        Of several processes each asks its share. ``report`` is told how many are answered.
        """
        processes = Processes(self.model.device)
        mine = processes.share(range(len(examples)))
        asked = [examples[place].messages[:-1] for place in mine]
        found = answers(self.model, self.tokenizer, self.contract, asked, self.batch_size)
        replies: dict[int, str] = {}
        for index, answer in found:
            replies[index] = answer.text
            report(min(len(replies) * processes.count, len(examples)))
        wrong = [
            place
            for index, place in enumerate(mine)
            if not self.key.is_right(replies[index], Expected.of(examples[place]))
        ]
        return [examples[place] for place in sorted(processes.gathered(wrong))]


class Chosen(Record):
    """Which step's adapter is kept, and why."""

    step: int
    exact_match: float | None
    reason: str
    candidates: tuple[CheckpointScore, ...]


def best_of(candidates: Sequence[CheckpointScore]) -> CheckpointScore:
    """Return the candidate with most right answers; of equals the latest."""
    return max(candidates, key=lambda candidate: (candidate.exact_match, candidate.step))


def flat_at(candidates: Sequence[CheckpointScore], patience: int | None) -> int | None:
    """Return the step at which so many examinations on end had been no better, or None.

    Those before the first with ``BEGUN`` right do not count: what has not begun is not done.
    """
    best, waited = 0.0, 0
    for candidate in candidates:
        if candidate.exact_match > best:
            best, waited = candidate.exact_match, 0
        elif best >= BEGUN:
            waited += 1
        if waited == patience:
            return candidate.step
    return None


def chosen(candidates: Sequence[CheckpointScore], last: int, most: int) -> Chosen:
    """Return which step's adapter is kept; the last one where nothing was examined.

    ``last`` of at most ``most`` steps were made.
    """
    if not candidates:
        reason = "no validation wordings: the last step"
        return Chosen(step=last, exact_match=None, reason=reason, candidates=())
    best = best_of(candidates)
    return Chosen(
        step=best.step,
        exact_match=best.exact_match,
        reason=MOST_RIGHT if last == most else f"{MOST_RIGHT}; {_ended(last, most)}",
        candidates=tuple(candidates),
    )


def _ended(last: int, most: int) -> str:
    return f"train.choice.patience ended it after {last} of at most {most} steps"
