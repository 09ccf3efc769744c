"""Checkpoints in the store: two places, written in turn, so that one is always whole."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from gabarito.artifacts.cache import Cache
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.records import Record
from gabarito.store.disk import disk_errors
from gabarito.store.scratch import temporary_folder
from gabarito.train.lora import digest_of_tensors

log = logging.getLogger("gabarito.train")

T = TypeVar("T")

SLOTS = ("a", "b")
PARTS = ("adapter", "optimizer", "best")
FILE = "checkpoint.safetensors"

MOST_STARTS = 3
"""Starts that may die at one step before it is taken for hopeless."""


class CheckpointScore(Record):
    """An examined step: the share of validation wordings that it answered right."""

    step: int
    exact_match: float


class StepMetrics(Record):
    """One step of the training curve; ``loss`` is in nats a learned token."""

    step: int
    loss: float
    learning_rate: float
    tokens_per_s: float
    exact_match: float | None = None


class _CheckpointState(Record):
    step: int = Field(ge=0)
    adapter_sha256: str
    candidates: tuple[CheckpointScore, ...]
    curve: tuple[StepMetrics, ...]
    missed: tuple[str, ...] = ()


class _Starts(Record):
    step: int
    count: int
    at: AwareDatetime | None = None


_STARTS = TypeAdapter(_Starts)


@dataclass
class Checkpoint:
    """What a training needs to continue to the same numbers; ``step`` steps are done.

    The learning rate and the order of the rows follow from the step and the examinations.
    """

    step: int
    adapter: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]
    best: dict[str, torch.Tensor]
    """The adapter of the best candidate; empty before the first validation."""
    candidates: list[CheckpointScore] = field(default_factory=list)
    curve: list[StepMetrics] = field(default_factory=list)
    missed: tuple[str, ...] = ()
    """The facts that the last examination got wrong."""


class Checkpoints:
    """The checkpoints of one training, shared by its attempts."""

    def __init__(self, cache: Cache, fingerprint: str) -> None:
        self._cache = cache
        self._prefix = f"checkpoints/{fingerprint}"
        self._next = SLOTS[0]

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint over the last but one."""
        state = _CheckpointState(
            step=checkpoint.step,
            adapter_sha256=digest_of_tensors(checkpoint.adapter),
            candidates=tuple(checkpoint.candidates),
            curve=tuple(checkpoint.curve),
            missed=checkpoint.missed,
        )
        tensors = {
            f"{part}/{name}": tensor
            for part in PARTS
            for name, tensor in getattr(checkpoint, part).items()
        }
        with temporary_folder("checkpoint") as folder:
            metadata = {"state": state.model_dump_json()}
            with disk_errors(str(folder)):
                save_file(tensors, folder / FILE, metadata)
            self._cache.save_folder(f"{self._prefix}/{self._next}", folder)
        self._next = _other(self._next)

    def load(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Return the latest checkpoint that is whole and fits the training, or None.

        Only that one is read whole: of full fine-tuning it has 16 bytes a weight.
        """
        found = {place: self._opened(place, _step_of) for place in SLOTS}
        steps = {place: step for place, step in found.items() if step is not None}
        for place in sorted(steps, key=lambda place: steps[place], reverse=True):
            checkpoint = self._opened(place, partial(_fitting, fits=fits))
            if checkpoint is not None:
                self._next = _other(place)
                return checkpoint
        return None

    def count_start(self, step: int, outage_s: float = math.inf) -> None:
        """Count one more start at ``step``.

        One that the store ended could not say so there. So the last one is not held to have died
        if it began ``outage_s`` seconds ago, which is how long a store must be away to end one.

        Raises:
            SettingsError: if several starts have died there; the next one counts anew.
        """
        key = f"{self._prefix}/starts"
        before = self._cache.get_json(key, _STARTS)
        count, now = before.count if before and before.step == step else 0, datetime.now(UTC)
        if before and before.at and (now - before.at).total_seconds() >= outage_s:
            count = max(0, count - 1)
        if count >= MOST_STARTS:
            self.forget_starts()
            raise SettingsError(
                f"train: {count} starts ended after step {step} without another checkpoint; lower "
                "limits.checkpoint_every_s, or limits.micro_batch if memory ran out"
            )
        self._cache.put(key, _STARTS.dump_json(_Starts(step=step, count=count + 1, at=now)))

    def forget_starts(self) -> None:
        """A start that ended in an orderly way says nothing against the next one."""
        self._cache.put(f"{self._prefix}/starts", _STARTS.dump_json(_Starts(step=-1, count=0)))

    def _opened(self, place: str, read: Callable[[Path], T]) -> T | None:
        key = f"{self._prefix}/{place}"
        if self._cache.get(key) is None:
            return None
        with temporary_folder("checkpoint") as folder:
            try:
                if self._cache.load_folder(key, folder):
                    return read(folder / FILE)
                reason = "its files are not those that were saved"
            except (DataError, OSError, SafetensorError, ValidationError) as error:
                reason = str(error)
        log.warning("checkpoint damaged", extra={"place": key, "reason": reason})
        return None


def _step_of(path: Path) -> int:
    with safe_open(path, "pt") as file:
        return _state_in(file).step


def _fitting(path: Path, fits: Callable[[Checkpoint], bool]) -> Checkpoint:
    checkpoint = _parse(path)
    if not fits(checkpoint):
        raise DataError("its tensors are not those of this training")
    return checkpoint


def _state_in(file: Any) -> _CheckpointState:  # noqa: ANN401  # safetensors' own, without types
    return _CheckpointState.model_validate_json((file.metadata() or {}).get("state", ""))


def _parse(path: Path) -> Checkpoint:
    parts: dict[str, dict[str, torch.Tensor]] = {part: {} for part in PARTS}
    with safe_open(path, "pt") as file:
        state = _state_in(file)
        for key in file.keys():  # noqa: SIM118  # not a dict
            part, _, name = key.partition("/")
            if part not in parts:
                raise DataError(f"{path}: tensor {key!r} is of none of {', '.join(PARTS)}")
            parts[part][name] = file.get_tensor(key)
    if digest_of_tensors(parts["adapter"]) != state.adapter_sha256:
        raise DataError(f"{path}: the adapter is not the one that was saved")
    return Checkpoint(
        step=state.step,
        candidates=list(state.candidates),
        curve=list(state.curve),
        missed=state.missed,
        **parts,
    )


def _other(place: str) -> str:
    return SLOTS[1 - SLOTS.index(place)]
