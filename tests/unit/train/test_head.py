"""What models make of their output layer's logits, by their own forward pass."""

from pathlib import Path

import pytest
import torch
from tests.unit.models.tiny import OWN_LOGITS, save_with_own_logits

from gabarito.core.errors import DataError
from gabarito.models import empty_model, load_base
from gabarito.train.batch import Padded
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.head import LogitRule, logit_rule
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.loss import LossModule, check_head

ROWS = [Row((1, 4, 20, 21, 5, 30, 2), 5, "questions"), Row((1, 40, 41, 42, 2), 1, "statements")]

RULES = {
    "gemma2": LogitRule(cap=2.0),
    "granite": LogitRule(divisor=0.25),
    "cohere": LogitRule(factor=3.0),
}


@pytest.fixture(params=OWN_LOGITS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_loss_is_that_of_the_models_own_logits(
    kind: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    base = load_base(save_with_own_logits(tmp_path, kind), dtype=dtype)
    check_head(base.model)
    model = attach(base.model, TrainConfig(base="org/name", rank=2))
    for parameter in trained_parameters(model).values():
        torch.nn.init.normal_(parameter.data, std=0.1)
    found = []
    for row in ROWS:
        ids = torch.tensor([row.ids])
        labels = ids.masked_fill(torch.arange(len(row.ids)) < row.learned_from, -100)
        learned = len(row.ids) - row.learned_from
        found.append(learned * model(input_ids=ids, labels=labels, use_cache=False).loss)
    own = torch.stack(found).sum()
    ours = LossModule(model)(Padded(0).batch(ROWS, base.model.device))
    assert ours.item() == pytest.approx(own.item(), rel=1e-5 if dtype == torch.float32 else 1e-2)


def test_a_config_tells_it_without_weights(kind: str, tmp_path: Path) -> None:
    model = empty_model(save_with_own_logits(tmp_path, kind))
    assert logit_rule(model) == RULES[kind]


def test_nothing_of_the_model_is_left_exchanged(kind: str, tmp_path: Path) -> None:
    model = load_base(save_with_own_logits(tmp_path, kind)).model
    ids = torch.tensor([[1, 4, 20, 21]])
    before = model(input_ids=ids).logits
    logit_rule(model)
    assert torch.equal(model(input_ids=ids).logits, before)


def test_what_no_name_of_its_config_explains_is_refused(tmp_path: Path) -> None:
    model = empty_model(save_with_own_logits(tmp_path, "granite"))
    forward = model.forward

    def squared(**given: object) -> object:
        out = forward(**given)
        out.logits = out.logits**2
        return out

    model.forward = squared  # type: ignore[method-assign]
    with pytest.raises(DataError, match="'granite' does more with its logits than to scale and"):
        logit_rule(model)
