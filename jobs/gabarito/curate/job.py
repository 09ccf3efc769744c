"""Make a dataset whose test wordings are never trained.

facts.jsonl, questions.jsonl, names.jsonl, pairs.json, passage_texts.jsonl, rewrites.jsonl,
open_questions.jsonl, documents.jsonl
    ->  train.jsonl, validation.jsonl, test.jsonl, sentences.jsonl, free.jsonl, unanswerable.jsonl,
        replay.jsonl, retention.jsonl, tasks.jsonl, controls.jsonl, facts.jsonl,
        control_facts.jsonl, questions.jsonl, overlaps.jsonl, coverage.json, review.json,
        prompt.json, README.md, ledger.jsonl
"""

from typing import TypeVar

from pydantic import BaseModel

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.jsonl import read_lines, read_numbered
from gabarito.core.errors import DataError
from gabarito.core.records import (
    Document,
    Fact,
    Name,
    OpenQuestion,
    PairsInfo,
    PassageText,
    Question,
    Rewrite,
    to_jsonl,
)
from gabarito.curate.card import card, facts_without_sentence, fewer_wordings, untested
from gabarito.curate.config import CurateConfig
from gabarito.curate.corrections import Correction
from gabarito.curate.dataset import Dataset, Pairs, Written, build
from gabarito.curate.decontaminate import FreeQuestion, UnanswerableQuestion
from gabarito.curate.general_prompts import GeneralPrompt
from gabarito.curate.general_tasks import GeneralTask

R = TypeVar("R", bound=BaseModel)


def run(config: CurateConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here."""
    pairs = _read_pairs(work.inputs["generate"], work.inputs["ingest"])
    written = Written(
        free=_read(config.exam.free, FreeQuestion),
        unanswerable=_read(config.exam.unanswerable, UnanswerableQuestion),
        prompts=_read(config.prompts, GeneralPrompt),
        tasks=_read(config.tasks, GeneralTask),
        corrections=read_numbered(config.corrections, Correction) if config.corrections else [],
    )
    dataset = build(config, pairs, written)
    if not dataset.files["train"]:
        most = ", ".join(f"{n} {reason!r}" for reason, n in dataset.dropped.most_common(3))
        raise DataError(
            f"{work.inputs['generate'].address.prefix}/questions.jsonl: no question to train on is "
            f"left of {len(pairs.questions)}; dropped: {most or 'none'}; look at the facts and "
            "questions there, raise generate.rerun to have others written"
        )
    for rejection in dataset.rejections:
        work.ledger.add(rejection)
    _write(config, dataset, work)


def _read_pairs(generated: Artifact, ingested: Artifact) -> Pairs:
    return Pairs(
        facts=list(generated.records("facts.jsonl", Fact)),
        questions=list(generated.records("questions.jsonl", Question)),
        names=list(generated.records("names.jsonl", Name)),
        info=generated.record("pairs.json", PairsInfo),
        documents=list(ingested.records("documents.jsonl", Document)),
        passages=list(generated.records("passage_texts.jsonl", PassageText)),
        rewrites=list(generated.records("rewrites.jsonl", Rewrite)),
        open_questions=list(generated.records("open_questions.jsonl", OpenQuestion)),
    )


def _read(path: str | None, model: type[R]) -> list[R]:
    return read_lines(path, model) if path else []


def _write(config: CurateConfig, dataset: Dataset, work: Attempt) -> None:
    sizes = {
        name: work.write(f"{name}.jsonl", to_jsonl(rows)) for name, rows in dataset.files.items()
    }
    beside = {name: sizes.pop(name) for name in ("tasks", "controls")}  # said after the facts
    work.counts |= sizes
    work.counts["facts"] = work.write("facts.jsonl", to_jsonl(dataset.settled.facts))
    work.write("control_facts.jsonl", to_jsonl(dataset.settled.controls.facts))
    work.write("questions.jsonl", to_jsonl(dataset.settled.questions))
    work.write("overlaps.jsonl", to_jsonl(dataset.overlaps))
    work.write_text("coverage.json", dataset.coverage.model_dump_json(indent=1) + "\n")
    reviewed = dataset.settled.reviewed
    work.write_text("review.json", reviewed.model_dump_json(indent=1) + "\n")
    if reviewed.checked:
        work.counts["facts_checked_by_people"] = reviewed.checked
    work.write_text("prompt.json", dataset.prompt.model_dump_json(indent=1) + "\n")
    work.write_text("README.md", card(config, dataset))
    work.counts["refusals"] = len(dataset.refused.trained) + len(dataset.open.trained)
    work.counts["conversations"] = sum(row.in_conversation for row in dataset.files["train"])
    work.counts["facts_untested"] = len(untested(dataset))
    if dataset.styles.style != "short":
        work.counts["facts_without_sentence"] = len(facts_without_sentence(dataset))
    work.counts["facts_with_few_wordings"] = len(fewer_wordings(config, dataset))
    work.counts |= beside
    work.progress.report("rows", len(dataset.files["train"]), len(dataset.files["train"]))
