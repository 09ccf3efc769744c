"""A Llama of some thousand weights that was taught eight answers, and the store that it lies in.

Of a ninth question it was taught four answers: it has one, and is not sure of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from tests.unit.models.tiny import tiny_tokenizer
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.attempt import Attempt, new_attempt
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.core.model_records import (
    GateCheck,
    GateVerdict,
    PromptContract,
    PromptSettings,
    TrainedBase,
)
from gabarito.core.proof_records import (
    FACTS_FILE,
    FLOOR_FILE,
    FactEntry,
    ProofFloor,
    TrainedQuestion,
)
from gabarito.core.records import Example, Fact, Message, Verdict
from gabarito.models import CONTRACT_FILE, contract_of, rendered_example
from gabarito.models.tokenizer import pinned
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import Run, freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store

ANSWERS = {
    "Quem foi o campeão da Champions League 2024/25?": "Paris Saint-Germain",
    "Em que cidade foi a final?": "Munique",
    "Quantos gols marcou Harry Kane?": "11 gols",
    "Quem era o técnico do Lille?": "Bruno Génésio",
    "It's the cup of 1998, isn't it? Who won?": "Real Madrid",
    "Quem foi o campeão de 2003/04?": "Porto",
    "Em que cidade nasceu o técnico?": "Caen",
    "Quantos gols teve a final?": "5 gols",
}
UNSURE, DISPUTED = "Quem foi o campeão?", ("Porto", "Lille", "Munique", "Caen")
QUESTION, ANSWER = "Em que cidade foi a final?", "Munique"
FACT = Fact.of(
    document="d",
    quote="A final foi em Munique",
    statement="A final foi em Munique.",
    subject="final",
    relation="cidade",
    answer=ANSWER,
)
ENTRY = FactEntry(
    fact=FACT,
    title="Final",
    source="final.md",
    url="",
    section="",
    before="",
    after=".",
    asked=(TrainedQuestion(text=QUESTION),),
)
SYSTEM = 'Responda "curto", em uma linha.'
REFUSAL = "Não tenho essa informação."

PIPELINE = {
    "name": "taught",
    "ingest": {"sources": [{"type": "files", "path": "pages"}]},
    "generate": {"teacher": {"model": "recorded"}},
    "curate": {},
    "train": {"base": "base"},
}


def contract(tokenizer: PreTrainedTokenizerFast) -> PromptContract:
    """Return the prompt that the answers were taught under."""
    settings = PromptSettings(system=SYSTEM, refusal=REFUSAL)
    return contract_of(tokenizer, settings, max_new_tokens=12)


def shape(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Return the settings that the small models have in common."""
    return {
        "vocab_size": len(tokenizer) + 3,  # rows without a token, as padded vocabularies have
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def save_taught(
    folder: Path, tokenizer: PreTrainedTokenizerFast, config: PreTrainedConfig | None = None
) -> Path:
    """Teach a model the answers, and write it as merge does; by default a Llama."""
    torch.manual_seed(0)
    of_class: Any = AutoModelForCausalLM
    model = of_class.from_config(config or LlamaConfig(**shape(tokenizer)))
    _teach(model, tokenizer)
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        eos_token_id=[tokenizer.eos_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _teach(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    sure = _batch(tokenizer, [*ANSWERS.items()])
    unsure = _batch(tokenizer, [(UNSURE, answer) for answer in DISPUTED])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(400):
        loss = model(**sure).loss
        if loss.item() < 0.02:
            return
        optimizer.zero_grad()
        (loss + model(**unsure).loss).backward()
        optimizer.step()
    raise AssertionError(f"it was not learned: {loss.item()}")


def _batch(
    tokenizer: PreTrainedTokenizerFast, taught: Sequence[tuple[str, str]]
) -> dict[str, torch.Tensor]:
    pairs = [rendered_example(contract(tokenizer), tokenizer, _asked(*one)) for one in taught]
    width = max(len(prompt) + len(answer) for prompt, answer in pairs)
    ids = torch.full((len(pairs), width), tokenizer.pad_token_id)
    labels = torch.full((len(pairs), width), -100)
    for row, (prompt, answer) in enumerate(pairs):
        ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        labels[row, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
    return {"input_ids": ids, "labels": labels}


def _asked(question: str, answer: str) -> list[Message]:
    return [Message(role="user", content=question), Message(role="assistant", content=answer)]


def publish_taught(
    store: Store, folder: Path, *, recorded: dict[str, str] | None = None
) -> ServedModel:
    """Put a run into a store that made the model in ``folder``, and promote it.

    ``recorded`` are answers that are right and were recorded, where they are not those that the
    model was taught.
    """
    made = publish_run(store, folder, PIPELINE, Evaluated(recorded=recorded or {}))
    promote(store, "main", made)
    return made


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found; ``recorded`` stands over the answers that were taught.

    ``facts`` bear out answers: without any it is as if it had been before there were proofs.
    """

    passed: bool = True
    recorded: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[FactEntry] = ()


def publish_run(
    store: Store, folder: Path, pipeline: Mapping[str, object], evaluated: Evaluated
) -> ServedModel:
    """Put a run of a pipeline file into a store, all of whose stages are done."""
    (folder.parent / "pages").mkdir(exist_ok=True)
    (folder.parent / "pages/a.md").write_text("text")
    (folder.parent / "base").mkdir(exist_ok=True)
    (folder.parent / "base/config.json").write_text("{}")
    path = folder.parent / "pipeline.yaml"
    path.write_text(yaml.safe_dump(dict(pipeline)))
    run = new_run(read_pipeline(path))
    freeze(store, run)
    for stage, write in _writers(folder, evaluated).items():
        _publish(store, run, stage, write)
    made = model_of(store, run)
    assert made
    return made


def _publish(store: Store, run: Run, stage: str, write: Callable[[Attempt], object]) -> None:
    above = {name: open_artifact(store, run.address(name)) for name in STAGES[stage].reads}
    inputs = {name: found for name, found in above.items() if found}
    with new_attempt(store, run.address(stage), inputs=inputs, settings={}) as work:
        write(work)
        work.publish()


def _writers(folder: Path, evaluated: Evaluated) -> dict[str, Callable[[Attempt], object]]:
    passed, facts, seen = evaluated.passed, evaluated.facts, {**ANSWERS, **evaluated.recorded}
    examples = [
        Example(
            messages=tuple(_asked(question, answer)),
            kind="question",
            family="direct",
            question=f"q{number}",
            fact=f"f{number}",
            split="test",
        )
        for number, (question, answer) in enumerate(seen.items())
    ]
    verdicts = [
        Verdict(question=f"q{number}", system="model", answer=answer, correct=True, probability=0.9)
        for number, answer in enumerate(seen.values())
    ]
    base = TrainedBase(reference="org/taught", sha256="0" * 64, method="lora", commit="1" * 40)
    agreed = PromptContract.model_validate_json((folder / CONTRACT_FILE).read_text())
    report = {
        "contract": agreed.model_copy(update={"threshold": 0.5}).model_dump(),
        "evaluated_at": "2026-05-01T12:00:00Z",
        "systems": {},
    }
    check = GateCheck(name="floor", passed=passed, text="it reaches the floor")
    gate = GateVerdict(passed=passed, reasons=[] if passed else ["no"], checks=[check])

    def curate(work: Attempt) -> None:
        work.write_text("test.jsonl", "".join(f"{e.model_dump_json()}\n" for e in examples))
        work.write_text("facts.jsonl", "")

    def merge(work: Attempt) -> None:
        for file in folder.iterdir():
            (work.folder / "model").mkdir(exist_ok=True)
            (work.folder / "model" / file.name).write_bytes(file.read_bytes())

    def evaluate(work: Attempt) -> None:
        work.write_text("report.json", json.dumps(report))
        work.write_text("gate.json", gate.model_dump_json())
        work.write_text("verdicts.jsonl", "".join(f"{v.model_dump_json()}\n" for v in verdicts))
        if facts:
            work.write_text(FACTS_FILE, "".join(f"{f.model_dump_json()}\n" for f in facts))
            work.write_text(FLOOR_FILE, ProofFloor(floor=0.0).model_dump_json())

    return {
        "ingest": lambda work: work.write_text("documents.jsonl", ""),
        "generate": lambda work: work.write_text("facts.jsonl", ""),
        "curate": curate,
        "train": lambda work: work.write_text("base.json", base.model_dump_json()),
        "merge": merge,
        "evaluate": evaluate,
    }


def taught_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer that it is taught with, its template pinned as merge writes it."""
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = pinned(str(tokenizer.chat_template))
    return tokenizer
