"""Compare our answers with those of transformers' own loop, in one run.

Both do the same work on nano, on one thread; what they return must agree.
Run it as ``python tests/bench/answers.py``.
"""

import operator
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
import torch

from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.settings import local_path
from gabarito.models import (
    Base,
    GenerationLimits,
    conversation,
    generate,
    load_base,
    prompt_ids,
    stop_tokens,
)
from gabarito.train.encode import contract_for

REPEATS = 5
QUESTION = "Na Champions League 2024/25, quantos gols fez o jogador {} pelo clube dele?"
CPU = torch.device("cpu")

Same = Callable[[Any, Any], bool]


def main() -> None:
    """Print both figures, and that the results agree."""
    torch.set_num_threads(1)
    base = load_base(local_path("gabarito:demo/nano"), device=CPU)
    contract = contract_for(base.tokenizer, PromptSettings(system="", refusal=""), [])
    compare_answers(base, contract)


def compare_answers(base: Base, contract: PromptContract) -> None:
    """Answer 256 questions with our loop and with ``generate``."""
    asked = [conversation(contract, QUESTION.format(i)) for i in range(256)]
    prompts = [prompt_ids(contract, base.tokenizer, messages) for messages in asked]
    limits = GenerationLimits(stop_tokens(base.model, base.tokenizer), contract.max_new_tokens)

    def ours() -> list[tuple[int, ...]]:
        found = dict(generate(base.model, prompts, limits))
        return [found[i].ids for i in range(len(prompts))]

    def theirs() -> list[tuple[int, ...]]:
        found = []
        for start in range(0, len(prompts), limits.batch_size):
            found += generated(base, prompts[start : start + limits.batch_size], contract)
        return found

    compare("256 answers", ours, "generate", theirs, operator.eq)


def generated(
    base: Base, prompts: list[list[int]], contract: PromptContract
) -> list[tuple[int, ...]]:
    """Return what ``generate`` writes after each prompt, up to its end."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[base.pad] * (longest - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    model: Any = base.model  # the product has no use for its ``generate``
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=contract.max_new_tokens,
            do_sample=False,
            use_cache=True,
        )
    written = out[:, longest:].tolist()
    end = base.tokenizer.eos_token_id
    return [tuple(row[: row.index(end)] if end in row else row) for row in written]


def compare(
    work: str, ours: Callable[[], Any], name: str, theirs: Callable[[], Any], is_same: Same
) -> None:
    """Run both in turn, and print CPU seconds, their ratio, its spread, and that they agree."""
    ratios: list[float] = []
    seconds: dict[Callable[[], Any], list[float]] = {ours: [], theirs: []}
    same = is_same(ours(), theirs())
    for _ in range(REPEATS):
        for each in (ours, theirs):
            began = time.process_time()
            each()
            seconds[each].append(time.process_time() - began)
        ratios.append(seconds[theirs][-1] / seconds[ours][-1])
    mine, other = (statistics.median(seconds[each]) for each in (ours, theirs))
    click.echo(
        f"{work}: ours {mine:.3f} s, {name} {other:.3f} s, ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}), the same result: {'yes' if same else 'NO'}"
    )


if __name__ == "__main__":
    main()
