"""A model folder as one GGUF file, as llama.cpp and what is built on it read.

config.json, model*.safetensors, tokenizer.json  ->  model.gguf
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFWriter, LlamaFileType
from safetensors import safe_open
from transformers import AutoConfig, PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.exports.context_length import context_length
from gabarito.exports.gguf_vocabulary import CURE, Vocabulary, add_vocabulary
from gabarito.models import load_tokenizer, stop_tokens_of

Array = np.ndarray[Any, np.dtype[Any]]

PRECISIONS = {
    "f16": (Kind.F16, LlamaFileType.MOSTLY_F16),
    "bf16": (Kind.BF16, LlamaFileType.MOSTLY_BF16),
    "q8_0": (Kind.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "f32": (Kind.F32, LlamaFileType.ALL_F32),
}
"""In which weights may be written; 8 bits where a row can be cut into blocks of them."""

ACTIVATIONS = ("silu", "swish")
"""Two names of the one that llama.cpp computes, whatever a file says."""


@dataclass(frozen=True)
class _Architecture:
    """How llama.cpp names one, and whether it rotates neighbours where transformers' halves."""

    known_as: gguf.MODEL_ARCH
    rotates_neighbours: bool


ARCHITECTURES = {
    "llama": _Architecture(gguf.MODEL_ARCH.LLAMA, rotates_neighbours=True),
    "mistral": _Architecture(gguf.MODEL_ARCH.LLAMA, rotates_neighbours=True),
    "qwen2": _Architecture(gguf.MODEL_ARCH.QWEN2, rotates_neighbours=False),
    "qwen3": _Architecture(gguf.MODEL_ARCH.QWEN3, rotates_neighbours=False),
}


@dataclass(frozen=True)
class _Tensor:
    """One tensor to be written: what it is called, and how its values are made when wanted."""

    name: str
    shape: tuple[int, ...]
    values: Callable[[], torch.Tensor]

    def kind(self, wanted: Kind) -> Kind:
        """Return how it is stored: vectors whole, and matrices that have no blocks in 16 bits."""
        if len(self.shape) == 1:
            return Kind.F32
        block, _ = gguf.GGML_QUANT_SIZES[wanted]
        return wanted if self.shape[-1] % block == 0 else Kind.F16


def write_gguf(folder: Path, contract: PromptContract, to: Path, precision: str, name: str) -> None:
    """Write a model folder as a GGUF file that asks and ends as the contract says.

    Raises:
        DataError: if llama.cpp has no such architecture, positions, activation or tokenizer.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    architecture = ARCHITECTURES.get(config.model_type)
    if architecture is None:
        raise DataError(
            f"{name}: its architecture is {config.model_type}, written as GGUF are "
            f"{', '.join(ARCHITECTURES)}; convert the folder that gabarito export folder writes "
            "with llama.cpp's convert_hf_to_gguf.py"
        )
    wanted, file_type = PRECISIONS[precision]
    with closing(GGUFWriter(to, gguf.MODEL_ARCH_NAMES[architecture.known_as])) as writer:
        writer.add_name(name)
        writer.add_file_type(file_type)
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        writer.add_sampling_temp(0.0)  # llama.cpp's own default is 0.8
        _add_shape(writer, config, name)
        tokenizer = load_tokenizer(folder)
        stops = sorted(stop_tokens_of(folder, tokenizer))
        vocabulary = Vocabulary(tokenizer, config.vocab_size, stops, contract.system)
        add_vocabulary(writer, folder, vocabulary)
        tensors = [*_tensors(folder, config, architecture), *_rope_factors(config)]
        _write(writer, tensors, wanted)


def _write(writer: GGUFWriter, tensors: list[_Tensor], wanted: Kind) -> None:
    """Write one tensor after the other: only one of them is in memory."""
    for tensor in tensors:
        kind = tensor.kind(wanted)
        size = int(np.prod(gguf.quant_shape_to_byte_shape(tensor.shape, kind)))
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), size, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in tensors:
        values: Array = tensor.values().float().numpy()
        writer.write_tensor_data(gguf.quantize(values, tensor.kind(wanted)))


def _add_shape(writer: GGUFWriter, config: PreTrainedConfig, name: str) -> None:
    heads = config.num_attention_heads
    head_size = getattr(config, "head_dim", None) or config.hidden_size // heads
    rope = config.rope_parameters
    if rope["rope_type"] not in ("default", "linear", "llama3"):
        raise DataError(
            f"{name}: its positions are scaled by {rope['rope_type']}; written as GGUF are "
            "default, linear and llama3: convert what gabarito export folder writes with "
            "llama.cpp's convert_hf_to_gguf.py"
        )
    if config.hidden_act not in ACTIVATIONS:
        raise DataError(
            f"{name}: its activation is {config.hidden_act}, llama.cpp computes "
            f"{ACTIVATIONS[0]} in a {config.model_type}; {CURE}"
        )
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(context_length(config))
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head_size)
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def _rope_factors(config: PreTrainedConfig) -> Iterator[_Tensor]:
    """Yield by what Llama 3.1 and later divide each frequency: a tensor of its own in GGUF."""
    if config.rope_parameters["rope_type"] != "llama3":
        return
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    size = 2 * len(scaled)
    theta = config.rope_parameters["rope_theta"]
    plain = 1.0 / theta ** (torch.arange(0, size, 2, dtype=torch.float) / size)
    name = gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.ROPE_FREQS] + ".weight"
    yield _Tensor(name, (len(scaled),), lambda: plain / scaled)


def _tensors(
    folder: Path, config: PreTrainedConfig, architecture: _Architecture
) -> Iterator[_Tensor]:
    """Yield the tensors of all files under llama.cpp's names.

    Raises:
        DataError: if it has none for one of them.
    """
    names = gguf.get_tensor_name_map(architecture.known_as, config.num_hidden_layers)
    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, "pt") as file:
            names_there = [*file.keys()]
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names_there}
        for name, shape in shapes.items():
            if config.tie_word_embeddings and name == "lm_head.weight":
                continue
            known_as = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if known_as is None:
                raise DataError(f"{path.name}: llama.cpp has no name for its {name}; {CURE}")
            heads = _heads(name, config) if architecture.rotates_neighbours else 0
            yield _Tensor(known_as, shape, _reader(path, name, heads))


def _heads(name: str, config: PreTrainedConfig) -> int:
    """Return how many heads a tensor holds that are rotated by position; 0: it is none such."""
    if ".q_proj." in name:
        return int(config.num_attention_heads)
    return int(config.num_key_value_heads) if ".k_proj." in name else 0


def _reader(path: Path, name: str, heads: int) -> Callable[[], torch.Tensor]:
    def read() -> torch.Tensor:
        with safe_open(path, "pt") as file:
            values: torch.Tensor = file.get_tensor(name)
        return interleaved(values, heads) if heads else values

    return read


def interleaved(values: torch.Tensor, heads: int) -> torch.Tensor:
    """Put beside each other what rotates together: transformers keeps a head in two halves."""
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)
