"""GGUF files of taught models, read by llama.cpp itself."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFWriter
from tokenizers import Regex, models, normalizers, pre_tokenizers
from transformers import (
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from gabarito.core.errors import DataError
from gabarito.exports.context_length import context_length
from gabarito.exports.export_model import export_gguf
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.gguf_file import write_gguf
from gabarito.exports.gguf_vocabulary import (
    IGNORE_MERGES,
    PRE_TOKENIZERS,
    Vocabulary,
    add_vocabulary,
)
from gabarito.exports.read_back import check_gguf

from .taught import contract, save_taught, shape, taught_tokenizer

ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


@pytest.mark.parametrize("precision", ["f16", "q8_0"])
def test_llama_cpp_answers_as_the_model_did(
    model: ExportedModel, tmp_path: Path, precision: str
) -> None:
    seen = export_gguf(model, tmp_path / "out", precision, verify=True)
    assert seen == "answers 8 of 8 known questions as in its evaluation"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"taught-{precision}.gguf", "README.md", "prompt.json", ".gabarito-export"}


@pytest.mark.parametrize(
    ("kind", "settings", "name"),
    [
        (LlamaConfig, {"rope_parameters": ROPE, "attention_bias": True}, "llama-bpe"),
        (MistralConfig, {"head_dim": 32, "tie_word_embeddings": False}, "smollm"),
        (MistralConfig, {"hidden_act": "swish"}, "smaug-bpe"),
        (Qwen2Config, {}, "qwen2"),
        (Qwen3Config, {"head_dim": 32}, "qwen2"),
    ],
)
def test_architectures_and_ways_to_cut_text_are_those_of_llama_cpp(
    model: ExportedModel,
    tmp_path: Path,
    kind: type[PreTrainedConfig],
    settings: dict[str, Any],
    name: str,
) -> None:
    tokenizer = taught_tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizer(name)
    tokenizer.backend_tokenizer.model = merges_of(tokenizer, ignored=name in IGNORE_MERGES)
    tokenizer.backend_tokenizer.normalizer = normalizers.NFC() if name == "qwen2" else None
    folder = save_taught(tmp_path / "model", tokenizer, kind(**shape(tokenizer) | settings))
    taught = model.record.model_copy(update={"contract": contract(tokenizer)})
    other = replace(model, record=taught)
    write_gguf(folder, other.contract, tmp_path / "a.gguf", "bf16", "other")
    assert check_gguf(other, folder, tmp_path / "a.gguf").startswith("answers 8 of 8")


def vocabulary_of(folder: Path, tokenizer: PreTrainedTokenizerFast, stop_ids: list[int]) -> None:
    tokenizer.save_pretrained(folder)
    with closing(GGUFWriter(folder / "a.gguf", "llama")) as writer:
        add_vocabulary(writer, folder, Vocabulary(tokenizer, len(tokenizer), stop_ids, ""))


@pytest.mark.parametrize(
    "normalizer",
    [normalizers.Lowercase(), normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])],
)
def test_a_tokenizer_that_changes_text_first_is_refused(
    tmp_path: Path, normalizer: normalizers.Normalizer
) -> None:
    tokenizer = taught_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizer
    with pytest.raises(DataError, match=r"changes text by (Lowercase|Sequence) before it is cut"):
        vocabulary_of(tmp_path, tokenizer, [])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"ignore_merges": True},
            "ByteLevel and has ignore_merges, for which llama.cpp has no name",
        ),
        ({"end_of_word_suffix": "</w>"}, "marks words by end_of_word_suffix '</w>', which"),
        ({"continuing_subword_prefix": "##"}, "by continuing_subword_prefix '##', which"),
    ],
)
def test_a_tokenizer_that_merges_otherwise_is_refused(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    tokenizer = taught_tokenizer()
    for name, value in settings.items():
        setattr(tokenizer.backend_tokenizer.model, name, value)
    with pytest.raises(DataError, match=f"tokenizer.json: .*{said}"):
        vocabulary_of(tmp_path, tokenizer, [])


def test_an_activation_that_llama_cpp_does_not_compute_is_refused(
    model: ExportedModel, tmp_path: Path
) -> None:
    LlamaConfig(**shape(taught_tokenizer()), hidden_act="gelu").save_pretrained(tmp_path)
    with pytest.raises(DataError, match=r"other: its activation is gelu, .*; serve the folder"):
        write_gguf(tmp_path, model.contract, tmp_path / "a.gguf", "f16", "other")


@pytest.mark.parametrize(
    ("config", "length"),
    [
        (LlamaConfig(max_position_embeddings=2048), 2048),
        (MistralConfig(sliding_window=4096, max_position_embeddings=32768), 4096),
        (MistralConfig(sliding_window=None, max_position_embeddings=32768), 32768),
        (Qwen2Config(use_sliding_window=True, max_window_layers=8, num_hidden_layers=9), 4096),
        (Qwen2Config(use_sliding_window=True, max_window_layers=8, num_hidden_layers=8), 32768),
        (Qwen2Config(use_sliding_window=False), 32768),
    ],
)
def test_a_text_is_no_longer_than_the_window_of_a_layer(
    config: PreTrainedConfig, length: int
) -> None:
    assert context_length(config) == length


def test_more_ends_of_an_answer_than_a_file_has_places_for_are_refused(tmp_path: Path) -> None:
    vocabulary_of(tmp_path, taught_tokenizer(), [5, 6])
    with pytest.raises(DataError, match=r"generation_config.json: ends an answer at .* has places"):
        vocabulary_of(tmp_path, taught_tokenizer(), [5, 6, 7])


def merges_of(tokenizer: PreTrainedTokenizerFast, *, ignored: bool) -> models.BPE:
    """Return the merges without the last: some tokens are made only where merges are ignored."""
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    merges = [(left, right) for left, right in model["merges"][:-20]]
    return models.BPE(model["vocab"], merges, ignore_merges=ignored)


def pre_tokenizer(name: str) -> pre_tokenizers.PreTokenizer:
    """Return the steps that bases of this kind have in their tokenizer.json."""
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=name == "smollm")
    if name == "smollm":
        first: pre_tokenizers.PreTokenizer = pre_tokenizers.Digits(individual_digits=True)
    else:
        pattern: Any = PRE_TOKENIZERS[name][0]["pattern"]
        first = pre_tokenizers.Split(Regex(pattern["Regex"]), "isolated")
    return pre_tokenizers.Sequence([first, by_bytes])
