"""What a training takes of memory, reckoned from a base's config.json: no weights are needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from gabarito.core.model_records import Method
from gabarito.core.records import Record
from gabarito.models import CausalModel, empty_model
from gabarito.models.device import CGROUP
from gabarito.train.config import TrainConfig
from gabarito.train.full import linear_layers
from gabarito.train.lora import attach, trained_parameters, untrained_experts
from gabarito.train.loss import CHUNK_ELEMENTS
from gabarito.train.micro_batch import SHARE, bytes_a_token

TRAINED_BYTES = 16
"""A trained number in float32, with its gradient and the two moments of AdamW."""

SNAPSHOT_BYTES = 8
"""The same number in the best step's adapter and in the last checkpoint: in the CPU's memory."""

LOGITS_BYTES = 12
"""A logit in float32, its probability and its gradient."""

NF4_BYTES = 0.516
"""A weight in NF4 with double quantisation: half a byte, and its part of a block's scale."""

PROCESS_BYTES = {"cpu": 0.9e9, "cuda": 0.7e9}
"""What a process takes before it holds a model: the libraries; on a GPU its context."""


class MemoryNeed(Record):
    """Bytes that a training takes in one place."""

    weights: float
    adapter: float
    activations: float
    rest: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.adapter + self.activations + self.rest


@dataclass(frozen=True)
class _Planned:
    """As much of a model as its activations follow from."""

    config: Any
    dtype: torch.dtype
    device: torch.device
    supports_gradient_checkpointing: bool


@dataclass(frozen=True)
class ModelShape:
    """The sizes of a base and of what one method trains, without their numbers."""

    method: Method
    config: Any
    words: int
    linear: int
    """Weights of the layers that qlora quantises."""
    others: int
    untrained_experts: int
    """Of the others, weights of a mixture's experts that stay as they are."""
    trained: int
    supports_gradient_checkpointing: bool

    @property
    def untrained_share(self) -> float:
        """The share in all weights of experts that stay as they are."""
        return self.untrained_experts / (self.linear + self.others)

    def need(self, device: torch.device, dtype: torch.dtype, tokens: int) -> MemoryNeed:
        """Return what a training takes with so many tokens in memory at once.

        On a GPU these are its longest row, for which a share of what is free is used.
        """
        is_full = self.method == "full"
        dtype = torch.float32 if is_full else dtype
        planned = _Planned(self.config, dtype, device, self.supports_gradient_checkpointing)
        activations = tokens * bytes_a_token(cast("CausalModel", planned))
        of_linear = NF4_BYTES if self.method == "qlora" else dtype.itemsize
        frozen = self.linear - self.trained if is_full else self.linear
        of_trained = TRAINED_BYTES + (SNAPSHOT_BYTES if device.type == "cpu" else 0)
        logits = min(tokens * self.words, CHUNK_ELEMENTS)
        return MemoryNeed(
            weights=frozen * of_linear + self.others * dtype.itemsize,
            adapter=float(of_trained * self.trained),
            activations=activations / (SHARE if device.type == "cuda" else 1.0),
            rest=PROCESS_BYTES[device.type] + logits * LOGITS_BYTES,
        )


def shape_of(folder: Path, config: TrainConfig) -> ModelShape:
    """Return the sizes of the base whose ``config.json`` lies in ``folder``, as it is trained."""
    with torch.device("meta"):
        model = empty_model(folder)
        total = model.num_parameters()
        words = model.get_output_embeddings().weight.shape[0]
        linear = sum(
            number.numel()
            for layer in linear_layers(model).values()
            for number in layer.parameters()
        )
        able = model.supports_gradient_checkpointing
        adapted = attach(model, config)
    trained = sum(number.numel() for number in trained_parameters(adapted).values())
    return ModelShape(
        method=config.method,
        config=model.config,
        words=words,
        linear=linear,
        others=total - linear,
        untrained_experts=untrained_experts(adapted),
        trained=trained,
        supports_gradient_checkpointing=able,
    )


def free_bytes(device: torch.device) -> float:
    """Return the memory that is free for a training, of a GPU or of this machine and its pod."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return min([_available(), *_left_in_cgroup(CGROUP)])


def _available(path: Path = Path("/proc/meminfo")) -> float:
    lines = path.read_text(encoding="ascii").splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return float(sizes["MemAvailable"].split()[0]) * 1024


def _left_in_cgroup(cgroup: Path) -> list[float]:
    try:
        most, used = (
            (cgroup / name).read_text(encoding="ascii").strip()
            for name in ("memory.max", "memory.current")
        )
    except OSError:
        return []
    return [float(most) - float(used)] if most.isdigit() and used.isdigit() else []
