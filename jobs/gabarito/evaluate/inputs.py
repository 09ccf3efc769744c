"""What an evaluation reads: the exam, and the prompt contract that everything agrees on."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError
from gabarito.core.records import Example, Overlap
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import (
    PARTS,
    EvalQuestion,
    Exam,
    Part,
    drawn,
    questions_of,
    sample_of_trained,
)
from gabarito.models import CONTRACT_FILE, PromptContract, read_contract

R = TypeVar("R", bound=BaseModel)

_CONTRACT = TypeAdapter(dict[str, Any])
"""A contract, or as much of it as a stage before train knows."""


class CurvePoint(BaseModel):
    """What is drawn of one step of training; the other fields of its line are left out."""

    model_config = ConfigDict(frozen=True)

    step: int
    loss: float | None = None
    exact_match: float | None = None


def read_exam(dataset: Artifact, config: EvaluateConfig) -> Exam:
    """Return every part of the exam; files that a dataset does not have are empty parts.

    Raises:
        DataError: if there is no test question.
    """
    trained = dataset.records("train.jsonl", Example)
    exam: dict[Part, list[EvalQuestion]] = {
        "trained": sample_of_trained(trained, config.trained_sample),
        **{
            part: questions_of(part, _lines(dataset, f"{part}.jsonl", Example))
            for part in PARTS[1:]
        },
    }
    exam["retention"] = drawn(exam["retention"], config.retention_sample)
    if not exam["test"]:
        raise DataError(
            f"{dataset.address.prefix}/test.jsonl: no test question; name at least one wording "
            "family in generate.families.test"
        )
    return exam


def agreed_contract(dataset: Artifact, adapter: Artifact, merged: Artifact) -> PromptContract:
    """Return the merged model's contract, if dataset and adapter agree with it.

    Raises:
        DataError: names what differs.
    """
    where = f"{merged.address.prefix}/model/{CONTRACT_FILE}"
    contract = read_contract(merged.read(f"model/{CONTRACT_FILE}"), where)
    _refuse_difference(where, contract, dataset, "raise train.rerun to train on this dataset")
    _refuse_difference(where, contract, adapter, "raise merge.rerun to merge this adapter")
    return contract


def _refuse_difference(where: str, contract: PromptContract, above: Artifact, cure: str) -> None:
    agreed = contract.model_dump()
    for name, value in above.read_json(CONTRACT_FILE, _CONTRACT).items():
        if agreed.get(name) != value:
            raise DataError(
                f"{where}: {name} is {agreed.get(name)!r}, that of {above.address.stage} is "
                f"{value!r}; {cure}"
            )


def similarities(dataset: Artifact) -> dict[str, float]:
    """Return how similar each held-out question is to the nearest trained one of its fact."""
    found = _lines(dataset, "overlaps.jsonl", Overlap)
    return {overlap.question: overlap.similarity for overlap in found}


def curves(train: Artifact) -> list[dict[str, Any]]:
    """Return the curves of training, a line a step."""
    if "curves.jsonl" not in train.manifest.files:
        return []
    return [point.model_dump() for point in train.records("curves.jsonl", CurvePoint)]


def _lines(artifact: Artifact, name: str, model: type[R]) -> list[R]:
    """The records of a file, or none if the artifact has no such file."""
    return list(artifact.records(name, model)) if name in artifact.manifest.files else []
