"""Training on a GPU: in 16 bit, and in 4 bit where asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.model_classes import insides
from tests.stage.train.conftest import base, dataset, settings, store, train

from gabarito.artifacts.artifact import Artifact
from gabarito.models import load_base
from gabarito.train.attention import use_row_attention
from gabarito.train.batch import Packed
from gabarito.train.checkpoint import StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule

__all__ = ["base", "dataset", "settings", "store", "train"]

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

ROWS = [
    Row((1, 4, 20, 21, 5, 30, 2), 5, "questions"),
    Row((1, 40, 41, 42, 43, 44, 45, 46, 2), 1, "statements"),
]


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_the_base_is_in_16_bit_and_the_adapter_in_32(base: Path, method: str) -> None:
    model = load_base(base, is_quantised=method == "qlora").model
    assert model.get_input_embeddings().weight.dtype == torch.bfloat16
    adapted = attach(model, TrainConfig(base="org/name", method=method))
    assert {p.dtype for p in trained_parameters(adapted).values()} == {torch.float32}
    assert next(insides(adapted).parameters()).device.type == "cuda"


@pytest.mark.parametrize(
    "method", [{"method": "lora"}, {"method": "qlora"}, {"method": "full", "rank": None}]
)
def test_the_stage_runs_and_the_loss_falls(
    train: Callable[..., Artifact], dataset: Callable[..., Artifact], method: dict[str, Any]
) -> None:
    trained = train(dataset(), steps=60, learning_rate=1e-2, **method)
    losses = [point.loss for point in trained.records("curves.jsonl", StepMetrics)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_the_loss_on_the_gpu_is_that_of_the_cpu(base: Path) -> None:
    found = []
    for device in ("cpu", "cuda"):
        place = torch.device(device)
        model = load_base(base, dtype=torch.float32, device=place).model
        adapted = attach(model, TrainConfig(base="org/name"))
        use_row_attention(model)
        found.append(float(LossModule(adapted)(Packed((1, 4)).batch(ROWS, place))))
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_one_seed_gives_nearly_one_curve(
    train: Callable[..., Artifact], dataset: Callable[..., Artifact]
) -> None:
    made = [train(dataset(), fingerprint=name * 64) for name in "uv"]
    losses = [[p.loss for p in trained.records("curves.jsonl", StepMetrics)] for trained in made]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)  # atomic additions come in any order
