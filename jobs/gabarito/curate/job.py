"""Make a dataset whose test wordings are never trained.

facts.jsonl, questions.jsonl, names.jsonl, documents.jsonl  ->  train.jsonl, validation.jsonl,
test.jsonl, free.jsonl, untaught.jsonl, replay.jsonl, retention.jsonl, facts.jsonl,
overlaps.jsonl, prompt.json, README.md, ledger.jsonl
"""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from gabarito.core.artifact import Artifact, Attempt
from gabarito.core.config import local_path
from gabarito.core.errors import DataError, MissingError
from gabarito.core.records import Document, Fact, Name, Question, read_jsonl, to_jsonl
from gabarito.curate.card import card, fewer_wordings, untested
from gabarito.curate.config import CurateConfig
from gabarito.curate.dataset import Dataset, Pairs, Written, build
from gabarito.curate.leakage import FreeQuestion, UntaughtQuestion
from gabarito.curate.prompts import Prompt

R = TypeVar("R", bound=BaseModel)


def run(config: CurateConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here."""
    pairs = _read_pairs(work.inputs["generate"], work.inputs.get("ingest"))
    written = Written(
        free=_read_lines(config.exam.free, FreeQuestion),
        untaught=_read_lines(config.exam.untaught, UntaughtQuestion),
        prompts=_read_lines(config.prompts, Prompt),
    )
    dataset = build(config, pairs, written, work.ledger)
    if not dataset.files["train"]:
        message = "curate: no trained question is left; the ledger tells why each was dropped"
        raise DataError(message)
    _write(config, dataset, work)


def _read_pairs(generated: Artifact, ingested: Artifact | None) -> Pairs:
    documents = ingested.records("documents.jsonl", Document) if ingested else ()
    return Pairs(
        facts=list(generated.records("facts.jsonl", Fact)),
        questions=list(generated.records("questions.jsonl", Question)),
        names=list(generated.records("names.jsonl", Name)),
        settings=generated.manifest.settings,
        documents=list(documents),
    )


def _read_lines(path: str | None, model: type[R]) -> list[R]:
    if path is None:
        return []
    return list(read_jsonl(_text(local_path(path)).splitlines(), model, path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        message = f"{path}: no such file"
        raise MissingError(message) from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        message = f"{path}: not a UTF-8 text file: {error}"
        raise DataError(message) from error


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
