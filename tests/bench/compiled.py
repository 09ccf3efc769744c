"""What torch.compile makes of training steps on this machine: packed rows, other lengths each time.

Compiled are the layers, each alone, or the whole decoder, for any shape (``dynamic=True``). The
first time through the batches compiles; that is counted apart, the compiler's processes included.

    .venv/bin/python -m tests.bench.compiled --base gabarito:demo/nano

It needs a C++ compiler, which the images do not have.
"""

import os
import resource
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from tests.bench.training import SLOW, rows_of, spread
from tests.model_classes import insides

from gabarito.core.model_records import PromptSettings
from gabarito.core.settings import local_path
from gabarito.models import Base, CausalModel, load_base, shared_prefix, use_cpu_quota
from gabarito.models.adapter import base_of
from gabarito.train.batch import TrainBatch, layout_of
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, contract_for
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule
from sample.real_base import cached_base

WAYS: dict[str, Callable[[CausalModel], object]] = {
    "as it is": lambda _model: None,
    "layers compiled": lambda model: [
        layer.compile(dynamic=True) for layer in insides(model).get_decoder().layers
    ],
    "decoder compiled": lambda model: model.get_decoder().compile(dynamic=True),
}


@dataclass(frozen=True)
class Passed:
    """CPU-seconds of all batches, and their summed loss in nats."""

    cpu_s: float
    loss: float


class Trainee:
    """A model with an adapter, as it is or compiled."""

    def __init__(self, folder: Path, prepare: Callable[[CausalModel], object]) -> None:
        """Load the base; ``prepare`` compiles as much of it as it wants."""
        self.base = load_base(folder)
        self._model = attach(self.base.model, TrainConfig(base=str(folder), rank=32, alpha=64))
        self._prepare = prepare

    def batches(self, rows: Sequence[Row], size: int) -> list[TrainBatch]:
        """Return rows in packed batches, as this model takes them, and compile it."""
        contract = contract_for(self.base.tokenizer, PromptSettings(system="", refusal=""), [])
        prefix = shared_prefix(contract, self.base.tokenizer)
        longest = max(len(row.ids) for row in rows)
        layout = layout_of(self.base.model, prefix, longest, self.base.pad)
        self._prepare(base_of(self._model))
        device = self.base.model.device
        return [layout.batch(rows[at : at + size], device) for at in range(0, len(rows), size)]

    def steps(self, batches: Sequence[TrainBatch]) -> Passed:
        """Make a step with each batch."""
        parameters = list(trained_parameters(self._model).values())
        optimizer = torch.optim.AdamW(parameters, lr=SLOW, fused=True)
        objective, total, began = LossModule(self._model).train(), 0.0, cpu_s()
        is_16_bit = self.base.model.dtype == torch.bfloat16
        for batch in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=is_16_bit):
                loss: Any = objective(batch)
            (loss / len(batch.labels)).backward()
            optimizer.step()
            optimizer.zero_grad()
            total += float(loss.detach())
        return Passed(cpu_s() - began, total)


def cpu_s() -> float:
    """Return the CPU-seconds of this process and of those that it started and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in used)


def base_at(reference: str) -> Path:
    """Return the folder of a base; that of SmolLM2 where none is named."""
    return local_path(reference) if reference else cached_base()


def tokens_of(base: Base, rows: Sequence[Row]) -> str:
    """Say what is trained on."""
    lengths = [len(row.ids) for row in rows]
    return (
        f"{len(rows)} rows of {min(lengths)} to {max(lengths)} tokens, {sum(lengths)} in all, "
        f"{base.model.dtype}"
    )


@click.command()
@click.option("--base", "reference", default="", help="A base; by default SmolLM2-135M-Instruct.")
@click.option("--rows", "count", default=256, help="Rows to train on.")
@click.option("--batch", "size", default=64, help="Rows of a step.")
@click.option("--repeats", default=3, help="How often they are gone through after compiling.")
@click.option("--way", "ways", multiple=True, type=click.Choice(list(WAYS)), default=list(WAYS))
def main(reference: str, count: int, size: int, repeats: int, ways: Sequence[str]) -> None:
    """Print what training takes as it is and compiled."""
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # or a pool's time is not counted
    use_cpu_quota()
    folder = base_at(reference)
    trainees = {way: Trainee(folder, WAYS[way]) for way in ways}
    base = next(iter(trainees.values())).base
    rows = rows_of(base, count)
    click.echo(tokens_of(base, rows))
    batches = {way: trainee.batches(rows, size) for way, trainee in trainees.items()}
    first = {way: trainee.steps(batches[way]) for way, trainee in trainees.items()}
    found: dict[str, list[Passed]] = {way: [] for way in trainees}
    for _ in range(repeats):
        for way, trainee in trainees.items():
            found[way].append(trainee.steps(batches[way]))
    plain = [one.cpu_s for one in next(iter(found.values()))]
    tokens = sum(len(row.ids) for row in rows)
    for way, runs in found.items():
        ratios = [run.cpu_s / own for run, own in zip(runs, plain, strict=True)]
        taken = statistics.median(run.cpu_s for run in runs)
        click.echo(
            f"{way:16} {tokens / taken:6.0f} tokens a CPU-second, {spread(ratios, '.2f')} times "
            f"the first one's CPU-seconds, at first {first[way].cpu_s - taken:.0f} CPU-seconds "
            f"more, loss {runs[0].loss:.1f}"
        )


if __name__ == "__main__":
    main()
