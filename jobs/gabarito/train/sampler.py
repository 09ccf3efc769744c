"""Which rows a step sees: a pure function of the seed and the step.

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

Shares = Mapping[str, float]


class BatchSampler:
    """Draws the batch of each step from rows of several kinds."""

    def __init__(
        self, rows: Mapping[str, Sequence[Row]], shares: Shares, batch_size: int, seed: int
    ) -> None:
        """Draw kinds in these ``shares``, which sum to 1; each kind is gone through in turn."""
        self._rows = rows
        self._shares = shares
        self._batch_size = batch_size
        self._seed = seed
        self._filler = max(sorted(shares), key=lambda kind: shares[kind])
        self._group_of = lru_cache(maxsize=2)(self._group)

    def batch(self, step: int) -> list[Row]:
        """Return the rows of step ``step``, counted from 0, in any order."""
        return self._group_of(step // GROUP_STEPS)[step % GROUP_STEPS]

    def _group(self, number: int) -> list[list[Row]]:
        drawn = [row for kind in sorted(self._shares) for row in self._drawn(kind, number)]
        Random(f"{self._seed} group {number}").shuffle(drawn)
        size = self._batch_size
        return [drawn[start : start + size] for start in range(0, len(drawn), size)]

    def _drawn(self, kind: str, number: int) -> list[Row]:
        """Return the rows of one kind for one group."""
        first, last = self._quota(kind, number), self._quota(kind, number + 1)
        return [self._row(kind, position) for position in range(first, last)]

    def _quota(self, kind: str, number: int) -> int:
        """Return how many rows of a kind come before a group.

        Shares are rounded down, and the largest kind fills the rest.
        """
        total = number * GROUP_STEPS * self._batch_size
        counts = {name: int(total * share) for name, share in self._shares.items()}
        counts[self._filler] += total - sum(counts.values())
        return counts[kind]

    def _row(self, kind: str, position: int) -> Row:
        rows = self._rows[kind]
        turn, place = divmod(position, len(rows))
        return rows[_permutation(len(rows), f"{self._seed} {kind} {turn}")[place]]


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
    return BatchSampler(kinds, shares, config.batch_size, config.schedule.seed)


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
