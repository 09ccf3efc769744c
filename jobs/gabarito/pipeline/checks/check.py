"""What can be tried before a run: settings, files, store, teacher, base model.

Each check yields what it found; what would make a run fail is a finding with an error.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.errors import DataError, GabaritoError, SettingsError
from gabarito.core.model_records import PromptSettings
from gabarito.pipeline.checks.check_base import check_base
from gabarito.pipeline.checks.check_documents import check_documents
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.check_training import check_training
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.schema import PartialPipeline, read_pipeline
from gabarito.pipeline.stages import STAGES
from gabarito.pipeline.written_files import lines_of, written_files
from gabarito.store.conformance import ROUND_TRIP, probe
from gabarito.store.open import open_store

NO_REFUSALS = (
    "none: the pairs are trained as they stand, and of what they do not answer only their own "
    "questions for other years teach the model to refuse; generate.teacher writes more"
)


def all_findings(
    path: Path | str, store_url: str, *, probes: bool = False, asks: bool = True
) -> Iterator[CheckResult]:
    """Try everything that PIPELINE and the store need; one failure does not hide the next.

    With ``probes`` the base is trained for some seconds, to tell how long training will take;
    without ``asks`` neither teacher nor judge is asked, which may be where only stages reach them.
    """
    pipeline = None
    try:
        pipeline = read_pipeline(path, last="ingest")
        yield CheckResult("settings", f"{path}: valid")
    except SettingsError as error:
        yield CheckResult("settings", str(error), error)
    of_store = list(_tried("store", lambda: _store(store_url)))
    yield from of_store
    if pipeline is None:
        return
    usable_store = None if any(finding.error for finding in of_store) else store_url
    of_ocr = list(_tried("ocr", partial(_ocr, pipeline), extra="ingest"))
    yield from of_ocr
    sample = Sample()
    if not any(finding.error for finding in of_ocr):
        for number in range(len(pipeline.ingest.sources)):
            read = partial(check_documents, pipeline, number, sample)
            yield from _tried("documents", read, extra="ingest")
    yield from _questions(pipeline)
    of_base = list(_base(pipeline, usable_store))
    yield from of_base
    if asks:
        yield from _teachers(pipeline, sample, usable_store)
    if usable_store is not None and not any(finding.error for finding in of_base):
        forecast = partial(check_training, pipeline, sample, usable_store, probes=probes)
        yield from _tried("training", forecast)
    if asks:
        yield from _tried("judge", partial(_judge, pipeline))
    yield from _stages(pipeline)


def _base(pipeline: PartialPipeline, store_url: str | None) -> Iterator[CheckResult]:
    if pipeline.train is not None:
        curate = pipeline.curate
        prompt = PromptSettings(system=curate.system_prompt, refusal=curate.refusal or "")
        yield from _tried("base", partial(check_base, pipeline.train, prompt, store_url))


def _teachers(
    pipeline: PartialPipeline, sample: Sample, store_url: str | None
) -> Iterator[CheckResult]:
    """Ask the teachers for a few tokens, and where they answer about a few passages."""
    settings = pipeline.generate
    if settings is None:
        return
    if settings.teacher is None:
        if pipeline.ingest.is_of_pairs_alone:
            yield CheckResult("teacher", NO_REFUSALS, is_warning=True)
        return
    from gabarito.pipeline.checks.check_teacher import (  # with the libraries of generate
        check_second_opinion,
        check_teacher,
        try_passages,
    )

    answers = [
        *_tried("teacher", partial(check_teacher, settings.teacher)),
        *_tried("second opinion", partial(check_second_opinion, settings)),
    ]
    yield from answers
    if store_url is not None and not any(one.error for one in answers):
        yield from _tried("teacher", partial(try_passages, pipeline, sample, store_url))


def _judge(pipeline: PartialPipeline) -> Iterator[CheckResult]:
    if pipeline.evaluate.judge:
        from gabarito.pipeline.checks.check_answer import check_judge  # compares answers, too

        yield from check_judge(pipeline.evaluate)


def _tried(
    what: str, check: Callable[[], Iterator[CheckResult]], extra: str | None = None
) -> Iterator[CheckResult]:
    """Try something; where the libraries of ``extra`` are not installed, say that it was not.

    ``helm test`` checks in the image of generate, which reads no HTML, PDF or Word.
    """
    try:
        yield from check()
    except GabaritoError as error:
        yield CheckResult(what, str(error), error)
    except ModuleNotFoundError as error:
        if extra is None:
            raise
        said = f"not tried here: no {error.name}; install the extra {extra} to have it tried"
        yield CheckResult(what, said, is_warning=True)


def _store(url: str) -> Iterator[CheckResult]:
    for probed in probe(open_store(url)):
        said = f"{probed.promise}: {probed.said}"
        is_lost = probed.promise == ROUND_TRIP and not probed.is_kept
        error = DataError(f"{url}: {said}; give another store") if is_lost else None
        yield CheckResult("store", said, error, is_warning=not probed.is_kept)


def _ocr(pipeline: PartialPipeline) -> Iterator[CheckResult]:
    """Look whether what reads pictures is installed, where they are to be read."""
    languages = pipeline.ingest.ocr
    if languages:
        import gabarito.ingest.look  # noqa: F401  # tells whether this is where files are read
        from gabarito.ingest.formats.ocr.tesseract import engine_for

        said = f"{engine_for(languages)} reads {', '.join(languages)} in pictures"
        yield CheckResult("ocr", said)


def _questions(pipeline: PartialPipeline) -> Iterator[CheckResult]:
    """Read what people wrote: curate reads it after the teacher is paid."""
    for setting, path in written_files(pipeline):
        yield from _tried("questions", partial(_written, setting, path), extra="curate")


def _written(setting: str, path: str) -> Iterator[CheckResult]:
    try:
        digest_of_path(path)
    except DataError as error:
        raise type(error)(f"{setting}: {error}") from error
    yield CheckResult("questions", f"{path}: {lines_of(setting, path)} lines")


def _stages(pipeline: PartialPipeline) -> Iterator[CheckResult]:
    """Tell which stages cannot run yet, and what is missing for them."""
    until = pipeline.stages[-1]
    for lacking, stages in groupby(STAGES, key=pipeline.lacks):
        if lacking:
            said = f"{', '.join(stages)} cannot run without {' and '.join(lacking)}"
            yield CheckResult("stages", said, is_warning=True, until=until)
