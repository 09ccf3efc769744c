"""Checkpoints in the store: two places, written in turn, so that one is always whole."""

import json
import logging
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from gabarito.core.cache import Cache
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.records import Record
from gabarito.train.adapter import digest_of_tensors

log = logging.getLogger("gabarito.train")

PLACES = ("a", "b")

MOST_STARTS = 3
"""Starts that may die at one step before it is taken for hopeless."""


class Candidate(Record):
    """An examined step: the share of validation wordings that it answered right."""

    step: int
    exact_match: float


class Point(Record):
    """One step of the training curve; ``loss`` is in nats a learned token."""

    step: int
    loss: float
    learning_rate: float
    tokens_per_s: float
    exact_match: float | None = None


class _State(Record):
    step: int
    adapter_sha256: str
    candidates: tuple[Candidate, ...]
    curve: tuple[Point, ...]


@dataclass
class Checkpoint:
    """What a training needs to continue to the same numbers; ``step`` steps are done.

    The learning rate and the order of the rows follow from the step alone.
    """

    step: int
    adapter: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]
    best: dict[str, torch.Tensor]
    """The adapter of the best candidate; empty before the first examination."""
    candidates: list[Candidate] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)


class Checkpoints:
    """The checkpoints of one training, shared by its attempts."""

    def __init__(self, cache: Cache, fingerprint: str) -> None:
        self._cache = cache
        self._prefix = f"checkpoints/{fingerprint}"
        self._next = PLACES[0]

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint over the last but one."""
        state = _State(
            step=checkpoint.step,
            adapter_sha256=digest_of_tensors(checkpoint.adapter),
            candidates=tuple(checkpoint.candidates),
            curve=tuple(checkpoint.curve),
        )
        with tempfile.TemporaryDirectory(prefix="gabarito-checkpoint-") as name:
            folder = Path(name)
            for part in ("adapter", "optimizer", "best"):
                save_file(getattr(checkpoint, part), folder / f"{part}.safetensors")
            (folder / "state.json").write_text(state.model_dump_json(), encoding="utf-8")
            self._cache.save_folder(f"{self._prefix}/{self._next}", folder)
        self._cache.put(f"{self._prefix}/latest", self._next.encode())
        self._next = _other(self._next)

    def load(self) -> Checkpoint | None:
        """Return the latest checkpoint that is whole, or None."""
        latest = self._cache.get(f"{self._prefix}/latest")
        first = latest.decode() if latest else PLACES[0]
        for place in (first, _other(first)):
            found = self._read(place)
            if found is not None:
                self._next = _other(place)
                return found
        return None

    def count_start(self, step: int) -> None:
        """Count one more start at ``step``.

        Raises:
            SettingsError: if several starts have died there; the next one counts anew.
        """
        key = f"{self._prefix}/starts"
        data = self._cache.get(key)
        before = json.loads(data) if data else {"step": step, "count": 0}
        count = before["count"] if before["step"] == step else 0
        if count >= MOST_STARTS:
            self.forget_starts()
            message = (
                f"train: {count} starts ended after step {step} without another checkpoint; lower "
                "limits.checkpoint_every_s, or limits.micro_batch if memory ran out"
            )
            raise SettingsError(message)
        self._cache.put(key, json.dumps({"step": step, "count": count + 1}).encode())

    def forget_starts(self) -> None:
        """A start that ended in an orderly way says nothing against the next one."""
        self._cache.put(f"{self._prefix}/starts", b'{"step": -1, "count": 0}')

    def _read(self, place: str) -> Checkpoint | None:
        key = f"{self._prefix}/{place}"
        if self._cache.get(key) is None:
            return None
        with tempfile.TemporaryDirectory(prefix="gabarito-checkpoint-") as name:
            try:
                if self._cache.load_folder(key, Path(name)):
                    return _parse(Path(name))
                reason = "its files are not those that were saved"
            except (DataError, OSError, SafetensorError, ValidationError) as error:
                reason = str(error)
        log.warning("checkpoint damaged", extra={"place": key, "reason": reason})
        return None


def _parse(folder: Path) -> Checkpoint:
    state = _State.model_validate_json((folder / "state.json").read_bytes())
    parts = {p: load_file(folder / f"{p}.safetensors") for p in ("adapter", "optimizer", "best")}
    if digest_of_tensors(parts["adapter"]) != state.adapter_sha256:
        message = f"{folder}: the adapter is not the one that was saved"
        raise DataError(message)
    return Checkpoint(
        step=state.step, candidates=list(state.candidates), curve=list(state.curve), **parts
    )


def _other(place: str) -> str:
    return PLACES[1 - PLACES.index(place)]
