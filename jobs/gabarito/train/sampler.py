"""Which rows a step sees: a pure function of the seed, the step and what was missed last.

A training that was stopped continues with the rows it would have seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from random import Random

from gabarito.core.errors import SettingsError
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row

GROUP_STEPS = 16
"""Steps that are drawn together, so that small shares come out, too."""

MISSED = "missed"
"""The questions that are drawn beside the others, of facts that were missed."""

MOST_OFTEN = 8
"""How much more often a row of a missed fact is drawn, at most.

Where 3 of 317 facts are missed, each of their rows would otherwise come 50 times more often with
half of all questions, and what is wrong to the end is often a wrong row.
"""

Shares = Mapping[str, float]


class BatchSampler:
    """Draws the batch of each step from rows of several kinds."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Row]],
        shares: Shares,
        batch_size: int,
        seed: int,
        focus: float = 0.0,
    ) -> None:
        """Draw kinds in these ``shares``, which sum to 1; each kind is gone through in turn.

        ``focus`` is the share of the questions that are drawn from missed facts.
        """
        self._rows = rows
        self._shares = focused(shares, focus)
        self._batch_size = batch_size
        self._seed = seed
        self._focus = focus
        self._filler = max(sorted(self._shares), key=lambda kind: self._shares[kind])
        self._group_of = lru_cache(maxsize=2)(self._group)

    def batch(self, step: int, missed: tuple[str, ...] = ()) -> list[Row]:
        """Return the rows of step ``step``, counted from 0, in any order.

        ``missed`` are the facts that the last examination got wrong.
        """
        return self._group_of(step // GROUP_STEPS, missed)[step % GROUP_STEPS]

    def _group(self, number: int, missed: tuple[str, ...]) -> list[list[Row]]:
        drawn = [row for kind in sorted(self._shares) for row in self._drawn(kind, number, missed)]
        Random(f"{self._seed} group {number}").shuffle(drawn)
        size = self._batch_size
        return [drawn[start : start + size] for start in range(0, len(drawn), size)]

    def _drawn(self, kind: str, number: int, missed: tuple[str, ...]) -> list[Row]:
        """Return the rows of one kind for one group."""
        places = range(self._quota(kind, number), self._quota(kind, number + 1))
        if kind != MISSED:
            return [self._row(kind, self._rows[kind], place) for place in places]
        facts = set(missed)
        few = [row for row in self._rows["questions"] if row.fact in facts]
        return [self._missed_row(few, place) for place in places]

    def _missed_row(self, few: Sequence[Row], place: int) -> Row:
        """Return a question of a missed fact, or any where these were drawn too often."""
        every = self._rows["questions"]
        share = min(1.0, MOST_OFTEN * len(few) / (self._focus * len(every)))
        before = int(place * share)
        if int((place + 1) * share) > before:
            return self._row(MISSED, few, before)
        return self._row("beside missed", every, place - before)

    def _quota(self, kind: str, number: int) -> int:
        """Return how many rows of a kind come before a group.

        Shares are rounded down, and the largest kind fills the rest.
        """
        total = number * GROUP_STEPS * self._batch_size
        counts = {name: int(total * share) for name, share in self._shares.items()}
        counts[self._filler] += total - sum(counts.values())
        return counts[kind]

    def _row(self, stream: str, rows: Sequence[Row], position: int) -> Row:
        turn, place = divmod(position, len(rows))
        return rows[_permutation(len(rows), f"{self._seed} {stream} {turn}")[place]]


def sampler_of(rows: Iterable[Row], config: TrainConfig) -> BatchSampler:
    """Return the order in which a training draws these rows.

    Raises:
        SettingsError: if the weights of ``config.mix`` leave nothing to draw.
    """
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    counts = {kind: len(found) for kind, found in kinds.items()}
    shares = shares_of(counts, config.mix.model_dump(), config.replay)
    if not shares.keys() - {"replay"}:
        raise SettingsError(
            f"train.mix: draws nothing of {', '.join(sorted(counts))}; raise a weight above 0"
        )
    return BatchSampler(kinds, shares, config.batch_size, config.schedule.seed, config.choice.focus)


def focused(shares: Shares, focus: float) -> Shares:
    """Return shares in which part of the questions' are those of missed facts."""
    if not focus or "questions" not in shares:
        return shares
    questions = shares["questions"]
    return {**shares, "questions": (1 - focus) * questions, MISSED: focus * questions}


def shares_of(counts: Mapping[str, int], weights: Mapping[str, float], replay: float) -> Shares:
    """Return the share of each kind that has rows: replay's own, the rest by number and weight."""
    drawn = {kind: counts[kind] * weight for kind, weight in weights.items() if kind in counts}
    total = sum(drawn.values())
    kept = replay if counts.get("replay") else 0.0
    shares = {kind: (1 - kept) * part / total for kind, part in drawn.items() if part}
    return shares | ({"replay": kept} if kept else {})


@lru_cache(maxsize=16)
def _permutation(length: int, seed: str) -> list[int]:
    places = list(range(length))
    Random(seed).shuffle(places)
    return places
