"""Models and tokenizers from a local folder, checked before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    DynamicCache,
    PreTrainedTokenizerBase,
)
from transformers.cache_utils import (
    DummyLayer,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionCacheLayerMixin,
)

from gabarito.core.base_config import read_base_config
from gabarito.core.errors import DataError, MissingError, SettingsError
from gabarito.models.causal_model import CausalModel
from gabarito.models.device import default_device, default_dtype
from gabarito.models.tokenizer import MALFORMED, load_tokenizer

_KEEP_APART = ("recurrent_gemma", "minimax")
"""Types of models that take a cache and keep what they have read elsewhere, too."""

_KEYS_AND_VALUES = (DynamicLayer, DynamicSlidingWindowLayer, DummyLayer)
"""What layers may keep for rows to join and leave, beside a state."""

NAMED = 3
"""Tensors that a message names; of more it gives the number."""


@dataclass(frozen=True)
class Base:
    """A causal language model and its tokenizer."""

    model: CausalModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def pad(self) -> int:
        """The token that fills up a batch."""
        return int(self.tokenizer.pad_token_id)


def positions_of(model: CausalModel) -> int | None:
    """Return the longest text in tokens that a model was made for, None if it does not say.

    One whose positions are scaled by ``longrope`` (Phi-3 and 4, 128k) rotates all rows of a batch
    otherwise as soon as one is longer than the original: that is as far as it goes here.
    """
    text = model.config.get_text_config()
    found = getattr(text, "max_position_embeddings", None)
    rope = getattr(text, "rope_parameters", None) or {}
    if rope.get("rope_type") == "longrope":
        found = rope.get("original_max_position_embeddings", found)
    return None if found is None else int(found)


def load_base(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | None = None,
    is_quantised: bool = False,
) -> Base:
    """Load a model for computing with it, its weights frozen.

    ``dtype`` defaults to what the hardware computes fastest without loss that matters;
    ``is_quantised`` stores the linear layers in NF4 with double quantisation.

    Raises:
        MissingError: if there is no model, or a file of it is missing.
        DataError: if it is no causal language model, is quantised, brings code of its own, is
            damaged, has not the tensors that its ``config.json`` asks for, or its tokenizer has
            no chat template or no usable padding.
        SettingsError: if it does not fit into the GPU's memory.
    """
    _check_config(folder)
    place = device or default_device()
    tokenizer = load_tokenizer(folder)
    options: dict[str, Any] = {"dtype": dtype or default_dtype(place), "device_map": {"": place}}
    if is_quantised:
        options["quantization_config"] = _nf4(options["dtype"])
    model = _load_model(folder, options)
    _settle(model, tokenizer, folder)
    return Base(model, tokenizer)


def empty_model(folder: Path) -> CausalModel:
    """Return the model that a ``config.json`` describes, its weights without memory or numbers.

    Raises:
        MissingError: if there is no ``config.json``.
        DataError: if it makes no sense, or is of a model that cannot be trained here.
    """
    _check_config(folder)
    of_class: Any = AutoModelForCausalLM  # without types
    try:
        settings = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        with torch.device("meta"):
            model: CausalModel = of_class.from_config(settings, trust_remote_code=False)
    except MALFORMED as error:
        raise _malformed(folder, "config.json", error) from error
    _refuse_recurrent(model, folder)
    return model


def refuse_foreign(model: CausalModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Do nothing for a tokenizer all of whose tokens the model knows.

    Raises:
        DataError: for another.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise DataError(
            f"{folder}: the tokenizer has {len(tokenizer)} tokens and the model {rows}; they "
            "belong to different models: copy all files of one model there"
        )


def _refuse_recurrent(model: CausalModel, folder: Path) -> None:
    """Refuse what cannot go on from what it has read, as answers here do.

    Mamba, RWKV and their like keep a state where all others keep keys and values, GPT-1 and XLNet
    keep nothing, RecurrentGemma keeps it in its layers, MiniMax in a cache of its own. DeepSeek
    V3.2 and V4 and GLM-5 keep more than keys and values of a token.
    """
    text = model.config.get_text_config()
    if getattr(model, "_is_stateful", False) and not hasattr(text, "num_attention_heads"):
        raise DataError(
            f"{folder}/config.json: {text.model_type!r} is recurrent, it has no attention; use a "
            "base that has, such as a Llama"
        )
    takes = signature(model.forward).parameters
    has_none = "past_key_values" not in takes or text.model_type in _KEEP_APART
    if has_none or not all(map(_is_known, DynamicCache(config=model.config).layers)):
        raise DataError(
            f"{folder}/config.json: {text.model_type!r} has no cache of what it has read that "
            "answers can go on from; use a base that has, such as a Llama"
        )


def _is_known(layer: object) -> bool:
    return type(layer) in _KEYS_AND_VALUES or isinstance(layer, LinearAttentionCacheLayerMixin)


def _load_model(folder: Path, options: dict[str, Any]) -> CausalModel:
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,  # by default it asks at the terminal, and runs the code
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            **options,
        )
    except SafetensorError as error:
        raise DataError(
            f"{folder}: the weights are damaged: {error}; copy the model again"
        ) from error
    except torch.OutOfMemoryError as error:
        raise SettingsError(
            f"{folder}: does not fit into the GPU's memory; set train.method to qlora, or use a "
            "smaller base"
        ) from error
    except OSError as error:
        raise MissingError(
            f"{folder}: no weights that open: {' '.join(str(error).split())}"
        ) from error
    except MALFORMED as error:
        raise _malformed(folder, "config.json or generation_config.json", error) from error
    model: CausalModel = loaded[0]
    _check_tensors(loaded[1], folder)
    return model


def _check_tensors(report: Mapping[str, Any], folder: Path) -> None:
    """Refuse a model whose files hold other tensors than its config asks for.

    transformers only logs it, and fills what is missing with random numbers. An output layer
    that is tied to the embeddings is not missing.
    """
    found = {
        "missing": sorted(report["missing_keys"]),
        "not in the model": sorted(report["unexpected_keys"]),
        "of another shape": sorted(
            f"{name} {list(held)} instead of {list(wanted)}"
            for name, held, wanted in report["mismatched_keys"]
        ),
    }
    flaws = [f"{flaw}: {_listed(names)}" for flaw, names in found.items() if names]
    if flaws or report["error_msgs"]:
        said = "; ".join([*flaws, *report["error_msgs"]])
        raise DataError(
            f"{folder}: the weights are not those that config.json asks for: {said}; copy all "
            "files of the model again, from one place"
        )


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _check_config(folder: Path) -> None:
    config = read_base_config(folder)
    if config.model_type not in CONFIG_MAPPING:
        raise DataError(
            f"{folder}/config.json: transformers {transformers.__version__} knows no model_type "
            f"{config.model_type!r}; use a base of an architecture that it knows"
        )
    try:
        AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, *MALFORMED) as error:
        raise _malformed(folder, "config.json", error) from error


def _malformed(folder: Path, name: str, error: Exception) -> DataError:
    said = " ".join(str(error).split()) or type(error).__name__
    cure = "copy the model's own file there"
    return DataError(f"{folder}: {name}: not a model that transformers knows: {said}; {cure}")


def _settle(model: CausalModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    refuse_foreign(model, tokenizer, folder)
    _refuse_recurrent(model, folder)
    model.requires_grad_(requires_grad=False)
    model.eval()
    model.config.use_cache = False  # training needs none, and it takes memory
    model.config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    _spare_packed_kernels(model)


def _nf4(dtype: torch.dtype) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _spare_packed_kernels(model: CausalModel) -> None:
    """Keep 4-bit layers on a CPU from repacking themselves in a forward pass.

    bitsandbytes does so where the CPU has AVX-512 BF16; training and merging afterwards are
    wrong without an error.
    """
    layer: Any  # only the class of bitsandbytes has the attribute
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
