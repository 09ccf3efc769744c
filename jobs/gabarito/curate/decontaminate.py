"""Leakage: no trained question may be, or nearly be, one that is asked at the end."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gabarito.answer_match import is_match, normalise
from gabarito.core.pair_records import GIVEN
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Overlap, Record, Rejection
from gabarito.curate.sentences import without_request
from gabarito.curate.similarity import runs, similarity, word_overlap
from gabarito.curate.wordings import Wording

RUNS = (13, 8, 5)
"""Lengths of the runs of words that are looked for in both splits."""


class FreeQuestion(Record):
    """A line of the exam's free questions; ``points`` are what an explanation must say."""

    question: str
    answer: str
    aliases: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


class UnanswerableQuestion(Record):
    """A line of the exam's unanswerable questions."""

    question: str
    group: str


@dataclass(frozen=True)
class _Asked:
    key: str
    label: str


def remove_leaks(
    found: Sequence[Wording],
    free: Sequence[FreeQuestion],
    unanswerable: Sequence[UnanswerableQuestion],
    limit: float,
) -> tuple[list[Wording], list[Rejection]]:
    """Drop the trained wordings that are, or nearly are, asked at the end.

    Nearly: more similar than ``limit`` to a held-out wording of the same fact, or to a free
    question of the exam with the same answer.
    """
    exact = {normalise(text) for text in exam_texts(free, unanswerable)}
    by_fact: dict[str, list[_Asked]] = defaultdict(list)
    for wording in found:
        if wording.split != "train":
            by_fact[wording.fact.id].append(_Asked(wording.key, wording.question.id))
    by_answer = _FreeByAnswer(free)
    kept: list[Wording] = []
    dropped: list[Rejection] = []
    for wording in found:
        if wording.split == "train":
            close = [*by_fact[wording.fact.id], *by_answer.asked(wording.question.answer)]
            if leak := _leak(wording, exact, close, limit):
                question = wording.question
                dropped.append(rejected(CurateReason.LEAK, question.id, leak, question.text))
                continue
        kept.append(wording)
    return kept, dropped


def keep_given(found: Sequence[Wording], limit: float) -> tuple[list[Wording], list[Rejection]]:
    """Drop the held-out wordings that people's own ones, which are all trained, would give away.

    Those that are one of them, or more similar than ``limit`` to one of the same fact.
    """
    own = [wording for wording in found if wording.question.family == GIVEN]
    keys = {wording.key for wording in own if wording.split == "train"}
    by_fact: dict[str, list[_Asked]] = defaultdict(list)
    for wording in own:
        if wording.split == "train":
            by_fact[wording.fact.id].append(_Asked(wording.key, "a person's own wording"))
    kept: list[Wording] = []
    dropped: list[Rejection] = []
    for wording in found:
        is_own = wording.split != "train" and wording.key in keys
        close = by_fact[wording.fact.id] if wording.split != "train" else ()
        leak = "a person's own wording" if is_own else _leak(wording, set(), close, limit)
        if leak:
            question = wording.question
            dropped.append(rejected(CurateReason.LEAK, question.id, leak, question.text))
        else:
            kept.append(wording)
    return kept, dropped


def exam_texts(
    free: Iterable[FreeQuestion], unanswerable: Iterable[UnanswerableQuestion]
) -> list[str]:
    """Return all questions of the exam; one that asks for a sentence also without that.

    What is trained is compared before anything asks for a sentence in it.
    """
    texts = [*(item.question for item in free), *(item.question for item in unanswerable)]
    return texts + [plain for text in texts if (plain := without_request(text)) != normalise(text)]


def overlaps(found: Iterable[Wording]) -> list[Overlap]:
    """Measure how close each held-out question still is to what is trained about its fact."""
    trained: dict[str, list[str]] = defaultdict(list)
    asked = []
    for wording in found:
        if wording.split == "train":
            trained[wording.fact.id].append(wording.key)
        else:
            asked.append(wording)
    return [_overlap(wording, trained[wording.fact.id]) for wording in asked]


def shared_runs(trained: Iterable[str], asked: Iterable[str]) -> dict[int, int]:
    """Count the questions asked that share a run of words with anything that is trained."""
    trained, asked = list(trained), list(asked)
    counts: Counter[int] = Counter()
    for length in RUNS:
        known = {run for text in trained for run in runs(text, length)}
        counts[length] = sum(not known.isdisjoint(runs(text, length)) for text in asked)
    return dict(counts)


class _FreeByAnswer:
    """The exam's free questions that expect some answer."""

    def __init__(self, free: Sequence[FreeQuestion]) -> None:
        self._exam = [
            (item, _Asked(normalise(text), "the exam"))
            for item in free
            for text in exam_texts([item], ())
        ]
        self._known: dict[str, list[_Asked]] = {}

    def asked(self, answer: str) -> list[_Asked]:
        if answer not in self._known:
            self._known[answer] = [
                asked for item, asked in self._exam if is_match(answer, item.answer, item.aliases)
            ]
        return self._known[answer]


def _leak(wording: Wording, exact: set[str], close: Iterable[_Asked], limit: float) -> str | None:
    if wording.key in exact:
        return "equal to a question of the exam"
    for asked in close:
        ratio = similarity(wording.key, asked.key)
        if ratio > limit:
            return f"{ratio:.2f} similar to {asked.label}"
    return None


def _overlap(wording: Wording, trained: list[str]) -> Overlap:
    return Overlap(
        question=wording.question.id,
        similarity=round(max((similarity(wording.key, text) for text in trained), default=0), 3),
        words=round(max((word_overlap(wording.key, text) for text in trained), default=0), 3),
    )
