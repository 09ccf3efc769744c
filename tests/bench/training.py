"""Train on the same rows with our loop, with transformers' Trainer, and with TRL's where it is.

The base is SmolLM2-135M-Instruct, the rows are questions of the handbook; all three train an
adapter of peft's with the same settings and hold the base in the same precision. What they return,
the mean loss of an adapter that has not learned yet, must agree. TRL is none of our dependencies:

    uv pip install --target trl --no-deps trl
    PYTHONPATH=trl .venv/bin/python -m tests.bench.training
"""

import importlib.util
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import torch
from datasets import Dataset
from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Example, Message
from gabarito.models import Base, load_base, shared_prefix, use_cpu_quota
from gabarito.train.batch import layout_of
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, contract_for, encode
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule
from sample.handbook.replies import FAMILIES, facts
from sample.real_base import cached_base

BATCH = 64
SLOW = 1e-9
"""A learning rate at which nothing is learned, so that all losses are those of the base."""

PACK_TOKENS = 1024


@dataclass(frozen=True)
class Found:
    """What a program took, and the mean loss of all rows in nats a learned token."""

    cpu_seconds: float
    loss: float


def loaded() -> tuple[Base, Any]:
    """Return the base and the same with an adapter."""
    base = load_base(cached_base())
    config = TrainConfig(base=str(cached_base()), rank=32, alpha=64)
    return base, attach(base.model, config)


def rows_of(base: Base, count: int) -> list[Row]:
    """Return questions of the handbook as rows."""
    contract = contract_for(base.tokenizer, PromptSettings(system="", refusal=""), [])
    asked = [
        (wording, entry["answer"][0])
        for entry in facts()
        for family in FAMILIES
        for wording in entry.get(family, [])
    ]
    chosen = asked[:: max(1, len(asked) // count)][:count]
    return [encode(_example(*pair), contract, base.tokenizer) for pair in chosen]


def ours(rows: Sequence[Row]) -> Found:
    """Train with our loop."""
    base, model = loaded()
    contract = contract_for(base.tokenizer, PromptSettings(system="", refusal=""), [])
    prefix = shared_prefix(contract, base.tokenizer)
    layout = layout_of(base.model, prefix, max(len(row.ids) for row in rows), base.pad)
    parameters = list(trained_parameters(model).values())
    optimizer = torch.optim.AdamW(parameters, lr=SLOW, fused=True)
    objective, total = LossModule(model).train(), 0.0
    is_16_bit = base.model.dtype == torch.bfloat16
    began = time.process_time()
    for start in range(0, len(rows), BATCH):
        batch = layout.batch(rows[start : start + BATCH], base.model.device)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_16_bit):
            loss = objective(batch)
        (loss / len(batch.labels)).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        total += float(loss.detach())
    learned = sum(len(row.ids) - row.learned_from for row in rows)
    return Found(time.process_time() - began, total / learned)


def trainer_of_transformers(rows: Sequence[Row]) -> Found:
    """Train with transformers' Trainer as it comes: rows are padded to the longest of a batch."""
    base, model = loaded()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(**_arguments(base, folder, BATCH)),
            train_dataset=_dataset(rows),
            data_collator=DataCollatorForSeq2Seq(base.tokenizer),
        )
        return _timed(trainer)


def trainer_of_trl(rows: Sequence[Row]) -> Found:
    """Train with TRL's SFTTrainer, rows packed and kept apart."""
    from trl import SFTConfig, SFTTrainer

    base, model = loaded()
    packs = math.ceil(sum(len(row.ids) for row in rows) / PACK_TOKENS)
    size = max(1, round(packs * BATCH / len(rows)))
    with tempfile.TemporaryDirectory() as folder:
        options = _arguments(base, folder, size) | {
            "packing": True,
            "max_length": PACK_TOKENS,
            "gradient_checkpointing": False,
        }
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(**options),
            train_dataset=_dataset(rows),
            processing_class=base.tokenizer,
        )
        return _timed(trainer)


def _arguments(base: Base, folder: str, size: int) -> dict[str, Any]:
    return {
        "output_dir": folder,
        "per_device_train_batch_size": size,
        "num_train_epochs": 1,
        "learning_rate": SLOW,
        "bf16": base.model.dtype == torch.bfloat16,
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }


def _timed(trainer: Any) -> Found:  # noqa: ANN401  # two classes, one of them without types
    began = time.process_time()
    result = trainer.train()
    return Found(time.process_time() - began, float(result.training_loss))


def _dataset(rows: Sequence[Row]) -> Dataset:
    return Dataset.from_list(
        [
            {
                "input_ids": list(row.ids),
                "labels": [-100] * row.learned_from + list(row.ids[row.learned_from :]),
            }
            for row in rows
        ]
    )


def _example(question: str, answer: str) -> Example:
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=turns, kind="question", question="", split="train")


@click.command()
@click.option("--rows", "count", default=512, help="Rows that each program trains on.")
@click.option("--repeats", default=3, help="How often each is run, in turn with the others.")
def main(count: int, repeats: int) -> None:
    """Print what each program takes of the same rows."""
    use_cpu_quota()
    base, _ = loaded()
    rows = rows_of(base, count)
    tokens = sum(len(row.ids) for row in rows)
    click.echo(f"{len(rows)} rows, {tokens} tokens, {base.model.dtype}")
    programs: dict[str, Callable[[Sequence[Row]], Found]] = {
        "gabarito": ours,
        "transformers Trainer": trainer_of_transformers,
    }
    if importlib.util.find_spec("trl"):
        programs["TRL SFTTrainer, packed"] = trainer_of_trl
    found: dict[str, list[Found]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, program in programs.items():
            found[name].append(program(rows))
    for name, runs in found.items():
        speeds = [tokens / run.cpu_seconds for run in runs]
        pairs = zip(found["gabarito"], runs, strict=True)
        ratios = [run.cpu_seconds / own.cpu_seconds for own, run in pairs]
        losses = [run.loss for run in runs]
        click.echo(
            f"{name:24} {spread(speeds, '.0f')} tokens a CPU-second, {spread(ratios, '.2f')} times "
            f"our CPU-seconds, loss {spread(losses, '.4f')}"
        )


def spread(figures: Sequence[float], form: str) -> str:
    """Return the median of repeats, and their range."""
    median, least, most = statistics.median(figures), min(figures), max(figures)
    return f"{median:{form}} ({least:{form}} to {most:{form}})"


if __name__ == "__main__":
    main()
