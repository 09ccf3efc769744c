"""Training beside a base in NF4, on a CPU: packed rows, validation between steps, and the merge."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from tests.model_classes import as_adapted, flat_gradient
from torch.nn import functional

from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.merge.merging import merged
from gabarito.models import Base, CausalModel, load_base
from gabarito.models.adapter import load_adapter
from gabarito.train.attention import use_row_attention
from gabarito.train.batch import Layout, Packed, Padded, layout_of
from gabarito.train.checkpoint import StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, encode
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule

from .conftest import rows_of

CPU = torch.device("cpu")
PREFIX = (1, 4)
ROWS = [
    Row((1, 4, 20, 21, 5, 30, 2), 5, "questions"),
    Row((1, 40, 41, 42, 43, 44, 45, 46, 2), 1, "statements"),
    Row((1, 4, 50, 5, 31, 32, 2), 4, "questions"),
]


def in_nf4(folder: Path, dtype: torch.dtype) -> tuple[Base, PeftModel]:
    base = load_base(folder, dtype=dtype, device=CPU, is_quantised=True)
    model = attach(base.model, TrainConfig(base="org/name", method="qlora", rank=4))
    for parameter in trained_parameters(model).values():
        torch.nn.init.normal_(parameter.data, std=0.1)
    return base, as_adapted(model)


def gradient_of(model: PeftModel, layout: Layout) -> tuple[float, torch.Tensor]:
    model.train()
    model.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=model.dtype == torch.bfloat16):
        loss = LossModule(model)(layout.batch(ROWS, CPU))
    loss.backward()
    return loss.item(), flat_gradient(model)


def test_packed_rows_beside_a_base_in_nf4_learn_what_padded_ones_do(base: Path) -> None:
    loaded, model = in_nf4(base, torch.float32)
    assert isinstance(layout_of(loaded.model, PREFIX, 16, loaded.pad), Packed)
    packed = gradient_of(model, Packed(PREFIX))
    loaded.model.set_attn_implementation("sdpa")
    padded = gradient_of(model, Padded(0))
    assert packed[0] == pytest.approx(padded[0], rel=1e-5)
    torch.testing.assert_close(packed[1], padded[1], rtol=1e-4, atol=1e-5)


def test_the_adapter_is_in_float32_and_alone_learns(base: Path) -> None:
    _, model = in_nf4(base, torch.bfloat16)
    trained = trained_parameters(model)
    assert all("lora_" in name for name in trained)
    assert {p.dtype for p in trained.values()} == {torch.float32}
    assert "lm_head" not in " ".join(trained)


def test_validation_between_two_steps_changes_no_gradient(base: Path) -> None:
    loaded, model = in_nf4(base, torch.bfloat16)
    use_row_attention(loaded.model)
    loss, gradient = gradient_of(model, Packed(PREFIX))
    with torch.no_grad():
        model.eval()(torch.tensor([ROWS[0].ids]))
    again = gradient_of(model, Packed(PREFIX))
    assert again[0] == loss
    assert torch.equal(again[1], gradient)


def test_a_base_in_nf4_is_not_merged_into(base: Path) -> None:
    with pytest.raises(DataError, match="is quantised; load the base in 16 bit or more"):
        merged(in_nf4(base, torch.float32)[1])


@torch.no_grad()
def loss_of(model: CausalModel | PeftModel, rows: list[Row]) -> float:
    """Return the mean loss in nats a learned token."""
    total = torch.zeros(())
    for row in rows:
        ids = torch.tensor([row.ids])
        logits = model(input_ids=ids, use_cache=False).logits[0, row.learned_from - 1 : -1]
        total += functional.cross_entropy(logits, ids[0, row.learned_from :], reduction="sum")
    return float(total) / sum(len(row.ids) - row.learned_from for row in rows)


def test_what_was_learned_beside_nf4_is_there_in_the_merged_model(
    train: Callable[..., Artifact], dataset: Callable[..., Artifact], base: Path, tmp_path: Path
) -> None:
    trained = train(dataset(replay=[]), method="qlora", steps=60, learning_rate=1e-2)
    losses = [point.loss for point in trained.records("curves.jsonl", StepMetrics)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    folder = trained.fetch(tmp_path / "adapter", "adapter/")
    loaded = load_base(base, dtype=torch.float32, device=CPU)
    contract = trained.record("prompt.json", PromptContract)
    rows = [encode(example, contract, loaded.tokenizer) for example in rows_of("train")]
    before = loss_of(loaded.model, rows)
    after = loss_of(merged(load_adapter(loaded.model, folder)), rows)
    beside = load_base(base, dtype=torch.float32, device=CPU, is_quantised=True).model
    assert loss_of(load_adapter(beside, folder), rows) < after < 0.3 * before
