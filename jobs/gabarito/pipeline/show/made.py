"""What a run made, as far as it has come: its finished artifacts and the records in them."""

from collections.abc import Iterator
from functools import cached_property

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.core.records import Document, Fact, Question
from gabarito.generate.passages import Passage, cut_all
from gabarito.pipeline.runs import Run, not_finished
from gabarito.store.base import Store


class Made:
    """The finished artifacts of a run; its documents are read once."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self.run = run

    def find(self, stage: str) -> Artifact | None:
        """Return the artifact of a stage, or None if it is not finished."""
        if stage not in self.run.fingerprints:
            return None
        return open_artifact(self._store, self.run.address(stage))

    def finished(self, *stages: str) -> Artifact:
        """Return the artifact of the first of these stages that is finished.

        Raises:
            MissingError: if none is.
        """
        for stage in stages:
            if found := self.find(stage):
                return found
        raise not_finished(self.run.run, stages[-1])

    @cached_property
    def documents(self) -> dict[str, Document]:
        """The documents by id."""
        made = self.finished("ingest").records("documents.jsonl", Document)
        return {one.id: one for one in made}

    def passages(self) -> Iterator[Passage]:
        """Yield the passages that the teacher was shown."""
        settings = self.run.pipeline.generate
        if settings is None:
            return iter(())
        return cut_all(self.documents.values(), settings.max_chars)

    def facts(self, *stages: str) -> Iterator[Fact]:
        """Yield the facts of the first of these stages that is finished."""
        return self.finished(*stages).records("facts.jsonl", Fact)

    def questions(self, *stages: str) -> Iterator[Question]:
        """Yield the questions and statements of the first of these stages that is finished."""
        return self.finished(*stages).records("questions.jsonl", Question)
