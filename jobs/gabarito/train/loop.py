"""The training loop: rows in, gradients down, the adapter that answers best out."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from gabarito.core.errors import AccessError, Interrupted, ServiceError, SettingsError
from gabarito.core.stop import deferred_stop
from gabarito.models import CausalModel
from gabarito.models.adapter import base_of
from gabarito.train.batch import Layout
from gabarito.train.checkpoint import Checkpoint, Checkpoints, CheckpointScore, StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.lora import flatten, restore, snapshot, trained_parameters, unflatten
from gabarito.train.loss import LossModule
from gabarito.train.micro_batch import (
    checkpoints_activations,
    enable_activation_checkpointing,
    memory_budget,
)
from gabarito.train.processes import Processes
from gabarito.train.sampler import BatchSampler
from gabarito.train.saving import Saving
from gabarito.train.schedule import last_step, place_at, rate_at
from gabarito.train.validation import Validation, best_of, flat_at

log = logging.getLogger("gabarito.train")

BETAS = (0.9, 0.98)
"""AdamW's decay rates; the second one remembers about 50 steps of squared gradients."""

MOMENTS = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each parameter, beside its count of steps."""


@dataclass(frozen=True)
class TrainPlan:
    """What is trained on, for how long, and how it is examined."""

    order: BatchSampler
    steps: int
    learning_rate: float
    layout: Layout
    validation: Validation
    report: Callable[[StepMetrics], None]


def fit(
    model: CausalModel, config: TrainConfig, plan: TrainPlan, checkpoints: Checkpoints
) -> Checkpoint:
    """Train the adapter, from the latest checkpoint on, and leave the best one in ``model``.

    Raises:
        Interrupted: if a stop was asked for; a checkpoint is saved.
        ServiceError: if no checkpoint could be written for longer than the limits' grace.
        SettingsError: if the loss is no number, memory runs out, or starts make no progress.
    """
    trainer = _Trainer(model, config, plan, checkpoints)
    trainer.resume()
    try:
        _train(trainer, Saving(config.limits, trainer.save))
    except (ServiceError, AccessError, Interrupted):  # neither memory nor the model is to blame
        with suppress(ServiceError, AccessError):
            trainer.end_well()
        raise
    trainer.end_well()
    trainer.settle()
    return trainer.state


def _train(trainer: "_Trainer", saving: Saving) -> None:
    with deferred_stop() as is_asked_to_stop:
        for step in trainer.steps():
            if trainer.agrees(is_asked_to_stop()):
                saving.save()
                raise Interrupted(f"train: stopped after step {step}; start again to continue")
            if saving.is_due:
                saving.try_to_save()
        saving.catch_up(is_asked_to_stop)


class _Trainer:
    def __init__(
        self, model: CausalModel, config: TrainConfig, plan: TrainPlan, checkpoints: Checkpoints
    ) -> None:
        self._model = model
        self._config = config
        self._plan = plan
        self._checkpoints = checkpoints
        self._parameters = trained_parameters(model)
        self._room = memory_budget(model, config.limits, plan.layout.tokens)
        if checkpoints_activations(base_of(model)):
            enable_activation_checkpointing(base_of(model))
        self._processes = Processes(model.device)
        self._accelerator = _accelerator(model)
        self._objective = self._accelerator.prepare(LossModule(model))
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(),
            lr=plan.learning_rate,
            betas=BETAS,
            weight_decay=0.0,
            fused=True,
        )
        self.state = Checkpoint(step=0, adapter={}, optimizer={}, best={})

    def resume(self) -> None:
        """Continue from the latest checkpoint, and count this start."""
        checkpoint = self._checkpoints.load(self._fits)
        steps = self._processes.gathered([checkpoint.step if checkpoint else 0])
        if len(set(steps)) > 1:
            raise Interrupted(
                f"train: processes read checkpoints of steps {', '.join(map(str, steps))}; start "
                "again to continue"
            )
        if checkpoint is not None:
            restore(self._model, checkpoint.adapter)
            state = unflatten(checkpoint.optimizer, self._names, self._optimizer.state_dict())
            self._optimizer.load_state_dict(state)
            self.state = checkpoint
            log.info("continued", extra={"step": checkpoint.step})
        if self._processes.is_first:
            limits = self._config.limits
            outage_s = limits.checkpoint_every_s + limits.checkpoint_grace_s
            self._checkpoints.count_start(self.state.step, outage_s)

    def _fits(self, checkpoint: Checkpoint) -> bool:
        """Tell whether a checkpoint of the store is one of this training."""
        mine = {name: (p.shape, p.dtype) for name, p in self._parameters.items()}
        best = _kinds(checkpoint.best)
        moments = {f"{name}/{moment}": kind for name, kind in mine.items() for moment in MOMENTS}
        counts = {f"{name}/step": (torch.Size(), torch.float32) for name in mine}
        return (
            checkpoint.step <= self._plan.steps
            and _kinds(checkpoint.adapter) == mine
            and best == (mine if checkpoint.candidates else {})
            and _kinds(checkpoint.optimizer) in ({}, moments | counts)
        )

    def save(self) -> None:
        """Store where the training stands; of several processes the first one does it."""
        if self._processes.is_first:
            self.state.adapter = snapshot(self._model)
            self.state.optimizer = flatten(self._optimizer.state_dict(), self._names)
            self._checkpoints.save(self.state)

    def end_well(self) -> None:
        """Note that this start did not die."""
        if self._processes.is_first:
            self._checkpoints.forget_starts()

    def agrees(self, stops: bool) -> bool:
        """Tell whether any process was asked to stop: all of them must stop at one step."""
        if self._processes.count == 1:
            return stops
        asked = torch.tensor(float(stops), device=self._accelerator.device)
        return bool(self._accelerator.reduce(asked, "sum") > 0)

    def steps(self) -> Iterator[int]:
        """Make the steps that are left, and yield the number of steps done after each."""
        self._model.train()
        while self.state.step < self._last:
            self._step(self.state.step)
            self.state.step += 1
            yield self.state.step

    def settle(self) -> None:
        """Put the best examined adapter into the model."""
        if self.state.best:
            restore(self._model, self.state.best)
        self._model.eval()

    @property
    def _flat(self) -> int | None:
        return flat_at(self.state.candidates, self._config.choice.patience)

    @property
    def _last(self) -> int:
        return last_step(self._plan.steps, self._flat)

    @property
    def _names(self) -> list[str]:
        return list(self._parameters)

    def _step(self, step: int) -> None:
        began = time.monotonic()
        rate = self._set_rate(step)
        rows = self._plan.order.batch(step, self.state.missed)
        while (loss := self._descended(rows, step)) is None:
            torch.cuda.empty_cache()
        tokens = sum(len(row.ids) for row in rows)
        speed = tokens / (time.monotonic() - began)
        point = StepMetrics(
            step=step + 1, loss=loss, learning_rate=rate, tokens_per_s=round(speed, 1)
        )
        if self._is_examined(step + 1):
            point = point.model_copy(update={"exact_match": self._examine(step + 1)})
        self.state.curve.append(point)
        self._plan.report(point)

    def _descended(self, rows: Sequence[Row], step: int) -> float | None:
        """Make one step and return its loss, or None if memory ran out: then in smaller parts.

        Of several processes each would have to repeat the step, so none does.
        """
        try:
            return self._descend(rows, step)
        except torch.OutOfMemoryError as error:
            self._optimizer.zero_grad(set_to_none=True)
            self._forget_half_made()
            is_alone = self._processes.count == 1
            if not (is_alone and self._room.halve(rows)):
                longest = max(len(row.ids) for row in rows)
                raise SettingsError(
                    f"train: out of memory at rows of {longest} tokens; lower max_tokens, or set "
                    "limits.micro_batch to 1, or method to qlora"
                ) from error
        log.warning("memory ran out", extra={"step": step + 1, "tokens": self._room.tokens})
        return None

    def _forget_half_made(self) -> None:
        """Drop moments of which memory was there for one alone: AdamW would take them as made."""
        state = self._optimizer.state
        for parameter in [p for p, made in state.items() if not made.keys() >= set(MOMENTS)]:
            del state[parameter]

    def _set_rate(self, step: int) -> float:
        schedule = self._config.schedule
        place = place_at(step, self._plan.steps, self._flat)
        share = rate_at(place, self._plan.steps, schedule.warmup, schedule.floor)
        rate = self._plan.learning_rate * share
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        return rate

    def _descend(self, rows: Sequence[Row], step: int) -> float:
        """Make one step and return the loss in nats a learned token.

        Each process takes its part of the rows. The gradient is divided by the learned tokens
        of all of them, so that neither parts nor micro-batches change it.
        """
        learned = sum(len(row.ids) - row.learned_from for row in rows)
        parts = self._room.parts(self._processes.share(rows))
        if self._config.dropout:
            torch.manual_seed(hash((self._config.schedule.seed, step, self._processes.index)))
        total = torch.zeros((), device=self._accelerator.device)
        for i, part in enumerate(parts):
            batch = self._plan.layout.batch(part, self._accelerator.device)
            is_last = i == len(parts) - 1
            with nullcontext() if is_last else self._accelerator.no_sync(self._objective):
                loss = self._objective(batch)
                self._accelerator.backward(loss * self._processes.count / learned)
            total += loss.detach()
        self._update(step)
        return float(self._accelerator.reduce(total, "sum")) / learned

    def _update(self, step: int) -> None:
        parameters = list(self._parameters.values())
        norm = self._accelerator.clip_grad_norm_(parameters, self._config.schedule.clip)
        if not math.isfinite(float(norm or 0.0)):
            raise SettingsError(
                f"train: the gradient of step {step + 1} is no number; lower learning_rate, "
                f"now {self._plan.learning_rate!r}"
            )
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def _is_examined(self, step: int) -> bool:
        at_end = step == self._last
        is_due = at_end or step % self._config.choice.every == 0
        return is_due and len(self._plan.validation.examples) > 0

    def _examine(self, step: int) -> float:
        """Examine the model; what is missed decides which rows come next, the share when it ends.

        Of several processes each asks a part of the wordings, and all go by what all have found.
        """
        found = self._plan.validation.examined()
        self.state.missed = found.missed
        self.state.candidates.append(CheckpointScore(step=step, exact_match=found.exact_match))
        if best_of(self.state.candidates).step == step:
            self.state.best = snapshot(self._model)
        if self._flat == step:
            log.info("no better examination", extra={"step": step, "last_step": self._last})
        return found.exact_match


def _kinds(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def _accelerator(model: CausalModel) -> Accelerator:
    is_16_bit = base_of(model).config.dtype == torch.bfloat16  # as it was loaded
    return Accelerator(
        mixed_precision="bf16" if is_16_bit else "no", cpu=model.device.type == "cpu"
    )
