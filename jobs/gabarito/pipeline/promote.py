"""What a run came to: the model that it made, with the verdict of its gate."""

from pydantic import BaseModel

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.core.errors import DataError
from gabarito.core.model_records import GateVerdict, PromptContract
from gabarito.pipeline.places import file_place, report_command
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store


class _Report(BaseModel):
    """What is read of ``report.json``; there is more in it."""

    contract: PromptContract


PAGE = "report.html"


def evaluation_of(store: Store, run: Run) -> Artifact | None:
    """Return what evaluate made of a run, or None while it is not finished or cannot run."""
    if "evaluate" not in run.fingerprints:
        return None
    return open_artifact(store, run.address("evaluate"))


def model_of(store: Store, run: Run) -> ServedModel | None:
    """Return the model that a run made, or None while its evaluation is not finished.

    Its ``verdict`` tells whether it passed its gate, and the reasons if it did not.

    Raises:
        DataError: if report or verdict have another shape.
    """
    report = evaluation_of(store, run)
    if report is None:
        return None
    return ServedModel(
        pipeline=run.pipeline.name,
        run=run.run,
        merge=run.fingerprints["merge"],
        evaluate=run.fingerprints["evaluate"],
        contract=report.record("report.json", _Report).contract,
        verdict=report.record("gate.json", GateVerdict),
    )


def promote_if_passed(store: Store, run: Run) -> tuple[bool, list[str]]:
    """Promote a finished run's model if it passed its gate; return whether, and why not."""
    model = model_of(store, run)
    if model is None:
        raise DataError(
            f"run {run.run}: evaluate is not finished; run the pipeline to its end first"
        )
    if model.verdict.passed:
        promote(store, run.pipeline.channel, model)
    return model.verdict.passed, model.verdict.reasons


def report_lines(store: Store, run: Run) -> list[str]:
    """Return where the page of a finished run's report lies, and the command that shows it."""
    report = evaluation_of(store, run)
    if report is None:
        return []
    pages = [file_place(store, report, PAGE)] if PAGE in report.manifest.files else []
    return [*(f"report page: {place}" for place in pages), f"report: {report_command(store, run)}"]
