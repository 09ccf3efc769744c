"""The model that is exported: its folder, its record, and the questions it must still answer."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.artifact import finished_artifact, open_artifact
from gabarito.artifacts.channel import ServedModel
from gabarito.core.errors import UsageError
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.models import CONTRACT_FILE
from gabarito.pipeline.default_channel import default_channel
from gabarito.pipeline.known_answers import KnownAnswer, known_answers
from gabarito.pipeline.made_models import named_model
from gabarito.pipeline.promote import model_of, promoted_model
from gabarito.pipeline.runs import not_finished, read_run
from gabarito.store.base import Store
from gabarito.store.disk import disk_errors

ASKED = 20
"""Known questions that are answered anew; the prompts of all of them are compared."""


@dataclass(frozen=True)
class ExportedModel:
    """A model as it lies in the store, and what it is known to answer, the surest first.

    ``base`` is None where the artifact that names it is gone.
    """

    store: Store
    record: ServedModel
    base: TrainedBase | None
    known: Sequence[KnownAnswer]
    key: AnswerKey

    @property
    def asked(self) -> Sequence[KnownAnswer]:
        """The known questions that every form must answer as before."""
        return self.known[:ASKED]

    @property
    def contract(self) -> PromptContract:
        """The prompt contract, with the threshold that evaluation chose."""
        return self.record.contract

    def fetch(self, folder: Path) -> None:
        """Copy the model there, with the contract as evaluation completed it."""
        finished_artifact(self.store, self.record.model).fetch(folder, "model/")
        self.write_contract(folder)

    def write_contract(self, folder: Path) -> None:
        """Write the contract beside the model, or what was made of it."""
        with disk_errors(str(folder)):
            text = self.contract.model_dump_json(indent=1)
            (folder / CONTRACT_FILE).write_text(f"{text}\n", encoding="utf-8")


def chosen_record(
    store: Store, channel: str | None, run: str | None, digest: str | None
) -> ServedModel:
    """Return the model that a channel serves, a run made, or a digest names: one of them.

    Raises:
        UsageError: if more than one is given, or a digest is too short to mean one.
        MissingError: if there is no such model.
    """
    if sum(one is not None for one in (channel, run, digest)) > 1:
        raise UsageError("--channel, --run and --digest: one model at a time; give one of them")
    if digest is not None:
        return named_model(store, digest)
    if run is None:
        return promoted_model(store, channel or default_channel(store))
    made = model_of(store, read_run(store, run))
    if made is None:
        raise not_finished(run, "evaluate")
    return made


def open_model(store: Store, record: ServedModel) -> ExportedModel:
    """Return all that is known of a model.

    Raises:
        DataError: if what its evaluation read or wrote is gone.
    """
    known, key = known_answers(store, record, sys.maxsize)
    trained = open_artifact(store, read_run(store, record.run).address("train"))
    base = trained.record("base.json", TrainedBase) if trained else None
    return ExportedModel(store, record, base, known, key)
