"""Documents that stand for all that the sources hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gabarito.artifacts.artifact import open_artifact
from gabarito.core.pair_records import Pair
from gabarito.core.records import Document
from gabarito.generate.passages import Passage, cut_all
from gabarito.pipeline.forecast import Extent
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store


@dataclass
class Sample:
    """Documents of each source, and for how many like them each stands."""

    parts: list[tuple[list[Document], float]] = field(default_factory=list)
    pairs: int = 0
    is_open: bool = False
    """Whether there is more of which nobody knows how much: on the web, that is."""

    def add(self, documents: list[Document], share: float) -> None:
        """Add documents which are this share of their source."""
        if documents:
            self.parts.append((documents, 1 / share))

    def extent(self, max_chars: int) -> Extent:
        """Tell how much all of it is, cut into passages of so many characters."""
        passages = sum(times * len(_passages(part, max_chars)) for part, times in self.parts)
        return Extent(
            documents=round(sum(times * len(part) for part, times in self.parts)),
            passages=round(passages),
            is_reckoned=any(times > 1 for _, times in self.parts),
            pairs=self.pairs,
            is_open=self.is_open,
        )

    def some_passages(self, max_chars: int, number: int) -> list[Passage]:
        """Return passages from the beginning, the middle and the end, each text once."""
        found = [one for part, _ in self.parts for one in _passages(part, max_chars)]
        at = ((2 * place + 1) * len(found) // (2 * number) for place in range(number))
        return list({found[place].id: found[place] for place in at if found}.values())


def sample_of_artifact(store: Store, run: Run) -> Sample | None:
    """Return all documents of a run whose sources were read, or None."""
    ingested = open_artifact(store, run.address("ingest"))
    if ingested is None:
        return None
    sample = Sample()
    sample.add(list(ingested.records("documents.jsonl", Document)), 1.0)
    sample.pairs = sum(1 for _ in ingested.records("pairs.jsonl", Pair))
    return sample


def _passages(documents: Iterable[Document], max_chars: int) -> list[Passage]:
    """Cut documents as generate does: a passage that stands in several is read once."""
    return list({passage.id: passage for passage in cut_all(documents, max_chars)}.values())
