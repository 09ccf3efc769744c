"""What passages and facts yielded, and the whole that the shards make together."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError
from gabarito.core.pair_records import Pair
from gabarito.core.reasons import GenerateReason, rejected
from gabarito.core.records import (
    Fact,
    Name,
    OpenQuestion,
    PassageText,
    Question,
    Record,
    Rejection,
    Rewrite,
)
from gabarito.generate.passages import Passage
from gabarito.generate.replies import without_halves

PAIRS_FILE = "worded_pairs.jsonl"
"""The facts that people gave, with their wordings, of a shard."""

Task = Literal["facts", "missed", "verify", "questions", "names", "rewrite", "open"]


Status = Literal["good", "nothing", "cut", "useless"]


class Call(Record):
    """The fate of one request: what it was for, what it used, and what came of it.

    ``source`` tells whether the teacher was asked or an earlier reply was at hand; ``tries``
    counts what it took to get the reply; ``cost`` is in the currency of the prices.
    """

    task: Task
    item: str
    attempt: int
    source: Literal["teacher", "cache"]
    status: Status
    finish_reason: str
    tries: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    offered: int
    kept: int = 0


class FactResult(Record):
    """A fact, its questions, and how they came about."""

    fact: Fact
    questions: tuple[Question, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    calls: tuple[Call, ...] = ()


class RewriteResult(Record):
    """A passage in one format, if what came passed the checks, and how it came about."""

    rewrite: Rewrite | None
    rejections: tuple[Rejection, ...]
    calls: tuple[Call, ...]


class OpenResult(Record):
    """The questions that a passage leaves open, of so many ``asked``, and how they came about."""

    questions: tuple[OpenQuestion, ...]
    asked: int
    rejections: tuple[Rejection, ...]
    calls: tuple[Call, ...]


class PassageResult(Record):
    """The facts of a passage, and how they came about."""

    passage: str
    facts: tuple[FactResult, ...]
    rejections: tuple[Rejection, ...]
    calls: tuple[Call, ...]
    doubts: tuple[Rejection, ...] = ()
    """Why a second opinion does not confirm facts, whatever became of them."""
    rewrites: tuple[RewriteResult, ...] = ()
    open: OpenResult | None = None


@dataclass
class Whole:
    """Everything that the passages yielded, each fact once: at its first place."""

    passages: Sequence[Passage]
    facts: list[FactResult] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    doubts: list[Rejection] = field(default_factory=list)
    rewrites: list[RewriteResult] = field(default_factory=list)
    open: list[OpenResult] = field(default_factory=list)
    facts_of: Counter[str] = field(default_factory=Counter)
    """How many facts each passage had, those that stand elsewhere too."""
    held_by: dict[str, list[str]] = field(default_factory=dict)
    """The ids of the facts that each passage holds, those that stand elsewhere too."""

    @property
    def questions(self) -> Iterator[Question]:
        """The questions and statements of all facts."""
        return (question for item in self.facts for question in item.questions)

    @property
    def open_questions(self) -> Iterator[OpenQuestion]:
        """The questions that the passages leave open."""
        return (question for item in self.open for question in item.questions)

    @property
    def passage_texts(self) -> Iterator[PassageText]:
        """The passages with the headings that they stand under."""
        for one in self.passages:
            lines = dict.fromkeys((one.document.title, *one.headings, one.text))
            yield PassageText(
                id=one.id,
                document=one.document.id,
                text="\n\n".join(lines),
                facts=tuple(self.held_by.get(one.id, ())),
            )

    @property
    def of_documents(self) -> list[FactResult]:
        """The facts that stand in documents; the others are people's own."""
        return [item for item in self.facts if not item.fact.given]

    @property
    def spent(self) -> float:
        """What all replies cost."""
        return sum(call.cost for call in self.calls)

    def spent_without(self, task: Task) -> float:
        """Return what the replies of the other tasks cost."""
        return sum(call.cost for call in self.calls if call.task != task)


def dropped(
    item: str, reason: GenerateReason, detail: str = "", raw: str | Mapping[str, Any] = ""
) -> Rejection:
    """Return the ledger's record; ``raw`` is a text, or an object of a reply."""
    try:
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
    except RecursionError:  # lists in lists that could be read just so
        text = "nested too deep to be shown"
    return rejected(reason, item, detail, without_halves(text))


def once(passages: Iterable[Passage]) -> tuple[list[Passage], list[Rejection]]:
    """Return the passages without those that another document has as well."""
    kept: dict[str, Passage] = {}
    rejections = []
    for passage in passages:
        first = kept.setdefault(passage.id, passage)
        if first is not passage:
            detail = f"{passage.document.id}: stands in {first.document.id} too"
            rejections.append(
                dropped(passage.id, GenerateReason.SAME_PASSAGE, detail, passage.text)
            )
    return list(kept.values()), rejections


def read_parts(parts: Iterable[Artifact], documents: Artifact) -> Iterator[PassageResult]:
    """Yield what the shards' passages yielded.

    Raises:
        DataError: if a shard was made from other documents.
    """
    for part in parts:
        if part.manifest.inputs.get("ingest") != documents.digest:
            raise DataError(
                f"{part.address.prefix}: was made from other documents; set generate.rerun to "
                "make all shards anew"
            )
        yield from part.records("passages.jsonl", PassageResult)


def add_pairs(whole: Whole, pairs: Iterable[Pair], parts: Iterable[Artifact]) -> None:
    """Add the facts that people gave, with the wordings that the shards have of them.

    Raises:
        DataError: if a pair is in no part.
    """
    worded = {item.fact.id: item for part in parts for item in part.records(PAIRS_FILE, FactResult)}
    for pair in pairs:
        found = worded.get(pair.fact.id)
        if found is None:
            raise DataError(f"{pair.row}: is in no shard; set generate.rerun to make all anew")
        whole.facts.append(found)
        whole.rejections += found.rejections
        whole.calls += found.calls


def merge_shards(passages: Sequence[Passage], yields: Iterable[PassageResult]) -> Whole:
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
            raise DataError(
                f"passage {passage.id}: is in no shard; set generate.rerun to make all anew"
            )
        whole.rejections += found.rejections
        whole.calls += found.calls
        whole.doubts += found.doubts
        for told in found.rewrites:
            whole.rewrites.append(told)
            whole.rejections += told.rejections
            whole.calls += told.calls
        if found.open:
            whole.open.append(found.open)
            whole.rejections += found.open.rejections
            whole.calls += found.open.calls
        whole.facts_of[passage.id] = len(found.facts)
        whole.held_by[passage.id] = [item.fact.id for item in found.facts]
        for item in found.facts:
            if item.fact.id in first:
                fact, where = item.fact, first[item.fact.id].document
                detail = f"{fact.document}: stands in {where} too"
                whole.rejections.append(
                    dropped(fact.id, GenerateReason.SAME_FACT, detail, fact.model_dump_json())
                )
                whole.calls += item.calls
                continue
            first[item.fact.id] = item.fact
            whole.facts.append(item)
            whole.rejections += item.rejections
            whole.calls += item.calls
    return whole
