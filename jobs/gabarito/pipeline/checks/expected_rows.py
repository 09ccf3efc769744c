"""How many rows a run will train on, and some of them: counted where made, else reckoned."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import (
    ExamPart,
    Example,
    ExampleKind,
    Fact,
    Message,
    OpenQuestion,
    PairsInfo,
    Question,
    Rewrite,
    with_system,
)
from gabarito.curate.config import CurateConfig
from gabarito.curate.decontaminate import FreeQuestion, UnanswerableQuestion
from gabarito.curate.document_rows import pieces_of, size_of
from gabarito.curate.examples import refusal_in
from gabarito.curate.general_prompts import GeneralPrompt
from gabarito.curate.general_tasks import GeneralTask
from gabarito.generate.config import Families, GenerateConfig
from gabarito.pipeline.forecast import Extent, Trial
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

T = TypeVar("T")

SAMPLED = 48
"""Rows of each kind whose length stands for that of all."""


@dataclass(frozen=True)
class ExpectedRows:
    """Rows to train by kind, questions to ask by part of the exam, and samples of the rows."""

    facts: int
    trained: Mapping[ExampleKind, int]
    asked: Mapping[str, int]
    examples: Sequence[Example]
    prompt: PromptSettings
    prompts: Sequence[str] = field(default=())
    is_counted: bool = False
    """Whether the dataset is made, and its rows are counted."""


def expected_rows(
    store: Store, run: Run, trial: Trial | None, extent: Extent
) -> ExpectedRows | None:
    """Return what a run will train on; None where nobody knows how many facts there are."""
    dataset = open_artifact(store, run.address("curate"))
    if dataset:
        return _of_dataset(dataset)
    settings = run.pipeline.section("generate")
    curate = run.pipeline.curate
    assert isinstance(settings, GenerateConfig)
    generated = open_artifact(store, run.address("generate"))
    if generated:
        return _Writer(curate, settings).of(_of_pairs(generated))
    if trial and trial.facts and extent.passages:
        return _Writer(curate, settings).of(_of_trial(trial, extent, settings.families))
    return None


def spread(items: Iterable[T], most: int = SAMPLED) -> list[T]:
    """Return at most so many items, from everywhere in their order."""
    listed = list(items)
    count = min(most, len(listed))
    return [listed[place * len(listed) // count] for place in range(count)]


def _of_dataset(dataset: Artifact) -> ExpectedRows:
    rows = list(dataset.records("train.jsonl", Example))
    counts = {name: int(count) for name, count in dataset.manifest.counts.items()}
    kinds = Counter[ExampleKind](row.kind for row in rows)
    asked = {name: counts.get(name, 0) for name in get_args(ExamPart)} | {
        "trained": counts["facts"]
    }
    replay = [row.messages[-1].content for row in dataset.records("replay.jsonl", Example)]
    return ExpectedRows(
        facts=counts["facts"],
        trained={**kinds, "replay": len(replay)},
        asked=asked,
        examples=[row for kind in kinds for row in spread(r for r in rows if r.kind == kind)],
        prompt=dataset.record("prompt.json", PromptSettings),
        prompts=spread(replay),
        is_counted=True,
    )


@dataclass(frozen=True)
class _Yield:
    """What the teacher wrote, or will write: counts by split, and samples."""

    facts: float
    train: float
    validation: float
    test: float
    reverse: float
    statements: float
    open: float
    retold: float
    """Length of the passages as they are told anew, in UTF-8."""
    questions: Sequence[tuple[str, str]]
    stated: Sequence[str]
    left_open: Sequence[str]
    pieces: Sequence[str]
    """Rows that would be made of the passages as they are told anew."""
    language: str


def _of_pairs(generated: Artifact) -> _Yield:
    info = generated.record("pairs.json", PairsInfo)
    questions = list(generated.records("questions.jsonl", Question))
    families = Counter(one.family for one in questions if one.kind == "question")
    kinds = Counter(one.kind for one in questions)
    held = {*info.families.validation, *info.families.test}
    asked = spread(one for one in questions if one.kind != "statement")
    stated = spread(one for one in questions if one.kind == "statement")
    left_open = [one.text for one in generated.records("open_questions.jsonl", OpenQuestion)]
    pieces = _pieces(generated.records("rewrites.jsonl", Rewrite))
    return _Yield(
        facts=sum(1 for _ in generated.records("facts.jsonl", Fact)),
        train=sum(count for family, count in families.items() if family not in held),
        validation=sum(families[name] for name in info.families.validation),
        test=sum(families[name] for name in info.families.test),
        reverse=kinds["reverse"],
        statements=kinds["statement"],
        open=len(left_open),
        retold=sum(map(size_of, pieces)),
        questions=[(one.text, one.answer) for one in asked],
        stated=[one.text for one in stated],
        left_open=spread(left_open),
        pieces=spread(pieces),
        language=info.language,
    )


def _of_trial(trial: Trial, extent: Extent, families: Families) -> _Yield:
    facts = trial.facts_in(extent).likely + extent.pairs
    each = facts / trial.worded
    told = trial.told_in(extent)
    pieces = _pieces(trial.rewrites)
    share = trial.wordings / trial.asked if trial.asked else 0.0
    return _Yield(
        facts=facts,
        train=facts * len(families.train) * share + extent.pairs,
        validation=facts * len(families.validation) * share,
        test=facts * len(families.test) * share,
        reverse=trial.reverse * each,
        statements=trial.statements * each,
        open=len(trial.open) * told,
        retold=sum(map(size_of, pieces)) * told,
        questions=trial.questions,
        stated=trial.stated,
        left_open=trial.open,
        pieces=spread(pieces),
        language="",
    )


def _pieces(rewrites: Iterable[Rewrite]) -> list[str]:
    return [piece.text for rewrite in rewrites for piece in pieces_of(rewrite)]


@dataclass(frozen=True)
class _Writer:
    """Makes rows as curate does, of what the teacher writes."""

    curate: CurateConfig
    generate: GenerateConfig

    def of(self, found: _Yield) -> ExpectedRows:
        """Return the rows that come of it, if nothing is dropped."""
        curate, exam = self.curate, self.curate.exam
        language = self.generate.language or found.language
        refusal = curate.refusal or refusal_in(language)
        prompt = PromptSettings(system=curate.system_prompt, refusal=refusal)
        prompts = [one.text for one in _lines(curate.prompts, GeneralPrompt)]
        ways = 1 + curate.conversations  # alone, and some of them in a conversation, too
        left_open = found.open if curate.refusals else 0.0
        trained: dict[ExampleKind, int] = {
            "question": round(found.train * ways),
            "reverse": round(found.reverse),
            "statement": round(found.statements),
            "document": round(self._told_anew(found)),
            "refusal": round(
                (curate.refusals * found.train + (1 - curate.held_back) * left_open) * ways
            ),
            "replay": (len(prompts) + 1) // 2,
        }
        asked = {
            "trained": round(found.facts),
            "validation": round(found.validation),
            "test": round(found.test),
            "free": len(_lines(exam.free, FreeQuestion)),
            "unanswerable": len(_lines(exam.unanswerable, UnanswerableQuestion))
            + curate.unanswerable
            + round(curate.held_back * left_open),
            "retention": len(prompts) // 2,
            "tasks": len(_lines(curate.tasks, GeneralTask)),
            "sentences": round(found.test) if curate.answers == "both" else 0,
        }
        return ExpectedRows(
            facts=round(found.facts),
            trained=trained,
            asked=asked,
            examples=list(_examples(found, prompt)),
            prompt=prompt,
            prompts=spread(prompts),
        )

    def _told_anew(self, found: _Yield) -> float:
        """Return the rows of rewrites: as much as is wanted beside the questions, or all."""
        if not found.pieces:
            return 0.0
        asked = [size_of(text) + size_of(answer) for text, answer in found.questions]
        row = sum(asked) / max(1, len(asked))
        wanted = self.curate.rewrites * (found.train + found.reverse) * row
        piece = sum(map(size_of, found.pieces)) / len(found.pieces)
        return min(wanted, found.retold) / piece


def _examples(found: _Yield, prompt: PromptSettings) -> Iterator[Example]:
    for text, answer in found.questions:
        yield _example("question", prompt.system, text, answer)
        yield _example("refusal", prompt.system, text, prompt.refusal)
    for text in found.left_open:
        yield _example("refusal", prompt.system, text, prompt.refusal)
    for text in found.stated:
        yield _plain("statement", text)
    for text in found.pieces:
        yield _plain("document", text)


def _plain(kind: ExampleKind, text: str) -> Example:
    said = Message(role="assistant", content=text)
    return Example(messages=(said,), kind=kind, question="", split="train")


def _example(kind: ExampleKind, system: str, text: str, answer: str) -> Example:
    asked = with_system(system, [Message(role="user", content=text)])
    said = Message(role="assistant", content=answer)
    return Example(messages=(*asked, said), kind=kind, question="", split="train")


L = TypeVar("L", FreeQuestion, UnanswerableQuestion, GeneralPrompt, GeneralTask)


def _lines(path: str | None, kind: type[L]) -> list[L]:
    return read_lines(path, kind) if path else []
