"""Train on the same rows with our train, with transformers' Trainer, and with TRL's where it is.

The base is SmolLM2-135M-Instruct, the rows are questions of the handbook; all three train an
adapter of peft's with the same settings and schedule, and hold the base in the same precision, each
in a process of its own. At a rate at which nothing is learned the losses that they tell must agree;
at a real one the loss that is left, which one function measures for all, must be about the same:
each draws the rows in an order of its own. TRL is none of our dependencies:

    uv pip install --target trl --no-deps trl
    PYTHONPATH=trl .venv/bin/python -m tests.bench.training
"""

import importlib.util
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import torch
from datasets import Dataset
from tests.model_classes import insides
from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.cache import Cache
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Example, Message
from gabarito.models import Base, load_base, shared_prefix, use_cpu_quota
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder
from gabarito.train.batch import layout_of
from gabarito.train.checkpoint import Checkpoints, StepMetrics
from gabarito.train.config import Choice, TrainConfig
from gabarito.train.encode import Row, contract_for, encode
from gabarito.train.loop import BETAS, TrainPlan, fit
from gabarito.train.lora import attach
from gabarito.train.loss import LossModule
from gabarito.train.sampler import BatchSampler
from gabarito.train.validation import Validation
from sample.handbook.replies import FAMILIES, facts
from sample.real_base import cached_base

SLOW, REAL = 1e-9, 1e-3
"""Learning rates: at the first nothing is learned, so that all losses are those of the base."""

PACK_TOKENS = 1024
SETTINGS = PromptSettings(system="", refusal="")


@dataclass(frozen=True)
class Task:
    """What is trained, on how many rows, and how."""

    base: str
    rows: int
    batch: int
    epochs: int
    rate: float

    @property
    def steps(self) -> int:
        """Steps of a batch each."""
        return self.epochs * self.rows // self.batch


@dataclass(frozen=True)
class Found:
    """What a program took; losses are a mean in nats a learned token.

    ``told`` is that of all steps as the program has it, ``left`` that of all rows afterwards;
    ``peak_mib`` is the most that its process held.
    """

    cpu_seconds: float
    told: float
    left: float
    peak_mib: float


class Contest:
    """A base with a new adapter, and the rows that it is to learn."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.base = load_base(Path(task.base))
        self.config = TrainConfig(
            base=task.base,
            rank=32,
            alpha=64,
            steps=task.steps,
            batch_size=task.batch,
            choice=Choice(questions=0),
        )
        self.rows = rows_of(self.base, task.rows)
        self.model = attach(self.base.model, self.config)
        self.contract = contract_for(self.base.tokenizer, SETTINGS, self.rows)
        prefix = shared_prefix(self.contract, self.base.tokenizer)
        longest = max(len(row.ids) for row in self.rows)
        self.layout = layout_of(self.base.model, prefix, longest, self.base.pad)

    @property
    def is_16_bit(self) -> bool:
        """Whether the base is held in bfloat16."""
        return bool(self.base.model.dtype == torch.bfloat16)

    def loss(self) -> float:
        """Return the mean loss of all rows as the model is now."""
        objective, total = LossModule(self.model).eval(), 0.0
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.is_16_bit):
            for start in range(0, len(self.rows), self.task.batch):
                part = self.rows[start : start + self.task.batch]
                total += float(objective(self.layout.batch(part, self.base.model.device)))
        return total / sum(len(row.ids) - row.learned_from for row in self.rows)


def rows_of(base: Base, count: int) -> list[Row]:
    """Return questions of the handbook as rows."""
    contract = contract_for(base.tokenizer, SETTINGS, [])
    asked = [
        (wording, entry["answer"][0])
        for entry in facts()
        for family in FAMILIES
        for wording in entry.get(family, [])
    ]
    chosen = asked[:: max(1, len(asked) // count)][:count]
    return [encode(_example(*pair), contract, base.tokenizer) for pair in chosen]


def ours(contest: Contest) -> float:
    """Train as the stage does: its sampler, accelerator, schedule, clipping and checkpoints."""
    told: list[StepMetrics] = []
    nothing = Validation(
        contest.model, contest.base.tokenizer, contest.contract, [], 1, AnswerKey([])
    )
    task, seed = contest.task, contest.config.schedule.seed
    order = BatchSampler({"questions": contest.rows}, {"questions": 1.0}, task.batch, seed)
    plan = TrainPlan(order, task.steps, task.rate, contest.layout, nothing, told.append)
    with temporary_folder("bench") as folder:
        kept = Checkpoints(Cache(open_store(str(folder)), "train"), "bench")
        fit(contest.model, contest.config, plan, kept)
    return statistics.mean(point.loss for point in told)


def trainer_of_transformers(contest: Contest) -> float:
    """Train with transformers' Trainer as it comes: rows are padded to the longest of a batch."""
    with temporary_folder("bench") as folder:
        trainer = Trainer(
            model=insides(contest.model),
            args=TrainingArguments(**_arguments(contest, folder, contest.task.batch)),
            train_dataset=_dataset(contest.rows),
            data_collator=DataCollatorForSeq2Seq(contest.base.tokenizer),
        )
        return float(trainer.train().training_loss)


def trainer_of_trl(contest: Contest) -> float:
    """Train with TRL's SFTTrainer, rows packed and kept apart."""
    from trl import SFTConfig, SFTTrainer

    rows = contest.rows
    packs = math.ceil(sum(len(row.ids) for row in rows) / PACK_TOKENS)
    size = max(1, round(packs * contest.task.batch / len(rows)))
    with temporary_folder("bench") as folder:
        options = _arguments(contest, folder, size) | {
            "packing": True,
            "max_length": PACK_TOKENS,
            "gradient_checkpointing": False,
        }
        trainer = SFTTrainer(
            model=contest.model,
            args=SFTConfig(**options),
            train_dataset=_dataset(rows),
            processing_class=contest.base.tokenizer,
        )
        return float(trainer.train().training_loss)


PROGRAMS: Mapping[str, Callable[[Contest], float]] = {
    "gabarito": ours,
    "transformers Trainer": trainer_of_transformers,
    "TRL SFTTrainer, packed": trainer_of_trl,
}


def found(program: str, task: Task) -> Found:
    """Return what a program comes to; to be called in a process of its own."""
    use_cpu_quota()
    contest = Contest(task)
    began = time.process_time()
    told = PROGRAMS[program](contest)
    taken, peak = time.process_time() - began, _peak_mib()
    return Found(taken, told, contest.loss(), peak)


def _peak_mib() -> float:
    """Return the most that this process held; getrusage tells its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _arguments(contest: Contest, folder: Path, size: int) -> dict[str, Any]:
    """Return what gives a Trainer our schedule and optimizer."""
    schedule = contest.config.schedule
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": size,
        "num_train_epochs": contest.task.epochs,
        "learning_rate": contest.task.rate,
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr_rate": schedule.floor},
        "warmup_steps": math.ceil(schedule.warmup * contest.task.steps),
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "max_grad_norm": schedule.clip,
        "bf16": contest.is_16_bit,
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }


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
@click.option("--base", help="A folder; default: SmolLM2-135M-Instruct.")
@click.option("--rows", default=512, help="Rows that each program trains on: whole batches.")
@click.option("--batch", default=64, help="Rows a step.")
@click.option("--epochs", default=2, help="How often each row is seen.")
@click.option("--rate", default=REAL, help="The real learning rate.")
@click.option("--repeats", default=3, help="How often each is run, in turn with the others.")
def main(  # noqa: PLR0913  # the options of the command
    base: str | None, rows: int, batch: int, epochs: int, rate: float, repeats: int
) -> None:
    """Print what each program takes of the same rows."""
    if rows % batch:
        raise click.UsageError(f"--rows {rows}: not whole batches of {batch}")
    real = Task(str(Path(base) if base else cached_base()), rows, batch, epochs, rate)
    contest = Contest(real)
    if len(contest.rows) < rows:
        raise click.UsageError(f"--rows {rows}: the handbook has {len(contest.rows)}")
    tokens = epochs * sum(len(row.ids) for row in contest.rows)
    click.echo(
        f"{rows} rows, {epochs} times, {tokens} tokens in all, {real.steps} steps, "
        f"{contest.base.model.dtype}, loss before {contest.loss():.4f}"
    )
    names = [name for name in PROGRAMS if "TRL" not in name or importlib.util.find_spec("trl")]
    for name in names:
        told = _apart(name, replace(real, epochs=1, rate=SLOW)).told
        click.echo(f"{name:24} tells a loss of {told:.4f} while nothing is learned")
    runs: dict[str, list[Found]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            runs[name].append(_apart(name, real))
    for name in names:
        click.echo(f"{name:24} {_line(runs[name], runs['gabarito'], tokens)}")


def _apart(program: str, task: Task) -> Found:
    """Run a program in a new process: memory that others held is not its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(found, program, task).result()


def _line(runs: Sequence[Found], own: Sequence[Found], tokens: int) -> str:
    ratios = [run.cpu_seconds / ours.cpu_seconds for ours, run in zip(own, runs, strict=True)]
    return (
        f"{spread([tokens / run.cpu_seconds for run in runs], '.0f')} tokens a CPU-second, "
        f"{spread(ratios, '.2f')} times our CPU-seconds, "
        f"{spread([run.peak_mib for run in runs], '.0f')} MiB at the most, "
        f"loss left {spread([run.left for run in runs], '.4f')}"
    )


def spread(figures: Sequence[float], form: str) -> str:
    """Return the median of repeats, and their range."""
    median, least, most = statistics.median(figures), min(figures), max(figures)
    return f"{median:{form}} ({least:{form}} to {most:{form}})"


if __name__ == "__main__":
    main()
