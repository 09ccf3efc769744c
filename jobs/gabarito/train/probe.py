"""How fast a base trains and answers on this machine: a few real steps and a few real answers."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from peft import PeftModel

from gabarito.core.model_records import PromptContract
from gabarito.core.records import Record
from gabarito.models import Base, GenerationLimits, generate, stop_tokens
from gabarito.train.checkpoint import Checkpoints, StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.loop import TrainPlan, fit
from gabarito.train.lora import attach
from gabarito.train.sampler import BatchSampler
from gabarito.train.validation import Validation

STEP_S = 2.5
"""Seconds that a measured step may take on a CPU: there a part of a batch tells its pace."""

WARM_UP_ROWS = 2
STEPS = 3
"""Steps of a measured training; the first is slower, and not counted."""

PROMPTS = 16
"""Prompts that are read to tell what reading takes."""

FEW, MORE = 4, 64
"""Rows of the batches that are decoded: what a row adds follows from two sizes."""

ENDS = 8
"""Tokens of the prompts of those: what is before them hardly matters to a step."""

DECODED = 6
"""Tokens that are decoded in each of them."""

OWN_ROWS = 6
"""Questions that the untrained base answers in its own length."""


class Pace(Record):
    """What a machine takes for a base, in seconds for each token or row."""

    train_token_s: float
    prompt_token_s: float
    decode_step_s: float
    """A step of a batch that decodes, beside what its rows take."""
    decode_row_s: float
    own_tokens: float
    """Tokens of the base's own answer to a question, if it may be of ``own_limit`` tokens."""
    own_limit: int

    def answer_s(self, answers: int, prompt: float, length: float, batch: int) -> float:
        """Return the seconds of so many answers, ``length`` tokens each, ``batch`` at once."""
        steps = math.ceil(answers / batch) * length
        decoded = steps * self.decode_step_s + answers * length * self.decode_row_s
        return answers * prompt * self.prompt_token_s + decoded


@dataclass(frozen=True)
class Sampled:
    """Rows and prompts like those that a training will see."""

    rows: Sequence[Row]
    prompts: Sequence[Sequence[int]]


def measure(
    base: Base, config: TrainConfig, contract: PromptContract, like: Sampled, kept: Checkpoints
) -> Pace:
    """Return the pace of a base on the device that it is loaded on.

    The base is of no use afterwards: an adapter stands beside it.
    """
    prompt_s, step_s, row_s = _answering(base, like.prompts)
    own = _own_answers(base, like.prompts, contract.max_new_tokens)
    model = attach(base.model, config)
    is_cpu = model.device.type == "cpu"

    def token_s(rows: int) -> float:
        batch = list(islice(cycle(like.rows), rows))
        return _train(model, base, config, contract, batch, kept)

    rows = config.batch_size
    if is_cpu:
        mean = sum(len(row.ids) for row in like.rows) / len(like.rows)
        affordable = int(STEP_S / (token_s(WARM_UP_ROWS) * mean))
        rows = max(WARM_UP_ROWS, min(config.batch_size, affordable))
    return Pace(
        train_token_s=token_s(rows),
        prompt_token_s=prompt_s,
        decode_step_s=step_s,
        decode_row_s=row_s,
        own_tokens=own,
        own_limit=contract.max_new_tokens,
    )


def _train(  # noqa: PLR0913  # what a training needs
    model: PeftModel,
    base: Base,
    config: TrainConfig,
    contract: PromptContract,
    rows: Sequence[Row],
    kept: Checkpoints,
) -> float:
    """Make a few steps of training as the stage does, and return the seconds of a token."""
    told: list[StepMetrics] = []
    limits = config.limits.model_copy(update={"checkpoint_every_s": math.inf})
    short = {"steps": STEPS, "epochs": None, "batch_size": len(rows), "limits": limits}
    sampler = BatchSampler({"questions": rows}, {"questions": 1.0}, len(rows), 0)
    nothing = Validation(model, base.tokenizer, contract, [], 1)
    plan = TrainPlan(sampler, STEPS, base.pad, nothing, told.append)
    fit(model, config.model_copy(update=short), plan, kept)
    counted = told[1:]
    return sum(1 / point.tokens_per_s for point in counted) / len(counted)


def _answering(base: Base, prompts: Sequence[Sequence[int]]) -> tuple[float, float, float]:
    """Return the seconds of a prompt's token, of a step that decodes, and of a row in it."""
    _decode_s(base, prompts[:WARM_UP_ROWS], 1)
    read = list(islice(cycle(prompts), PROMPTS))
    prompt_s = _decode_s(base, read, 1) / sum(map(len, read))
    few_s, more_s = (_step_s(base, prompts, rows) for rows in (FEW, MORE))
    row_s = max(0.0, (more_s - few_s) / (MORE - FEW))
    return prompt_s, max(0.0, few_s - FEW * row_s), row_s


def _step_s(base: Base, prompts: Sequence[Sequence[int]], rows: int) -> float:
    """Return the seconds of a step of so many rows that decode."""
    ends = [prompt[-ENDS:] for prompt in islice(cycle(prompts), rows)]
    first = _decode_s(base, ends, 1)
    return (_decode_s(base, ends, 1 + DECODED) - first) / DECODED


def _decode_s(base: Base, prompts: Sequence[Sequence[int]], tokens: int) -> float:
    """Return the seconds in which all prompts get so many tokens; none of them ends before."""
    limits = GenerationLimits(frozenset(), tokens, len(prompts))
    return _timed(lambda: list(generate(base.model, prompts, limits)), base)


def _own_answers(base: Base, prompts: Sequence[Sequence[int]], most: int) -> float:
    """Return how long the answers of the untrained base are, in tokens."""
    asked = list(islice(cycle(prompts), OWN_ROWS))
    limits = GenerationLimits(stop_tokens(base.model, base.tokenizer), most, len(asked))
    found = [answer for _, answer in generate(base.model, asked, limits)]
    return sum(len(answer.ids) + answer.is_finished for answer in found) / len(found)


def _timed(work: Callable[[], object], base: Base) -> float:
    began = time.monotonic()
    work()
    if base.model.device.type == "cuda":
        torch.cuda.synchronize(base.model.device)
    return time.monotonic() - began
