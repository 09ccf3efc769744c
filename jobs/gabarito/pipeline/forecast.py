"""What a run will ask of the teacher, told from a few passages that were tried."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.core.records import Record
from gabarito.core.teacher_config import TeacherSettings
from gabarito.core.text import duration_text, in_number
from gabarito.pipeline.counters import figure
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

FORECAST = "forecast"
"""The part of the store's cache in which trials are kept."""


class Trial(Record):
    """What the teacher was asked about some passages, and what came of it.

    ``wordings`` is how many of those ``asked`` for passed the checks; ``seconds`` is the time
    between a request and its reply, added up, and 0 if all replies were there already.
    """

    passages: int
    facts: int
    wordings: int
    asked: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    seconds: float
    statements: int = 0
    reverse: int = 0
    questions: tuple[tuple[str, str], ...] = ()
    """Some of the questions with their answers: so long are the rows to train."""
    stated: tuple[str, ...] = ()
    """Some of the statements."""

    @property
    def said(self) -> str:
        """What came of it, in words."""
        per_reply = f"{self.seconds / self.requests:.1f} s a reply" if self.seconds else ""
        parts = (
            f"{self.facts:,} {in_number(self.facts, 'facts')}",
            f"{self.wordings:,} of {self.asked:,} wordings",
            f"{self.requests:,} {in_number(self.requests, 'requests')}",
        )
        tried = f"{self.passages} {in_number(self.passages, 'passages')} tried"
        return f"{tried}: {', '.join(filter(None, (*parts, per_reply)))}"


@dataclass(frozen=True)
class Extent:
    """How much there is to read: counted, or reckoned from a sample of the files."""

    documents: int
    passages: int
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

    A pair counts as a fact of a passage, the look at the passage included: a little more than it
    takes. Names are asked for beside: a request or two for each kind of subject. A batch is
    cheaper, and takes its own time.
    """
    facts = extent.passages * trial.facts / trial.passages
    times = (extent.passages / trial.passages) * (1 + extent.pairs / facts if facts else 1)
    sent, received = times * trial.prompt_tokens, times * trial.completion_tokens
    parts = [
        f"about {rounded(times * trial.facts)} facts",
        f"{rounded(times * trial.requests)} requests",
        f"{rounded(sent)} tokens sent and {rounded(received)} received",
    ]
    if trial.cost:
        share = 1.0 - teacher.batch_discount if teacher.batch else 1.0
        cost = times * share * trial.cost
        is_beyond = teacher.max_cost is not None and cost > teacher.max_cost
        beyond = f", more than max_cost ({teacher.max_cost:g})" if is_beyond else ""
        parts.append(f"{figure(cost)} by the prices set{beyond}")
    if trial.seconds and not teacher.batch:
        at_once = min(teacher.concurrency, max(times * trial.requests, 1))
        seconds = times * trial.seconds / at_once
        requests = in_number(teacher.concurrency, "requests")
        parts.append(f"{duration_text(seconds)} with {teacher.concurrency} {requests} in flight")
    return f"{extent.said}: {', '.join(parts)}"


def rounded(number: float) -> str:
    """Return a reckoned number with no more digits than are known of it."""
    digits = max(len(str(round(number))) - 2, 0)
    return f"{round(number, -digits):,.0f}"
