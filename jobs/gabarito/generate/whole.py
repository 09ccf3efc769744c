"""The whole from its parts: the same whatever the number of shards."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gabarito.core.artifact import Artifact
from gabarito.core.errors import DataError
from gabarito.core.records import Fact, Name, Question, Rejection
from gabarito.generate.passages import Passage
from gabarito.generate.reasons import SAME_FACT, SAME_PASSAGE, dropped
from gabarito.generate.yields import Call, FactYield, PassageYield


@dataclass
class Whole:
    """Everything that the passages yielded, each fact once: at its first place."""

    passages: Sequence[Passage]
    facts: list[FactYield] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    facts_of: Counter[str] = field(default_factory=Counter)
    """How many facts each passage had, those that stand elsewhere too."""

    @property
    def questions(self) -> Iterator[Question]:
        """The questions and statements of all facts."""
        return (question for item in self.facts for question in item.questions)

    @property
    def spent(self) -> float:
        """What all replies cost."""
        return sum(call.cost for call in self.calls)


def once(passages: Iterable[Passage]) -> tuple[list[Passage], list[Rejection]]:
    """Return the passages without those that another document has as well."""
    kept: dict[str, Passage] = {}
    rejections = []
    for passage in passages:
        first = kept.setdefault(passage.id, passage)
        if first is not passage:
            detail = f"{passage.document.id}: stands in {first.document.id} too"
            rejections.append(dropped(passage.id, SAME_PASSAGE, detail, passage.text))
    return list(kept.values()), rejections


def read_parts(parts: Iterable[Artifact], documents: Artifact) -> Iterator[PassageYield]:
    """Yield what the shards' passages yielded.

    Raises:
        DataError: if a shard was made from other documents.
    """
    for part in parts:
        if part.manifest.inputs.get("ingest") != documents.digest:
            message = (
                f"{part.address.prefix}: was made from other documents; set generate.again to "
                "make all shards anew"
            )
            raise DataError(message)
        yield from part.records("passages.jsonl", PassageYield)


def combine(passages: Sequence[Passage], yields: Iterable[PassageYield]) -> Whole:
    """Put what the passages yielded into their order and keep each fact at its first place.

    Raises:
        DataError: if a passage is in no part.
    """
    by_passage = {item.passage: item for item in yields}
    whole = Whole(passages)
    first: dict[str, Fact] = {}
    for passage in passages:
        found = by_passage.get(passage.id)
        if found is None:
            message = f"passage {passage.id}: is in no shard; set generate.again to make all anew"
            raise DataError(message)
        whole.rejections += found.rejections
        whole.calls += found.calls
        whole.facts_of[passage.id] = len(found.facts)
        for item in found.facts:
            if item.fact.id in first:
                whole.rejections.append(_same(item.fact, first[item.fact.id]))
                whole.calls += item.calls
                continue
            first[item.fact.id] = item.fact
            whole.facts.append(item)
            whole.rejections += item.rejections
            whole.calls += item.calls
    return whole


def _same(fact: Fact, first: Fact) -> Rejection:
    detail = f"{fact.document}: stands in {first.document} too"
    return dropped(fact.id, SAME_FACT, detail, fact.model_dump_json())
