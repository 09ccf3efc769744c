"""How fast a base trains and answers on this machine: a few real steps and a few real answers."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice

import torch

from gabarito.answer_match import AnswerKey
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Record
from gabarito.models import (
    Base,
    GenerationLimits,
    generate,
    positions_of,
    shared_prefix,
    stop_tokens,
)
from gabarito.train.batch import layout_of
from gabarito.train.checkpoint import Checkpoints, StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.loop import TrainPlan, fit
from gabarito.train.lora import attach
from gabarito.train.loss import check_head
from gabarito.train.recipe import recipe_of
from gabarito.train.sampler import BatchSampler
from gabarito.train.validation import Validation

STEP_S = 2.5
"""Seconds that a measured step may take on a CPU: there a part of a batch tells its pace."""

WARM_UP_ROWS = 2
STEPS = 3
"""Steps of a measured training; the first is slower, and not counted."""

FEW, MORE = 4, 40
"""Rows of the batches that are decoded: what a row adds follows from two sizes."""

DECODED = 6
"""Tokens that are decoded in the larger of them."""

OWN_S = 5.0
"""Seconds in which the base answers in its own length; what has not ended by then is long."""

LEAST_STEP_S = 1e-4
"""Where there is room for one token alone no step is measured; no model's is as short as this."""

LONG = 1024
"""Tokens of a prompt with passages: each of them takes longer than one of a question."""


class Pace(Record):
    """What a machine takes for a base, in seconds for each token, step or row."""

    train_token_s: float
    prompt_token_s: float
    long_token_s: float
    """A token of a prompt with passages."""
    decode_step_s: float
    """A step of a batch that decodes, beside what its rows take."""
    decode_row_s: float
    adapter: float
    """How many times longer an answer takes while the adapter stands beside the base."""
    own_tokens: float
    """Tokens of the base's own answer to a question, if it may be of ``own_limit`` tokens."""
    own_limit: int
    cpu_share: float = 1.0
    """Of what the processors could do, what the training got; the rest had other programs."""

    def answer_s(self, answers: int, prompt: float, length: float, batch: int) -> float:
        """Return the seconds of so many answers, ``length`` tokens each, ``batch`` at once."""
        token_s = self.long_token_s if prompt > LONG / 4 else self.prompt_token_s
        steps = math.ceil(answers / batch) * length
        decoded = steps * self.decode_step_s + answers * length * self.decode_row_s
        return answers * prompt * token_s + decoded


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

    Raises:
        DataError: if the loss cannot be taken of its logits.
    """
    check_head(base.model)
    few, more = (list(islice(cycle(like.prompts), rows)) for rows in (FEW, MORE))
    _generated(base, few, 2)  # the first of all is slower
    plain = _generated(base, few, 1 + DECODED)
    most = min(
        contract.max_new_tokens, max(1 + DECODED, int(OWN_S / max(plain.step_s, LEAST_STEP_S)))
    )
    own = _generated(base, few, most, ends=True)
    many = _generated(base, more, 1 + DECODED)
    long = _generated(base, [_long_prompt(base, like.prompts)], 1)
    row_s = max(0.0, (many.step_s - own.step_s) / (MORE - FEW))
    recipe = recipe_of(config, base.model.num_parameters())
    model = attach(base.model, config)
    longest = max(len(row.ids) for row in like.rows)
    prefix = shared_prefix(contract, base.tokenizer)
    layout = layout_of(base.model, prefix, longest, base.pad)
    adapted = _generated(base, few, 1 + DECODED)

    def token_s(rows: int) -> float:
        batch = list(islice(cycle(like.rows), rows))
        nothing = Validation(model, base.tokenizer, contract, [], 1, AnswerKey([]))
        told: list[StepMetrics] = []
        sampler = BatchSampler({"questions": batch}, {"questions": 1.0}, rows, 0)
        plan = TrainPlan(sampler, STEPS, recipe.learning_rate, layout, nothing, told.append)
        fit(model, _short(config, rows), plan, kept)
        return sum(1 / point.tokens_per_s for point in told[1:]) / (STEPS - 1)

    rows = config.batch_size
    began, used = time.monotonic(), time.process_time()
    if model.device.type == "cpu":
        mean = sum(len(row.ids) for row in like.rows) / len(like.rows)
        affordable = int(STEP_S / (token_s(WARM_UP_ROWS) * mean))
        rows = max(WARM_UP_ROWS, min(config.batch_size, affordable))
    train_token_s = token_s(rows)
    could = (time.monotonic() - began) * torch.get_num_threads()
    return Pace(
        train_token_s=train_token_s,
        prompt_token_s=many.prompt_token_s,
        long_token_s=long.prompt_token_s,
        decode_step_s=max(0.0, own.step_s - FEW * row_s),
        decode_row_s=row_s,
        adapter=max(1.0, adapted.all_s / plain.all_s),
        own_tokens=sum(contract.max_new_tokens if n >= most else n for n in own.lengths) / FEW,
        own_limit=contract.max_new_tokens,
        cpu_share=(time.process_time() - used) / could if model.device.type == "cpu" else 1.0,
    )


def _short(config: TrainConfig, rows: int) -> TrainConfig:
    """Return the settings of a few steps of so many rows, of which nothing is kept."""
    limits = config.limits.model_copy(update={"checkpoint_every_s": math.inf})
    changes = {"steps": STEPS, "epochs": None, "batch_size": rows, "limits": limits}
    return config.model_copy(update=changes)


@dataclass(frozen=True)
class _Generation:
    """What a batch of answers took: reading the prompts, and each step after it."""

    prompt_token_s: float
    step_s: float
    all_s: float
    lengths: Sequence[int]
    """Tokens of the answers, their ends included."""


def _generated(
    base: Base, prompts: Sequence[Sequence[int]], most: int, *, ends: bool = False
) -> _Generation:
    """Let prompts be answered, in their own length if ``ends``, else in ``most`` tokens."""
    stop = stop_tokens(base.model, base.tokenizer) if ends else frozenset[int]()
    limits = GenerationLimits(stop, most, len(prompts))
    began, told = time.monotonic(), []
    found = generate(base.model, prompts, limits, lambda _: told.append(time.monotonic()))
    answers = [answer for _, answer in found]
    read_s, decoded_s = told[0] - began, told[-1] - told[0]
    return _Generation(
        prompt_token_s=read_s / sum(map(len, prompts)),
        step_s=decoded_s / max(1, len(told) - 1),
        all_s=read_s + decoded_s,
        lengths=[len(answer.ids) + answer.is_finished for answer in answers],
    )


def _long_prompt(base: Base, prompts: Sequence[Sequence[int]]) -> list[int]:
    """Return a prompt as long as one with passages, as far as the model takes it."""
    room = positions_of(base.model) or LONG + 1
    return list(islice(cycle(chain.from_iterable(prompts)), min(LONG, room - 1)))
