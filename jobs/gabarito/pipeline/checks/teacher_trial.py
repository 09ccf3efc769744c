"""What a teacher makes of some passages, and what it takes: as generate asks, but not all of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gabarito.artifacts.cache import Cache
from gabarito.chat import DaemonPool
from gabarito.core.teacher_config import TeacherSettings
from gabarito.generate.config import GenerateConfig
from gabarito.generate.passages import Passage
from gabarito.generate.results import Call, FactResult, OpenResult, PassageResult, RewriteResult
from gabarito.generate.tasks import Tasks
from gabarito.generate.teachers.open_teacher import open_second, open_teacher
from gabarito.pipeline.checks.document_sample import DrawnPassage
from gabarito.pipeline.checks.expected_rows import spread
from gabarito.pipeline.forecast import Trial, TriedPassage, Use
from gabarito.store.base import Store

WORDED_FACTS = 16
"""Facts that are asked for their wordings: of one and the next these take about the same."""

TOLD_PASSAGES = 3
"""Passages that are told anew, and asked for what they leave open."""

R = TypeVar("R")


@dataclass(frozen=True)
class _TriedReplies:
    """What came of the passages, of some of their facts, and of the passages that were told."""

    looks: Sequence[PassageResult]
    worded: Sequence[FactResult] = ()
    told: int = 0
    rewritten: Sequence[RewriteResult] = ()
    opened: Sequence[OpenResult] = ()


def try_teacher(
    drawn: Sequence[DrawnPassage],
    settings: GenerateConfig,
    teacher: TeacherSettings,
    store: Store,
) -> Trial:
    """Ask for the facts of passages, for wordings of some of them, and for what else is set.

    Raises:
        GabaritoError: what the first call that failed raised.
    """
    cache = Cache(store, "generate")
    with (
        open_teacher(teacher.model_copy(update={"batch": False}), cache) as first,
        open_second(settings, first, cache) as second,
    ):
        found = _asked([one.passage for one in drawn], Tasks(first, settings, second), first.pool)
        meters = {one.client.meter for one in (first, second) if one}
        return _trial_of(drawn, found, settings, sum(meter.waited_s for meter in meters))


def _asked(passages: Sequence[Passage], tasks: Tasks, pool: DaemonPool) -> _TriedReplies:
    looks = _all(pool, (partial(tasks.extract_facts, one) for one in passages))
    held = [(one, look.facts) for one, look in zip(passages, looks, strict=True) if look.facts]
    facts = {
        item.fact.id: (item.fact, one.document.language) for one, items in held for item in items
    }
    words = [partial(tasks.write_questions, *one) for one in spread(facts.values(), WORDED_FACTS)]
    told = spread([one for one, _ in held], TOLD_PASSAGES)
    anew = [partial(tasks.rewrite, one, name) for one in told for name in tasks.formats]
    left = [partial(tasks.write_open_questions, one) for one in told if tasks.asks_open_questions]
    return _TriedReplies(looks, _all(pool, words), len(told), _all(pool, anew), _all(pool, left))


def _all(pool: DaemonPool, asks: Iterable[Callable[[], R]]) -> list[R]:
    futures = [pool.submit(ask) for ask in asks]
    return [future.result() for future in futures]


def _trial_of(
    drawn: Sequence[DrawnPassage], found: _TriedReplies, settings: GenerateConfig, waited_s: float
) -> Trial:
    families = {family.name for family in settings.families.all}
    written = [question for fact in found.worded for question in fact.questions]
    kinds = Counter(question.kind for question in written)
    telling = [*_calls(found.rewritten), *_calls(found.opened)]
    calls = [*_calls(found.looks), *_calls(found.worded), *telling]
    sent = sum(call.source == "teacher" for call in calls)
    return Trial(
        passages=tuple(
            TriedPassage(
                chars=len(one.passage.text),
                share=one.share,
                facts=len(look.facts),
                look=_use(look.calls),
            )
            for one, look in zip(drawn, found.looks, strict=True)
        ),
        worded=len(found.worded),
        wordings=sum(question.family in families for question in written),
        asked=len(found.worded) * len(families),
        wording=_use(_calls(found.worded)),
        told=found.told,
        telling=_use(telling),
        seconds=waited_s * len(calls) / sent if sent else 0.0,
        statements=kinds["statement"],
        reverse=kinds["reverse"],
        questions=tuple(
            (one.text, one.answer) for one in spread(q for q in written if q.kind != "statement")
        ),
        stated=tuple(one.text for one in spread(q for q in written if q.kind == "statement")),
        rewrites=tuple(one.rewrite for one in found.rewritten if one.rewrite),
        open=tuple(question.text for one in found.opened for question in one.questions),
    )


def _calls(
    results: Iterable[PassageResult | FactResult | RewriteResult | OpenResult],
) -> list[Call]:
    return [call for result in results for call in result.calls]


def _use(calls: Iterable[Call]) -> Use:
    uses = (
        Use(
            requests=1,
            prompt_tokens=call.prompt_tokens,
            completion_tokens=call.completion_tokens,
            cost=call.cost,
        )
        for call in calls
    )
    return sum(uses, Use())
