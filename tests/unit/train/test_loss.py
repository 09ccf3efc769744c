"""The loss: of the learned tokens alone, and no row sees another."""

from typing import Any

import pytest
import torch
from peft import PeftModel
from tests.model_classes import as_adapted, flat_gradient
from torch.nn import functional

from gabarito.core.errors import DataError
from gabarito.models import Base
from gabarito.models.adapter import base_of
from gabarito.train import loss as loss_module
from gabarito.train.attention import use_row_attention
from gabarito.train.batch import Layout, Packed, Padded
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule, check_head

CPU = torch.device("cpu")
ROWS = [
    Row((1, 4, 20, 21, 5, 30, 2), 5, "questions"),
    Row((1, 40, 41, 42, 43, 44, 45, 46, 2), 1, "statements"),
    Row((1, 4, 5, 6, 2), 3, "replay"),
]


@pytest.fixture
def model(base: Base) -> PeftModel:
    adapted = attach(base.model, TrainConfig(base="org/name", rank=2))
    for parameter in trained_parameters(adapted).values():
        torch.nn.init.normal_(parameter.data, std=0.1)
    return as_adapted(adapted)


def loss_by_hand(model: PeftModel, row: Row) -> torch.Tensor:
    ids = torch.tensor([row.ids])
    logits = model(ids, use_cache=False).logits[0, :-1]
    losses = functional.cross_entropy(logits, ids[0, 1:], reduction="none")
    return losses[row.learned_from - 1 :].sum()


@pytest.mark.parametrize("layout", [Padded(0), Packed(()), Packed((1, 4))])
def test_a_batch_costs_what_its_rows_cost_alone(model: PeftModel, layout: Layout) -> None:
    use_row_attention(base_of(model))
    together = LossModule(model)(layout.batch(ROWS, CPU))
    alone = torch.stack([loss_by_hand(model, row) for row in ROWS]).sum()
    assert together.item() == pytest.approx(alone.item(), rel=1e-5)


def test_logits_in_chunks_give_the_same_loss_and_gradient(
    model: PeftModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Padded(0).batch(ROWS, CPU)
    found = []
    for elements in (1 << 26, 400 * 4):
        monkeypatch.setattr(loss_module, "CHUNK_ELEMENTS", elements)
        model.zero_grad()
        loss = LossModule(model)(batch)
        loss.backward()
        found.append((loss.detach(), flat_gradient(model)))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)


def test_the_output_layer_is_computed_for_learned_tokens_only(model: PeftModel) -> None:
    seen = []
    loss = LossModule(model)
    head = base_of(model).get_output_embeddings()
    head.register_forward_hook(lambda _layer, given, _out: seen.append(given[0].shape[0]))
    loss(Padded(0).batch(ROWS, CPU))
    assert seen == [2 + 8 + 2]


def test_a_base_with_plain_logits_is_accepted(base: Base) -> None:
    check_head(base.model)


def test_a_base_that_does_what_its_config_does_not_say_is_refused(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = base.model.forward

    def capped(**inputs: Any) -> Any:  # noqa: ANN401
        out = forward(**inputs)
        out.logits = torch.tanh(out.logits / 30) * 30
        return out

    monkeypatch.setattr(base.model, "forward", capped)
    with pytest.raises(DataError, match="more with its logits than to scale and cap them"):
        check_head(base.model)
