"""Rows one behind another: what they share stands once, and none of them sees another."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.model_classes import as_causal, insides
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from gabarito.core.model_records import PromptContract
from gabarito.core.settings import local_path
from gabarito.models import (
    Base,
    CausalModel,
    GenerationLimits,
    generate,
    load_base,
    shared_prefix,
)
from gabarito.train import attention
from gabarito.train.attention import GROUPS, use_row_attention
from gabarito.train.batch import Packed, Padded, TrainBatch, hidden_states, layout_of
from gabarito.train.encode import Row

CPU = torch.device("cpu")
PREFIX = (1, 4, 7)
SHARED = [Row((*PREFIX, *range(10, 10 + n), 2), 5, "questions") for n in (3, 9, 4, 30, 5, 6, 7)]
OTHERS = [Row((1, *range(40, 40 + n), 2), 1, "statements") for n in (2, 12)]
ROWS = [SHARED[0], OTHERS[0], *SHARED[1:], OTHERS[1]]

SIZES: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def small() -> CausalModel:
    torch.manual_seed(0)
    return as_causal(LlamaForCausalLM(LlamaConfig(**SIZES, initializer_range=0.3))).eval()


def alone(model: CausalModel, rows: list[Row] = ROWS) -> torch.Tensor:
    found = []
    for row in rows:
        batch = Padded(0).batch([row], CPU)
        found.append(hidden_states(model, batch)[batch.places])
    return torch.cat(found)


def learned(model: CausalModel, batch: TrainBatch) -> torch.Tensor:
    return hidden_states(model, batch)[batch.places]


@torch.no_grad()
def test_packed_rows_come_out_as_alone() -> None:
    model = small()
    expected = alone(model)
    use_row_attention(model)
    packed = Packed(PREFIX).batch(ROWS, CPU)
    torch.testing.assert_close(learned(model, packed), expected, rtol=1e-4, atol=1e-5)
    assert packed.labels.tolist() == [
        token for row in ROWS for token in row.ids[row.learned_from :]
    ]


@torch.no_grad()
def test_rows_that_are_not_kept_apart_come_out_otherwise() -> None:
    model = small()
    expected = alone(model)
    leaking = replace(Packed(PREFIX).batch(ROWS, CPU), rows=None)
    one_text = replace(leaking, positions=torch.arange(leaking.ids.shape[1])[None])
    assert (learned(model, one_text) - expected).abs().max() > 0.1


def test_a_shared_prefix_stands_once_and_learns_of_every_row() -> None:
    packed = Packed(PREFIX)
    batch = packed.batch(ROWS, CPU)
    assert batch.ids[0].tolist()[:6] == [*PREFIX, 10, 11, 12]
    assert batch.positions[0].tolist()[:9] == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    *_, tokens = packed.tokens(ROWS)
    assert batch.ids.shape[1] == tokens
    assert tokens == sum(len(row.ids) for row in ROWS) - 3 * (len(SHARED) - 1)
    model = small()
    use_row_attention(model)
    gradients = []
    for layout in (packed, Packed(()), Padded(0)):
        insides(model).zero_grad()
        torch.autograd.backward(learned(model, layout.batch(ROWS, CPU)).square().sum())
        gradient = model.get_input_embeddings().weight.grad
        assert gradient is not None
        gradients.append(gradient.clone())
    torch.testing.assert_close(gradients[0], gradients[2], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(gradients[1], gradients[2], rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_a_prefix_that_is_all_of_a_prompt_is_learned_from_its_last_token() -> None:
    model = small()
    rows = [Row((*PREFIX, 9, 2), 3, "questions"), Row((*PREFIX, 8, 8, 2), 3, "questions")]
    expected = alone(model, rows)
    use_row_attention(model)
    torch.testing.assert_close(
        learned(model, Packed(PREFIX).batch(rows, CPU)), expected, rtol=1e-4, atol=1e-5
    )


@torch.no_grad()
def test_the_kernel_of_gpus_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    use_row_attention(model)
    batch = Packed(PREFIX).batch(ROWS, CPU)
    plain = learned(model, batch)
    monkeypatch.setattr(attention, "_plain", attention._fused)
    torch.testing.assert_close(learned(model, batch), plain, rtol=1e-4, atol=1e-5)


def test_rows_of_like_length_are_scored_together() -> None:
    rows = Packed(PREFIX).batch(ROWS, CPU).rows
    assert rows is not None
    assert len(rows.groups) == GROUPS
    scored = sum(group.queries.numel() for group in rows.groups)
    assert scored < 1.5 * len(rows.order)


@torch.no_grad()
def test_answers_are_written_as_before() -> None:
    model = small()
    prompts = [[1, 4, 5], [1, 4, 5, 6, 7, 8], [1, 9]]
    limits = GenerationLimits(frozenset({2}), 8)
    before = dict(generate(model, prompts, limits))
    use_row_attention(model)
    after = dict(generate(model, prompts, limits))
    assert {at: found.ids for at, found in after.items()} == {
        at: found.ids for at, found in before.items()
    }


def test_a_model_that_can_keep_rows_apart_is_packed() -> None:
    assert layout_of(small(), PREFIX, 512, 0) == Packed(PREFIX)


def test_nano_is_packed() -> None:
    base = load_base(local_path("gabarito:demo/nano"))
    assert isinstance(layout_of(base.model, (1,), 512, 0), Packed)


def test_a_model_that_numbers_its_positions_otherwise_is_padded() -> None:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=100, n_embd=32, n_layer=2, n_head=2, initializer_range=0.3)
    layout = layout_of(as_causal(GPT2LMHeadModel(config)).eval(), PREFIX, 512, 3)
    assert layout in (Padded(3), Packed(PREFIX))


def test_what_scores_are_changed_by_is_refused() -> None:
    query, key = torch.zeros(1, 2, 3, 4), torch.zeros(1, 1, 3, 4)
    rows = Packed(()).batch([Row((1, 2, 3), 1, "questions")], CPU).rows
    with pytest.raises(ValueError, match="knows no softcap"):
        attention._attention(torch.nn.Identity(), query, key, key, None, rows=rows, softcap=50.0)


def test_a_model_that_pays_no_heed_to_rows_is_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    monkeypatch.setattr(type(model), "set_attn_implementation", lambda _self, _name: None)
    assert layout_of(model, PREFIX, 512, 3) == Padded(3)


def test_a_model_with_attention_of_its_own_keeps_it() -> None:
    model = small()
    model.set_attn_implementation("eager")
    assert layout_of(model, PREFIX, 512, 3) == Padded(3)
    assert model.config._attn_implementation == "eager"


def test_a_model_that_caps_its_scores_is_padded() -> None:
    torch.manual_seed(0)
    config = Gemma2Config(
        **SIZES,
        head_dim=8,
        final_logit_softcapping=None,
    )
    model = as_causal(Gemma2ForCausalLM(config)).eval()
    assert layout_of(model, PREFIX, 512, 3) == Padded(3)
    assert model.config._attn_implementation == "eager"


def test_a_model_with_layers_that_are_no_attention_is_padded() -> None:
    model = small()
    model.config.layer_types = ["full_attention", "conv"]
    assert layout_of(model, PREFIX, 512, 3) == Padded(3)


def test_a_model_that_sees_less_far_than_its_rows_is_padded() -> None:
    config = MistralConfig(
        **SIZES,
        sliding_window=64,
    )
    model = as_causal(MistralForCausalLM(config)).eval()
    assert layout_of(model, PREFIX, 64, 3) == Packed(PREFIX)
    assert layout_of(model, PREFIX, 65, 3) == Padded(3)


def test_the_prefix_is_what_all_questions_begin_with(base: Base, contract: PromptContract) -> None:
    prefix = shared_prefix(contract, base.tokenizer)
    assert base.tokenizer.decode(list(prefix)) == "<bos><|user|> "
