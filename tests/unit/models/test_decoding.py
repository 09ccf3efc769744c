"""Rows that join and leave while others are being written say what they say alone."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BartConfig,
    BloomConfig,
    FalconConfig,
    Gemma2Config,
    GPT2Config,
    GPTNeoXConfig,
    JambaConfig,
    Lfm2Config,
    LlamaConfig,
    MistralConfig,
    MptConfig,
    PreTrainedConfig,
)

from gabarito.models import CausalModel
from gabarito.models.decoding import DecodingBatch, PromptPrefix, keeps_a_state

SIZES: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
}
CONFIGS: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**SIZES),
    "sliding window": MistralConfig(**SIZES, sliding_window=6),
    "every other layer": Gemma2Config(**SIZES, sliding_window=6),
    "learned positions": GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=128),
    "parts of a head rotate": GPTNeoXConfig(**SIZES),
    "alibi": FalconConfig(
        vocab_size=97, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=True
    ),
    "convolutions": Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]),
    "a state": JambaConfig(
        **SIZES,
        attn_layer_period=2,
        attn_layer_offset=1,
        num_experts=2,
        mamba_d_state=8,
        use_mamba_kernels=False,
        pad_token_id=0,
    ),
}
CONFIGS |= {
    "positions of its own": BartConfig(
        vocab_size=97, d_model=32, decoder_layers=2, decoder_attention_heads=4,
        decoder_ffn_dim=64, max_position_embeddings=128, is_decoder=True,
        is_encoder_decoder=False,
    ),
    "alibi by the mask": BloomConfig(vocab_size=97, hidden_size=32, n_layer=2, n_head=4),
    "alibi by the distance": MptConfig(
        vocab_size=97, d_model=32, n_layers=2, n_heads=4, max_seq_len=128
    ),
}  # fmt: skip
APART = ("convolutions", "a state", "positions of its own")
JOINED = [kind for kind in CONFIGS if kind not in APART]
PROMPTS = ((1, 2, 3, 4), (1, 2, 3, 9, 8, 7, 6, 5), (40,), (1, 2, 3, 11, 12), (1, 2, 3))
TOKENS = 12


@pytest.fixture(params=CONFIGS, name="model")
def make_model(request: pytest.FixtureRequest) -> CausalModel:
    torch.manual_seed(5)
    of_class: Any = AutoModelForCausalLM
    model: CausalModel = of_class.from_config(CONFIGS[request.param])
    return model.eval()


@torch.inference_mode()
def written(batch: DecodingBatch, coming: Sequence[tuple[int, Sequence[int]]]) -> list[list[int]]:
    """Write TOKENS of each prompt, which joins before the step that is given."""
    said: dict[int, list[int]] = {}
    numbers: list[int] = []
    step = 0
    while step <= max(at for at, _ in coming) or batch.rows:
        if now := [prompt for at, prompt in coming if at == step]:
            numbers += batch.join(now)
        if batch.rows:
            for row, token in zip(batch.rows, batch.step()[0], strict=True):
                said.setdefault(row, []).append(token)
            batch.keep([i for i, row in enumerate(batch.rows) if len(said[row]) < TOKENS])
        step += 1
    return [said[number] for number in numbers]


@pytest.fixture(name="alone")
def make_alone(model: CausalModel) -> list[list[int]]:
    return [written(DecodingBatch(model), [(0, prompt)])[0] for prompt in PROMPTS]


@pytest.mark.parametrize("joins", [(0, 0, 0, 0, 0), (0, 3, 3, 7, 30), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("prefix", [None, (1, 2, 3)])
def test_who_joins_later_says_the_same(
    model: CausalModel,
    alone: list[list[int]],
    joins: tuple[int, ...],
    prefix: tuple[int, ...] | None,
) -> None:
    known = PromptPrefix.of(model, prefix) if prefix and not keeps_a_state(model) else None
    coming = list(zip(joins, PROMPTS, strict=True))
    assert written(DecodingBatch(model, known), coming) == alone


@torch.inference_mode()
def test_a_row_says_what_it_says_without_a_cache(
    model: CausalModel, alone: list[list[int]]
) -> None:
    for prompt, said in zip(PROMPTS, alone, strict=True):
        text = torch.tensor([[*prompt, *said]])
        logits = model(input_ids=text, use_cache=False).logits[0, len(prompt) - 1 : -1]
        assert logits.argmax(-1).tolist() == said


@pytest.mark.parametrize("model", JOINED, indirect=True)
@torch.inference_mode()
def test_a_prefix_is_read_once(model: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = PromptPrefix.of(model, (1, 2, 3))
    read: list[int] = []
    embed = model.get_input_embeddings()
    embed.register_forward_hook(lambda _module, given, _out: read.append(given[0].numel()))
    batch = DecodingBatch(model, prefix)
    batch.join([(1, 2, 3, 4), (1, 2, 3, 5)])
    assert read == [2]


@pytest.mark.parametrize("model", JOINED, indirect=True)
@torch.inference_mode()
def test_what_all_rows_have_of_padding_is_given_up(model: CausalModel) -> None:
    batch = DecodingBatch(model)
    batch.join([tuple(range(1, 60)), (5, 6)])
    batch.step()
    batch.keep([1])
    (kept,) = batch._kept
    assert kept.mask.shape == (1, 2)
    assert kept.cache.get_seq_length() == 2


@torch.inference_mode()
def test_a_prompt_that_cannot_be_read_harms_nobody(model: CausalModel) -> None:
    batch = DecodingBatch(model)
    batch.join([PROMPTS[0]])
    first = batch.step()[0]
    with pytest.raises(IndexError):
        batch.join([(96, 97)])
    assert batch.rows == [0]
    rest = [batch.step()[0][0] for _ in range(TOKENS - 1)]
    assert [*first, *rest] == written(DecodingBatch(model), [(0, PROMPTS[0])])[0]
