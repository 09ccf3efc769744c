"""Make a dataset whose test wordings are never trained.

facts.jsonl, questions.jsonl, names.jsonl, documents.jsonl  ->  train.jsonl, validation.jsonl,
test.jsonl, free.jsonl, unanswerable.jsonl, replay.jsonl, retention.jsonl, facts.jsonl,
overlaps.jsonl, prompt.json, README.md, ledger.jsonl
"""

import json
from typing import TypeVar

from pydantic import BaseModel

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.errors import DataError
from gabarito.core.records import Document, Fact, Name, Question, to_jsonl
from gabarito.curate.card import card, fewer_wordings, untested
from gabarito.curate.config import CurateConfig
from gabarito.curate.dataset import Dataset, Pairs, Written, build
from gabarito.curate.decontaminate import FreeQuestion, UnanswerableQuestion
from gabarito.curate.general_prompts import GeneralPrompt

R = TypeVar("R", bound=BaseModel)


def run(config: CurateConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here."""
    pairs = _read_pairs(work.inputs["generate"], work.inputs["ingest"])
    written = Written(
        free=_read(config.exam.free, FreeQuestion),
        unanswerable=_read(config.exam.unanswerable, UnanswerableQuestion),
        prompts=_read(config.prompts, GeneralPrompt),
    )
    dataset = build(config, pairs, written, work.ledger)
    if not dataset.files["train"]:
        raise DataError(
            "curate: no trained question is left; the ledger tells why each was dropped"
        )
    _write(config, dataset, work)


def _read_pairs(generated: Artifact, ingested: Artifact) -> Pairs:
    return Pairs(
        facts=list(generated.records("facts.jsonl", Fact)),
        questions=list(generated.records("questions.jsonl", Question)),
        names=list(generated.records("names.jsonl", Name)),
        settings=generated.manifest.settings,
        documents=list(ingested.records("documents.jsonl", Document)),
    )


def _read(path: str | None, model: type[R]) -> list[R]:
    return read_lines(path, model) if path else []


def _write(config: CurateConfig, dataset: Dataset, work: Attempt) -> None:
    for name, rows in dataset.files.items():
        work.counts[name] = work.write(f"{name}.jsonl", to_jsonl(rows))
    work.counts["facts"] = work.write("facts.jsonl", to_jsonl(dataset.settled.facts))
    work.write("overlaps.jsonl", to_jsonl(dataset.overlaps))
    contract = {"system": dataset.rows.system, "refusal": dataset.rows.refusal}
    work.write_text("prompt.json", json.dumps(contract, ensure_ascii=False, indent=1) + "\n")
    work.write_text("README.md", card(config, dataset, work.ledger.counts))
    work.counts["refusals"] = len(dataset.refused.trained)
    work.counts["facts_untested"] = len(untested(dataset))
    work.counts["facts_with_few_wordings"] = len(fewer_wordings(config, dataset))
    work.progress.report("rows", len(dataset.files["train"]), len(dataset.files["train"]))
