"""What a run will ask of the teacher, told from a few passages that were tried."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.core.records import Record, Rewrite
from gabarito.core.teacher_config import TeacherSettings
from gabarito.core.text import duration_text, in_number
from gabarito.pipeline.counters import figure
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

FORECAST = "forecast"
"""The part of the store's cache in which trials are kept."""

SPREAD = 1.9
"""Standard errors to both sides of what is likely: Student's t for 9 of 10 with eight tried."""


class Use(Record):
    """What requests took of the teacher, or will take: then also parts of a request."""

    requests: float = 0.0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0
    cost: float = 0.0

    def __add__(self, other: "Use") -> "Use":
        """Return what both take."""
        return Use(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=self.cost + other.cost,
        )

    def __mul__(self, times: float) -> "Use":
        """Return what as much takes so many times."""
        return Use(
            requests=self.requests * times,
            prompt_tokens=self.prompt_tokens * times,
            completion_tokens=self.completion_tokens * times,
            cost=self.cost * times,
        )


class TriedPassage(Record):
    """A passage that was tried: it stands for a ``share`` of all text, in characters."""

    chars: int
    share: float
    facts: int
    look: Use
    """What it took to look for its facts, second opinions included."""


@dataclass(frozen=True)
class FactRange:
    """How many facts there will be: likely, and at least and at most in 9 of 10 cases."""

    least: float
    likely: float
    most: float


class Trial(Record):
    """What the teacher was asked about some passages, and what came of it.

    Of the facts that were found some were ``worded``: ``wordings`` is how many of those
    ``asked`` for passed the checks. Some of the passages that hold facts were ``told`` anew, and
    asked for what they leave open. ``seconds`` is the time between a request and its reply, added
    up, and 0 if all replies were there already.
    """

    passages: tuple[TriedPassage, ...]
    worded: int
    wordings: int
    asked: int
    wording: Use
    told: int = 0
    telling: Use = Use()
    seconds: float = 0.0
    statements: int = 0
    reverse: int = 0
    questions: tuple[tuple[str, str], ...] = ()
    """Some of the questions with their answers: so long are the rows to train."""
    stated: tuple[str, ...] = ()
    """Some of the statements."""
    rewrites: tuple[Rewrite, ...] = ()
    open: tuple[str, ...] = ()
    """What the passages that were told leave open."""

    @property
    def facts(self) -> int:
        """How many facts the passages hold."""
        return sum(one.facts for one in self.passages)

    @property
    def use(self) -> Use:
        """What all of it took."""
        return sum((one.look for one in self.passages), self.wording + self.telling)

    @property
    def said(self) -> str:
        """What came of it, in words."""
        per_reply = f"{self.seconds / self.use.requests:.1f} s a reply" if self.seconds else ""
        requests = round(self.use.requests)
        some = f" of {self.worded:,} of them" if self.worded < self.facts else ""
        parts = (
            f"{self.facts:,} {in_number(self.facts, 'facts')}",
            f"{self.wordings:,} of {self.asked:,} wordings{some}",
            _counted(len(self.rewrites), "rewrites"),
            _counted(len(self.open), "open questions"),
            f"{requests:,} {in_number(requests, 'requests')}",
            per_reply,
        )
        number = len(self.passages)
        tried = f"{number} {in_number(number, 'passages')} tried"
        return f"{tried}: {', '.join(filter(None, parts))}"

    def in_all(self, chars: float, of_one: Callable[[TriedPassage], float]) -> float:
        """Return how much there is in so many characters of what each passage has some of."""
        return chars * sum(one.share * of_one(one) / one.chars for one in self.passages)

    def facts_in(self, extent: "Extent") -> FactRange:
        """Return how many facts all passages hold, at the rates of those that were tried.

        The range follows from how much their rates differ (the error of a mean of shares; of
        passages that were all tried there is none).
        """
        likely = self.in_all(extent.chars, lambda one: one.facts)
        more = 1 + SPREAD * self._error(extent)
        return FactRange(likely / more, likely, likely * more)

    def told_in(self, extent: "Extent") -> float:
        """Return how many times as many passages hold facts as were told anew."""
        fruitful = self.in_all(extent.chars, lambda one: one.facts > 0)
        return fruitful / self.told if self.told else 0.0

    def use_for(self, extent: "Extent", facts: float) -> Use:
        """Return what all passages take if so many facts are found, and the pairs."""
        looks = (one.look * (extent.chars * one.share / one.chars) for one in self.passages)
        words = self.wording * ((facts + extent.pairs) / self.worded) if self.worded else Use()
        return sum(looks, words + self.telling * self.told_in(extent))

    def _error(self, extent: "Extent") -> float:
        """Return the standard error of the facts, as a share of them; of one passage all."""
        tried = len(self.passages)
        unseen = max(0.0, 1 - tried / extent.passages)
        mean = self.in_all(1, lambda one: one.facts)
        if tried < 2 or not mean:
            return float(unseen > 0)
        variance = sum(one.share * (one.facts / one.chars - mean) ** 2 for one in self.passages)
        return math.sqrt(unseen * variance / (tried - 1)) / mean


@dataclass(frozen=True)
class Extent:
    """How much there is to read: counted, or reckoned from a sample of the files."""

    documents: int
    passages: int
    chars: float = 0.0
    """Of all passages."""
    is_reckoned: bool = False
    pairs: int = 0
    """Pairs that people gave: each gets wordings, as a fact of a passage does."""
    is_open: bool = False
    """Whether there is more on the web, of which nobody knows how much before it is read."""

    @property
    def said(self) -> str:
        """How much it is, in words."""
        about = "at least " if self.is_open else "about " if self.is_reckoned else ""
        documents = f"{self.documents:,} {in_number(self.documents, 'documents')}"
        pairs = f", {self.pairs:,} {in_number(self.pairs, 'pairs')}" if self.pairs else ""
        passages = f"{self.passages:,} {in_number(self.passages, 'passages')}"
        return f"{about}{documents}, {passages}{pairs}"


def keep_trial(store: Store, run: Run, trial: Trial) -> None:
    """Write down what came of a trial, for the plans of the same run."""
    Cache(store, FORECAST).put(run.fingerprints["generate"], trial.model_dump_json().encode())


def kept_trial(store: Store, run: Run) -> Trial | None:
    """Return what came of the last trial with the same documents and settings, or None."""
    return Cache(store, FORECAST).get_json(run.fingerprints["generate"], TypeAdapter(Trial))


def forecast_of(extent: Extent, trial: Trial, teacher: TeacherSettings) -> str:
    """Say what all passages will take, at the rates of those that were tried.

    Facts are as many for each character as there: wordings grow with them, the looks at passages
    with the text, rewrites and open questions with the passages that hold a fact. Names are asked
    for beside: a request or two for each kind of subject. A batch is cheaper, and takes its own
    time.
    """
    facts = trial.facts_in(extent)
    least, likely, most = (
        trial.use_for(extent, number) for number in (facts.least, facts.likely, facts.most)
    )
    parts = [
        f"about {rounded(facts.likely)} facts{_range(facts.least, facts.most)}",
        f"{rounded(likely.requests)} requests{_range(least.requests, most.requests)}",
        f"{rounded(likely.prompt_tokens)} tokens sent and {rounded(likely.completion_tokens)} "
        "received",
    ]
    if likely.cost:
        share = 1.0 - teacher.batch_discount if teacher.batch else 1.0
        costs = share * least.cost, share * likely.cost, share * most.cost
        parts.append(_price(*costs, teacher.max_cost))
    if trial.seconds and not teacher.batch:
        at_once = min(teacher.concurrency, max(likely.requests, 1))
        seconds = likely.requests * trial.seconds / trial.use.requests / at_once
        requests = in_number(teacher.concurrency, "requests")
        parts.append(f"{duration_text(seconds)} with {teacher.concurrency} {requests} in flight")
    if extent.pairs and not trial.worded:
        parts.append("without the wordings of the pairs, as no fact was found to try some of")
    return f"{extent.said}: {', '.join(parts)}"


def _price(least: float, likely: float, most: float, ceiling: float | None) -> str:
    between = f" ({figure(least)} to {figure(most)})" if figure(least) != figure(most) else ""
    beyond = ""
    if ceiling is not None and most > ceiling:
        beyond = ", more than max_cost" if likely > ceiling else ", perhaps more than max_cost"
        beyond += f" ({ceiling:g})"
    return f"{figure(likely)}{between} by the prices set{beyond}"


def _range(least: float, most: float) -> str:
    low, high = rounded(least), rounded(most)
    return f" ({low} to {high})" if low != high else ""


def _counted(number: int, things: str) -> str:
    return f"{number:,} {in_number(number, things)}" if number else ""


def rounded(number: float) -> str:
    """Return a reckoned number with no more digits than are known of it."""
    digits = max(len(str(round(number))) - 2, 0)
    return f"{round(number, -digits):,.0f}"
