"""Whether the teacher answers, and what it makes of a few passages of the documents."""

from collections import Counter
from collections.abc import Iterator, Sequence

from gabarito.artifacts.cache import Cache
from gabarito.chat.open_client import Role
from gabarito.core.teacher_config import TeacherSettings
from gabarito.curate.config import CurateConfig
from gabarito.generate.config import GenerateConfig
from gabarito.generate.passages import Passage
from gabarito.generate.results import PassageResult
from gabarito.generate.scheduler import Scheduler
from gabarito.generate.tasks import Tasks
from gabarito.generate.teachers.open_teacher import (
    FIRST,
    open_second,
    open_teacher,
    role_of_second,
)
from gabarito.pipeline.checks.check_answer import said_by
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.document_sample import Sample, sample_of_artifact
from gabarito.pipeline.checks.expected_rows import spread
from gabarito.pipeline.forecast import Trial, forecast_of, keep_trial, kept_trial
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store

TRIED_PASSAGES = 3


def check_teacher(settings: TeacherSettings) -> Iterator[CheckResult]:
    """Ask the teacher for a few tokens."""
    yield _answer(settings, FIRST)


def check_second_opinion(settings: GenerateConfig) -> Iterator[CheckResult]:
    """Ask who has the second opinion for a few tokens, if that is another."""
    second = settings.verify.teacher
    if second and settings.verify.on_doubt:
        yield _answer(second, role_of_second(settings))


def try_passages(
    pipeline: PartialPipeline, sample: Sample, store_url: str
) -> Iterator[CheckResult]:
    """Ask for the facts and questions of three passages, and reckon what all will take.

    The replies are kept in the store: a run does not ask for them again.
    """
    settings = pipeline.generate
    if settings is None or settings.teacher is None:
        return
    # later stages are looked at elsewhere: files that they name may be missing
    until_generate = {"curate": CurateConfig(), "train": None}
    run = new_run(pipeline.model_copy(update=until_generate))
    yield from _trial(run, settings.teacher, sample, open_store(store_url))


def _answer(settings: TeacherSettings, role: Role) -> CheckResult:
    what = "teacher" if role is FIRST else "second opinion"
    return CheckResult(what, said_by(settings, role))


def _trial(
    run: Run, teacher: TeacherSettings, sample: Sample, store: Store
) -> Iterator[CheckResult]:
    settings = GenerateConfig.model_validate(run.pipeline.section("generate"))
    sample = sample_of_artifact(store, run) or sample
    passages = sample.some_passages(settings.max_chars, TRIED_PASSAGES)
    if not passages:
        return
    trial = _tried(passages, _at_once(settings), teacher, store)
    kept = kept_trial(store, run)
    known_s = kept.seconds if kept else 0.0
    lasting = trial if trial.seconds else trial.model_copy(update={"seconds": known_s})
    keep_trial(store, run, lasting)
    is_poor = trial.wordings < settings.yield_floor * trial.asked or not trial.facts
    cure = "; look at the documents, or try another generate.teacher.model" if is_poor else ""
    known = "" if trial.seconds else " (all of the replies were kept from earlier)"
    yield CheckResult("teacher", f"{trial.said}{known}{cure}", is_warning=is_poor)
    extent = sample.extent(settings.max_chars)
    yield CheckResult("forecast", forecast_of(extent, lasting, teacher))


def _at_once(settings: GenerateConfig) -> GenerateConfig:
    """Return the settings with which no batch of second opinions is waited for."""
    second = settings.verify.teacher
    opinion = {"teacher": second and second.model_copy(update={"batch": False})}
    verify = settings.verify.model_copy(update=opinion)
    return settings.model_copy(update={"verify": verify})


def _tried(
    passages: Sequence[Passage], settings: GenerateConfig, teacher: TeacherSettings, store: Store
) -> Trial:
    cache = Cache(store, "generate")
    with (
        open_teacher(teacher.model_copy(update={"batch": False}), cache) as first,
        open_second(settings, first, cache) as second,
    ):
        found = Scheduler(passages, first, Tasks(first, settings, second)).run(_unreported)
        asked = {id(one): one.client.meter for one in (first, second) if one}
        waited_s = sum(meter.waited_s for meter in asked.values())
    return _trial_of(found, settings, waited_s)


def _unreported(*_: object, **__: object) -> None:
    """Three passages need no account of how far they are."""


def _trial_of(found: Sequence[PassageResult], settings: GenerateConfig, waited_s: float) -> Trial:
    facts = [fact for passage in found for fact in passage.facts]
    calls = [call for passage in found for call in passage.calls]
    calls += [call for fact in facts for call in fact.calls]
    calls += [call for passage in found for told in passage.rewrites for call in told.calls]
    calls += [call for passage in found if passage.open for call in passage.open.calls]
    sent = sum(call.source == "teacher" for call in calls)
    names = {family.name for family in settings.families.all}
    written = [question for fact in facts for question in fact.questions]
    kinds = Counter(question.kind for question in written)
    return Trial(
        passages=len(found),
        facts=len(facts),
        wordings=sum(question.family in names for question in written),
        asked=len(facts) * len(names),
        requests=len(calls),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cost=sum(call.cost for call in calls),
        seconds=waited_s * len(calls) / sent if sent else 0.0,
        statements=kinds["statement"],
        reverse=kinds["reverse"],
        questions=tuple(
            (one.text, one.answer) for one in spread(q for q in written if q.kind != "statement")
        ),
        stated=tuple(one.text for one in spread(q for q in written if q.kind == "statement")),
    )
