"""Whether the teacher answers, and what it makes of a few passages of the documents."""

from collections.abc import Iterator

from gabarito.chat.open_client import Role
from gabarito.core.teacher_config import TeacherSettings
from gabarito.curate.config import CurateConfig
from gabarito.generate.config import GenerateConfig
from gabarito.generate.teachers.open_teacher import FIRST, role_of_second
from gabarito.pipeline.checks.check_answer import said_by
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.document_sample import Sample, sample_of_artifact
from gabarito.pipeline.checks.teacher_trial import try_teacher
from gabarito.pipeline.forecast import forecast_of, keep_trial, kept_trial
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store

TRIED_PASSAGES = 8


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
    """Ask about some passages and some of their facts, and reckon what all will take.

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
    drawn = sample.draw(settings.max_chars, TRIED_PASSAGES)
    if not drawn:
        return
    trial = try_teacher(drawn, _at_once(settings), teacher, store)
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
