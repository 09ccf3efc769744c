"""Does the probability of an answer tell whether it is right?

Everywhere ``scored`` is a list of (score, is right), the score usually a probability in 0..1.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from gabarito.core.records import Record

BINS = 10

Scored = Sequence[tuple[float, bool]]


class Bin(Record):
    """Answers of similar probability: how sure they were on average, and how often right."""

    count: int
    probability: float
    right: float


class Threshold(Record):
    """The least probability at which an answer is given.

    ``precision`` and ``coverage`` are those on the questions that it was chosen on;
    ``attained`` is false if no threshold reaches ``target``: then it is the best of those
    that let at least half of the answers through.
    """

    value: float
    target: float
    precision: float
    coverage: float
    attained: bool
    count: int


def auroc(positives: Iterable[float], negatives: Iterable[float]) -> float | None:
    """Return how often a positive scores above a negative, ties counting half.

    None if either is missing. (Mann and Whitney 1947.)
    """
    scored = sorted([(s, True) for s in positives] + [(s, False) for s in negatives])
    above = sum(is_positive for _, is_positive in scored)
    below = len(scored) - above
    if not above or not below:
        return None
    ranks, seen = 0.0, 0
    for _, ties in groupby(scored, itemgetter(0)):
        tied = [is_positive for _, is_positive in ties]
        ranks += sum(tied) * (seen + (len(tied) + 1) / 2)
        seen += len(tied)
    return (ranks - above * (above + 1) / 2) / (above * below)


def brier(scored: Scored) -> float:
    """Return the mean squared distance of probability and outcome: 0 is perfect."""
    return sum((score - is_right) ** 2 for score, is_right in scored) / len(scored)


def bins_of(scored: Scored, bins: int = BINS) -> list[Bin]:
    """Return bins of equal mass, the least probable first.

    Answers of equal probability share a bin: between two bins they would be parted by whether
    they are right, or by chance. Few answers, or many ties, make fewer bins.
    """
    ordered = sorted(scored)
    size = len(ordered)
    starts = [bisect_left(ordered, score, key=itemgetter(0)) for score, _ in ordered]
    edges = [starts[size * n // bins] for n in range(bins)] + [size]
    return [_bin(ordered[low:high]) for low, high in pairwise(edges) if high > low]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Return the mean distance of probability and share right over bins, by their mass."""
    total = sum(found.count for found in bins)
    return sum(found.count * abs(found.probability - found.right) for found in bins) / total


def coverage_at(scored: Scored, precision: float) -> float:
    """Return the largest share of these questions that can be answered at this precision."""
    best = choose_threshold(scored, precision)
    return best.coverage if best and best.attained else 0.0


def choose_threshold(scored: Scored, precision: float, unanswered: int = 0) -> Threshold | None:
    """Return the lowest threshold at which the answers given reach this precision.

    It lies half-way to the next lower probability, so that rounding does not decide.
    ``unanswered`` questions, refused in so many words, count in the coverage. None without
    any answers.
    """
    steps = list(_steps(scored))
    if not steps:
        return None
    reaching = [step for step in steps if step[1] / step[2] >= precision]
    enough = [step for step in steps if 2 * step[2] >= len(scored)]
    best = max(enough, key=lambda step: (step[1] / step[2], step[2]))
    lowest, right, given = reaching[-1] if reaching else best
    return Threshold(
        value=(lowest + max((score for score, _ in scored if score < lowest), default=0.0)) / 2,
        target=precision,
        precision=right / given,
        coverage=given / (len(scored) + unanswered),
        attained=bool(reaching),
        count=len(scored) + unanswered,
    )


def _steps(scored: Scored) -> Iterator[tuple[float, int, int]]:
    """For each score, highest first: it, and how many at or above it are right and are."""
    right = given = 0
    for score, ties in groupby(sorted(scored, reverse=True), itemgetter(0)):
        outcomes = [is_right for _, is_right in ties]
        right, given = right + sum(outcomes), given + len(outcomes)
        yield score, right, given


def _bin(members: Scored) -> Bin:
    count = len(members)
    probability = sum(score for score, _ in members) / count
    return Bin(count=count, probability=probability, right=sum(r for _, r in members) / count)
