"""How often a base writes a right answer with the fact at hand, and how much of it is its own.

Run it as ``python tests/bench/self_distillation.py DATASET BASE``, where DATASET is a folder with
train.jsonl and facts.jsonl of curate, made with ``curate.answers: sentence``. It prints what the
base wrote, answer by answer, and then the figures. One thread is used.
"""

import time
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

import click
import torch

from gabarito.artifacts.cache import Cache
from gabarito.core.log import ProgressReporter
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Example, Fact, read_jsonl
from gabarito.models import load_base, rendered_example
from gabarito.models.decoding import logprobs
from gabarito.store.open import open_store
from gabarito.train.config import SelfDistillation
from gabarito.train.encode import contract_for
from gabarito.train.self_distillation import Target, TargetWriter, answered

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class Given(TypedDict):
    """The options."""

    share: float
    tries: int
    rows: int


@click.command()
@click.argument("dataset", type=FOLDER)
@click.argument("base", type=FOLDER)
@click.option("--share", default=0.3, show_default=True, help="Of tokens written without the fact.")
@click.option("--tries", default=3, show_default=True)
@click.option("--rows", default=60, show_default=True, help="Trained questions, drawn by chance.")
def main(dataset: Path, base: Path, **given: Unpack[Given]) -> None:
    """Let BASE write answers to questions of DATASET."""
    torch.set_num_threads(1)
    lines = (dataset / "train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [
        row
        for row in read_jsonl(lines, Example, "train.jsonl")
        if row.style == "sentence" and not row.in_conversation
    ]
    asked = {row.question: row for row in Random(7).sample(rows, given["rows"])}
    facts = (dataset / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    loaded = load_base(base, device=torch.device("cpu"))
    writer = TargetWriter(
        loaded,
        contract_for(loaded.tokenizer, PromptSettings(system="", refusal=""), []),
        SelfDistillation(plain_share=given["share"], tries=given["tries"]),
        {fact.id: fact for fact in read_jsonl(facts, Fact, "facts.jsonl")},
        longest=512,
        seed=0,
    )
    began = time.process_time()
    with TemporaryDirectory() as folder:
        cache = Cache(open_store(f"file://{folder}/store"), "train")
        progress = ProgressReporter("train", lambda _: None)
        found = list(writer.targets(list(asked.values()), cache, "bench", progress))
    took = time.process_time() - began
    for one in found:
        if isinstance(one, Target):
            click.echo(f"try {one.tries}: {asked[one.question].messages[-2].content} {one.text}")
        else:
            click.echo(f"not right: {asked[one.item].messages[-2].content} {one.raw}")
    right = [one.tries for one in found if isinstance(one, Target)]
    by_try = [sum(number <= most for number in right) for most in range(1, given["tries"] + 1)]
    click.echo(f"of {len(found)} right after each try: {by_try}")
    click.echo(f"CPU-seconds a question: {took / len(found):.2f}")
    taken = [one for one in found if isinstance(one, Target)]
    written = [nats(writer, answered(asked[one.question], one.text)) for one in taken]
    before = [nats(writer, asked[one.question]) for one in taken]
    click.echo(f"nats a token, of what is right: {fmean(written):.2f}; dataset {fmean(before):.2f}")


@torch.inference_mode()
def nats(writer: TargetWriter, row: Example) -> float:
    """Return what a token of an answer costs the base on average, without the fact."""
    prompt, answer = rendered_example(writer.contract, writer.base.tokenizer, row.messages)
    logits = writer.base.model(input_ids=torch.tensor([prompt + answer])).logits[0].float()
    found = logprobs(logits[len(prompt) - 1 : -1], torch.tensor(answer))
    return -float(found.mean())


if __name__ == "__main__":
    main()
