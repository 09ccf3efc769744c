"""Parts of a step: what fits into memory, and the same gradients however it is cut."""

import math
from collections.abc import Iterator
from typing import cast

import pytest
import torch
from peft import PeftModel
from tests.growth import grows_in_proportion
from tests.model_classes import as_adapted, flat_gradient, insides
from transformers import LlamaConfig

from gabarito.core.settings import local_path
from gabarito.models import Base, CausalModel, load_base
from gabarito.models.adapter import base_of
from gabarito.train.batch import Layout, Packed, Padded
from gabarito.train.config import Limits, TrainConfig
from gabarito.train.encode import Row
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule
from gabarito.train.micro_batch import (
    MemoryBudget,
    bytes_a_token,
    checkpoints_activations,
    enable_activation_checkpointing,
    memory_budget,
)

GIB = 1 << 30
PADDED = Padded(0).tokens
ROWS = [Row((1, *range(4, 4 + n), 2), 2, "questions") for n in (3, 3, 4, 8, 30)]


def lengths(room: MemoryBudget, rows: list[Row] = ROWS) -> list[list[int]]:
    return [[len(row.ids) for row in part] for part in room.parts(rows)]


def test_without_a_bound_the_whole_step_is_one_part() -> None:
    assert lengths(MemoryBudget(None, math.inf, PADDED)) == [[5, 5, 6, 10, 32]]


def test_a_part_holds_no_more_rows_than_were_set() -> None:
    assert lengths(MemoryBudget(2, math.inf, PADDED)) == [[5, 5], [6, 10], [32]]


def test_padding_counts_and_a_row_too_long_is_a_part_of_its_own() -> None:
    assert lengths(MemoryBudget(None, 18, PADDED)) == [[5, 5, 6], [10], [32]]
    assert lengths(MemoryBudget(None, 29, PADDED)) == [[5, 5, 6], [10], [32]]
    assert lengths(MemoryBudget(None, 40, PADDED)) == [[5, 5, 6, 10], [32]]


def test_of_packed_rows_a_shared_prefix_counts_once() -> None:
    room = MemoryBudget(None, 20, Packed((1, 4)).tokens)
    assert lengths(room) == [[5, 5, 6, 10], [32]]


def test_room_is_halved_until_a_single_row_is_too_much() -> None:
    room, rows = MemoryBudget(None, math.inf, PADDED), ROWS[:4]
    found = []
    while room.halve(rows):
        found.append(lengths(room, rows))
    assert found == [[[5, 5, 6], [10]], [[5], [5], [6], [10]]]
    assert max(tokens for part in room.parts(rows) for tokens in PADDED(part)) == 10


@pytest.mark.parametrize("layout", [Padded(0), Packed((1, 4))])
@pytest.mark.parametrize("room", [math.inf, 1 << 30, 40])
def test_a_large_step_is_cut_in_a_time_that_grows_with_its_rows(
    layout: Layout, room: float
) -> None:
    budget = MemoryBudget(None, room, layout.tokens)
    assert grows_in_proportion(budget.parts, lambda count: ROWS[:4] * (count // 4), 1 << 14)


class Sized:
    """As much of a model as its size is known by."""

    supports_gradient_checkpointing = True

    def __init__(self, width: int, layers: int, device: str, trained: int) -> None:
        self.config = LlamaConfig(hidden_size=width, num_hidden_layers=layers)
        self.dtype, self.device = torch.bfloat16, torch.device(device)
        self._trained = trained

    def get_base_model(self) -> "Sized":
        return self

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        yield "weight", torch.nn.Parameter(torch.empty(self._trained, device="meta"))


def sized(width: int, layers: int, device: str = "cuda", trained: int = 0) -> CausalModel:
    return cast("CausalModel", Sized(width, layers, device, trained))


def test_layers_of_large_models_are_computed_once_more_on_a_gpu() -> None:
    assert checkpoints_activations(sized(4096, 32))
    assert not checkpoints_activations(sized(192, 4))
    assert not checkpoints_activations(sized(4096, 32, "cpu"))


def test_a_step_of_llama_8b_fits_where_it_took_several_hundred_gigabytes() -> None:
    tokens = 64 * 512
    kept_whole = sized(4096, 32, "cpu")
    assert tokens * bytes_a_token(kept_whole) > 300 * GIB
    assert tokens * bytes_a_token(sized(4096, 32)) < 40 * GIB


def test_the_room_follows_from_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model, whole = sized(4096, 32), sized(4096, 32, trained=GIB // 4)
    for name, value in {"memory_reserved": 2 * GIB, "memory_allocated": GIB}.items():
        monkeypatch.setattr(torch.cuda, name, lambda _device, value=value: value)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (9 * GIB, 24 * GIB))
    room = memory_budget(model, Limits(), PADDED)
    assert room.rows is None
    assert room.tokens == pytest.approx(7 * GIB / bytes_a_token(model))
    assert 8_000 < room.tokens < 16_000
    # gradients and moments of the trained weights, three GiB, are yet to come
    assert memory_budget(whole, Limits(), PADDED).tokens == pytest.approx(room.tokens * 0.7)
    assert memory_budget(model, Limits(micro_batch=3), PADDED) == MemoryBudget(3, math.inf, PADDED)


def test_on_a_cpu_there_is_room_for_the_whole_batch(base: Base) -> None:
    model = attach(base.model, TrainConfig(base="org/name", rank=2))
    assert memory_budget(model, Limits(), PADDED) == MemoryBudget(None, math.inf, PADDED)


def gradient(model: PeftModel) -> torch.Tensor:
    model.train()
    model.zero_grad()
    LossModule(model)(Padded(0).batch(ROWS, torch.device("cpu"))).backward()
    return flat_gradient(model)


def test_layers_computed_once_more_give_nano_the_same_gradient() -> None:
    base = load_base(local_path("gabarito:demo/nano"), dtype=torch.float32)
    model = as_adapted(attach(base.model, TrainConfig(base="gabarito:demo/nano", rank=2)))
    for parameter in trained_parameters(model).values():
        torch.nn.init.normal_(parameter.data, std=0.1)
    whole = gradient(model)
    calls: list[int] = []
    enable_activation_checkpointing(base_of(model))
    layer = insides(base_of(model)).get_decoder().layers[0].mlp
    layer.register_forward_pre_hook(lambda *_given: calls.append(1))
    torch.testing.assert_close(gradient(model), whole, rtol=1e-5, atol=1e-6)
    assert len(calls) == 2
