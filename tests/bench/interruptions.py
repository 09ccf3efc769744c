"""Interruptions of a pipeline: in which order they come, and what each one cost.

All times are seconds of the machine's clock since 1970: pods' logs have it, too. Nothing here
knows a cluster.
"""

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from gabarito.pipeline.stages import STAGES

STAGE_DELETED, STAGE_EVICTED = "stage: deleted", "stage: evicted"
STAGE_FORCED, STAGE_KILLED = "stage: deleted, not waited for", "stage: kill -9"
CONTROLLER_DELETED, CONTROLLER_KILLED = "controller: deleted", "controller: kill -9"
ENDPOINT_DELETED, ENDPOINT_KILLED = "endpoint: deleted", "endpoint: kill -9"
TEACHER_KILLED, TEACHER_AWAY = "teacher: kill -9", "teacher away"
NODE_DRAINED = "node drained"
API_KILLED, API_HANGS = "API server: kill -9", "API server hangs"
BUCKET_CUT_OFF, BUCKET_HANGS = "bucket cut off", "bucket hangs"
UPGRADED = "upgrade, rollback"
STOPPED = "upgrade that stops training, rollback"

KILLS = {
    STAGE_DELETED: 3,
    STAGE_EVICTED: 2,
    STAGE_FORCED: 1,
    STAGE_KILLED: 3,
    CONTROLLER_DELETED: 2,
    CONTROLLER_KILLED: 2,
    ENDPOINT_DELETED: 2,
    ENDPOINT_KILLED: 1,
    TEACHER_KILLED: 1,
}
"""How often each kind of kill is drawn."""

OTHERS = (
    NODE_DRAINED,
    API_KILLED,
    API_HANGS,
    BUCKET_CUT_OFF,
    BUCKET_HANGS,
    TEACHER_AWAY,
    UPGRADED,
    UPGRADED,
    STOPPED,
)
"""What comes beside the kills, once each time that it is named: the teacher is away while it is
asked, and the rest happens while a GPU is held."""

LOSE_REPLIES = (NODE_DRAINED, BUCKET_CUT_OFF, BUCKET_HANGS, TEACHER_AWAY, TEACHER_KILLED)
"""What may lose a reply that was on its way, beside the end of a stage's pod."""

FIRST, SECOND = 0, 1
SECONDS_SHARE = 0.3
"""Share of the kills that is for the second release."""

STAGES_OF = {
    FIRST: {"ingest": 1, "generate": 3, "curate": 1, "train": 6, "merge": 1, "evaluate": 2},
    SECOND: {"train": 6, "merge": 1, "evaluate": 2},
}
"""In which stages of a release it is interrupted, and how often; the second one finds what the
first has made of their documents."""

LONG = ("generate", "train")
LATEST_S = 15.0
A_ROUND = 8
"""Interruptions of one run of the pipeline; after it comes another one."""


@dataclass(frozen=True)
class Interruption:
    """What is done to a release in a round, once a stage of it has run for some seconds."""

    round: int
    stage: str
    what: str
    release: int
    after_s: float

    @property
    def hits_all(self) -> bool:
        """Whether it is not for one release alone."""
        return not self.what.startswith(("stage", "controller", "endpoint", "upgrade"))


def schedule(kills: int, seed: int) -> list[Interruption]:
    """Return the interruptions in their order: by rounds, and by stages in each."""
    drawn = random.Random(seed)
    kinds = [*drawn.choices(list(KILLS), list(KILLS.values()), k=kills), *OTHERS]
    rounds = max(2, math.ceil(len(kinds) / A_ROUND))
    drawn.shuffle(kinds)
    found = [_drawn(drawn, what, place % rounds, rounds) for place, what in enumerate(kinds)]
    return sorted(found, key=lambda each: (each.round, list(STAGES).index(each.stage)))


def _drawn(drawn: random.Random, what: str, place: int, rounds: int) -> Interruption:
    """Draw stage and release; there is no endpoint in the first round."""
    is_pods = what.startswith(("stage", "controller", "endpoint"))
    release = SECOND if is_pods and drawn.random() < SECONDS_SHARE else FIRST
    weights = STAGES_OF[release]
    (stage,) = drawn.choices(list(weights), list(weights.values()))
    if what.startswith("teacher"):
        stage = "generate"
    elif what in OTHERS:
        stage = "train"
    if what.startswith("endpoint") and place == 0:
        place = drawn.randrange(1, rounds)
    after_s = drawn.uniform(1.0, LATEST_S) if stage in LONG else 0.0
    return Interruption(place, stage, what, release, round(after_s, 1))


@dataclass(frozen=True)
class Sign:
    """A sign of progress: when, and the pod that gave it."""

    at: float
    pod: str = ""


@dataclass(frozen=True)
class Blow:
    """An interruption as it was dealt: from when until when, and which pod it ended."""

    began: float
    over: float
    victim: str = ""


def idle_s(signs: Iterable[Sign], blow: Blow) -> float | None:
    """Return the longest time without progress around a blow, or None where it is not known.

    It is looked for from the last sign before the blow to the first one after it is over. What its
    victim still does after the blow is no progress.
    """
    before, after = [], []
    for sign in signs:
        if sign.at <= blow.began:
            before.append(sign.at)
        elif sign.pod != blow.victim or not blow.victim:
            after.append(sign.at)
    later = [at for at in after if at > blow.over]
    if not before or not later:
        return None
    times = sorted([max(before), min(later), *(at for at in after if at <= blow.over)])
    return max(b - a for a, b in pairwise(times))


def undisturbed_s(signs: Iterable[Sign], blows: Collection[Blow]) -> float | None:
    """Return the median time between two signs of a pod with no blow between, or None."""
    of_pod: dict[str, list[float]] = defaultdict(list)
    for sign in signs:
        of_pod[sign.pod].append(sign.at)
    gaps = [
        b - a
        for times in of_pod.values()
        for a, b in pairwise(sorted(times))
        if not any(blow.began <= b and blow.over >= a for blow in blows)
    ]
    return statistics.median(gaps) if gaps else None


@dataclass(frozen=True)
class Asked:
    """A request that the teacher answered."""

    at: float
    request: str


KEPT_S = 5.0
"""Within which a reply that arrived is kept, on a busy machine: until then it may be lost."""


@dataclass(frozen=True)
class Paid:
    """What the teacher was asked: in all, again after its reply was lost, and for nothing.

    ``twice`` says of each which request it was, and when it was asked before.
    """

    requests: int
    lost: int
    twice: Sequence[str]


def paid(asked: Iterable[Asked], blows: Collection[Blow]) -> Paid:
    """Count requests; one is paid twice if no blow explains that its first reply was lost."""
    answers: dict[str, list[float]] = defaultdict(list)
    for each in asked:
        answers[each.request].append(each.at)
    again = [(at, request) for request, times in answers.items() for at in sorted(times)[:-1]]
    twice = [
        f"request {request[:12]}, answered at {datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
        for at, request in sorted(again)
        if not any(blow.began <= at + KEPT_S and at <= blow.over + KEPT_S for blow in blows)
    ]
    return Paid(len(again) + len(answers), len(again) - len(twice), twice)


@dataclass(frozen=True)
class Told:
    """How many steps a training said that it had done, and when."""

    at: float
    step: int


@dataclass(frozen=True)
class Start:
    """One pod's part of a training: when it began, at which step, and what it told."""

    began: float
    step: int
    told: Sequence[Told]


@dataclass(frozen=True)
class Again:
    """Steps that a start did again, and the time in which they had been done before."""

    began: float
    steps: int
    from_at: float
    to_at: float

    def seconds(self, unsaved: Iterable[Blow] = ()) -> float:
        """How long they had taken, but for the times in which no checkpoint could be written."""
        left, at = 0.0, self.from_at
        for blow in sorted(unsaved, key=lambda each: each.began):
            left += max(0.0, min(blow.began, self.to_at) - at)
            at = max(at, blow.over)
        return left + max(0.0, self.to_at - at)


def done_again(starts: Iterable[Start], blows: Collection[Blow]) -> list[Again]:
    """Return what each start of one training did again of the starts before it.

    What others told after the last blow before a start is left out: they were to end.
    """
    found: list[Again] = []
    before: list[Told] = []
    for start in sorted(starts, key=lambda each: each.began):
        lost_at = max((b.began for b in blows if b.began < start.began), default=start.began)
        told = sorted((each for each in before if each.at <= lost_at), key=lambda each: each.at)
        last = max(told, key=lambda each: each.step, default=None)
        if last is not None and last.step > start.step:
            kept = [each.at for each in told if each.step <= start.step]
            from_at = max(kept, default=told[0].at)
            found.append(Again(start.began, last.step - start.step, from_at, last.at))
        before += start.told
    return found


@dataclass(frozen=True)
class Outcome:
    """What an interruption cost: seconds without progress, steps done again; None: not known."""

    what: str
    release: str
    stage: str
    at_s: float
    idle_s: float | None
    endpoint_s: float | None
    steps: int


def outcomes_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each interruption, below a head."""
    widths = [max(len(text) for text in column) for column in zip(*_cells(outcomes), strict=True)]
    return [
        "  ".join(
            text.ljust(width) if place < _TEXTS else text.rjust(width)
            for place, (text, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in _cells(outcomes)
    ]


_TEXTS = 3
_HEAD = ("interruption", "release", "while", "at", "pipeline idle", "endpoint idle", "steps again")


def _cells(outcomes: Sequence[Outcome]) -> list[Sequence[str]]:
    rows = [
        (
            each.what,
            each.release,
            each.stage,
            f"{each.at_s / 60:.1f} min",
            _seconds(each.idle_s),
            _seconds(each.endpoint_s),
            str(each.steps or "–"),
        )
        for each in outcomes
    ]
    return [_HEAD, *rows]


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"


def totals(named: Mapping[str, Iterable[float | None]]) -> list[str]:
    """Return a line of sums and quantiles for each name that has figures."""
    lines = []
    for name, given in named.items():
        seconds = [each for each in given if each is not None]
        if seconds:
            lines.append(
                f"{name}: {sum(seconds) / 60:.1f} min in {len(seconds)} interruptions, "
                f"{sum(seconds) / 60 / len(seconds):.2f} min each; "
                f"min {min(seconds):.1f} s, median {statistics.median(seconds):.1f} s, "
                f"max {max(seconds):.1f} s"
            )
    return lines
