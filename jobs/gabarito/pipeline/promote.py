"""What a run came to: the model that it made, with the verdict of its gate."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.core.errors import DataError
from gabarito.pipeline.places import file_place, report_command
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store


class _Verdict(BaseModel, extra="allow"):
    """What is read of ``gate.json``; all of it goes into the model's record."""

    passed: bool
    reasons: list[str] = []


class _Report(BaseModel):
    """What is read of ``report.json``; there is more in it."""

    contract: dict[str, Any]


PAGE = "report.html"
_VERDICT = TypeAdapter(_Verdict)
_REPORT = TypeAdapter(_Report)


def model_of(store: Store, run: Run) -> ServedModel | None:
    """Return the model that a run made, or None while its evaluation is not finished.

    Its ``verdict`` tells whether it passed its gate, and the reasons if it did not.

    Raises:
        DataError: if report or verdict have another shape.
    """
    report = open_artifact(store, run.address("evaluate"))
    if report is None:
        return None
    return ServedModel(
        pipeline=run.pipeline.name,
        run=run.run,
        merge=run.fingerprints["merge"],
        evaluate=run.fingerprints["evaluate"],
        contract=report.read_json("report.json", _REPORT).contract,
        verdict=report.read_json("gate.json", _VERDICT).model_dump(),
    )


def promote_if_passed(store: Store, run: Run) -> tuple[bool, list[str]]:
    """Promote a finished run's model if it passed its gate; return whether, and why not."""
    model = model_of(store, run)
    if model is None:
        raise DataError(
            f"run {run.run}: evaluate is not finished; run the pipeline to its end first"
        )
    if model.verdict["passed"]:
        promote(store, run.pipeline.channel, model)
    return bool(model.verdict["passed"]), list(model.verdict["reasons"])


def report_lines(store: Store, run: Run) -> list[str]:
    """Return where the page of a finished run's report lies, and the command that shows it."""
    report = open_artifact(store, run.address("evaluate"))
    if report is None:
        return []
    pages = [file_place(store, report, PAGE)] if PAGE in report.manifest.files else []
    return [*(f"report page: {place}" for place in pages), f"report: {report_command(store, run)}"]
