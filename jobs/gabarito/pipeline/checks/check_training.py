"""What training will take: rows, steps, tokens, memory, and by a short probe the time here."""

from collections.abc import Iterator

from gabarito.core.errors import GabaritoError
from gabarito.generate.config import GenerateConfig
from gabarito.pipeline.checks.base_files import small_files
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.document_sample import Sample, sample_of_artifact
from gabarito.pipeline.forecast import kept_trial
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store


def check_training(
    pipeline: PartialPipeline, sample: Sample, store_url: str, *, probes: bool
) -> Iterator[CheckResult]:
    """Forecast what training will take, if its libraries are installed where this runs.

    With ``probes`` the base is tried for some seconds, if it is at hand: nothing is fetched.
    """
    run = _run_of(pipeline)
    if pipeline.train is None or run is None:
        return
    try:
        yield from _forecasts(run, sample, open_store(store_url), probes=probes)
    except ModuleNotFoundError as error:
        said = f"not forecast here: no {error.name}; install the extra train to have it forecast"
        yield CheckResult("training", said)


def _run_of(pipeline: PartialPipeline) -> Run | None:
    """Return the run, None where a file is missing: that is told by whoever looks for it."""
    try:
        return new_run(pipeline)
    except GabaritoError:
        return None


def _forecasts(run: Run, sample: Sample, store: Store, *, probes: bool) -> Iterator[CheckResult]:
    from gabarito.pipeline.checks.expected_rows import expected_rows  # with those of curate
    from gabarito.pipeline.checks.training_here import TrainingHere  # with the libraries of train

    generate = GenerateConfig.model_validate(run.pipeline.section("generate"))
    sample = sample_of_artifact(store, run) or sample
    extent = sample.extent(generate.max_chars)
    expected = expected_rows(store, run, kept_trial(store, run), extent)
    config = run.pipeline.train
    assert config is not None
    with small_files(config.base, store) as folder:
        if folder is not None:
            yield from TrainingHere(run, config, store, folder, expected).findings(probes=probes)
