"""What an evaluation reads: the exam, and the prompt contract that everything agrees on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.records import Example, Fact, Overlap
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
from gabarito.models import CONTRACT_FILE

R = TypeVar("R", bound=BaseModel)


class CurvePoint(BaseModel):
    """What is drawn of one step of training; the other fields of its line are left out."""

    model_config = ConfigDict(frozen=True)

    step: int
    loss: float | None = None
    exact_match: float | None = None


def read_exam(dataset: Artifact, config: EvaluateConfig) -> Exam:
    """Return every part of the exam; files that a dataset does not have are empty parts.

    Raises:
        DataError: if there is no question at all.
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
    return exam if exam["test"] else _as_trained(exam, dataset)


def _as_trained(exam: dict[Part, list[EvalQuestion]], dataset: Artifact) -> Exam:
    """Return the exam of pairs that nobody worded otherwise: all facts, asked as they are trained.

    Raises:
        DataError: if a fact is of a document: a teacher wrote wordings, and none for the test.
    """
    facts = list(dataset.records("facts.jsonl", Fact))
    if not all(fact.given for fact in facts):
        raise DataError(
            f"{dataset.address.prefix}/test.jsonl: no test question; name at least one wording "
            "family in generate.families.test"
        )
    trained = sample_of_trained(dataset.records("train.jsonl", Example), len(facts))
    return exam | {"test": [replace(item, part="test") for item in trained], "trained": []}


def answer_key(dataset: Artifact, facts: Sequence[Fact]) -> AnswerKey:
    """Return what is right by the facts that are trained, and by the controls: both alike."""
    return AnswerKey([*facts, *_lines(dataset, "control_facts.jsonl", Fact)])


def agreed_contract(dataset: Artifact, adapter: Artifact, merged: Artifact) -> PromptContract:
    """Return the merged model's contract, if dataset and adapter agree with it.

    Raises:
        DataError: names what differs.
    """
    name = f"model/{CONTRACT_FILE}"
    contract = merged.record(name, PromptContract)
    above = (
        (dataset, PromptSettings, "raise train.rerun to train on this dataset"),
        (adapter, PromptContract, "raise merge.rerun to merge this adapter"),
    )
    for artifact, model, cure in above:
        for field, value in artifact.record(CONTRACT_FILE, model):
            got = getattr(contract, field)
            if got != value:
                raise DataError(
                    f"{merged.address.prefix}/{name}: {field} is {got!r}, that of "
                    f"{artifact.address.stage} is {value!r}; {cure}"
                )
    return contract


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
