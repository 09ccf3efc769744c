"""What a base model says of itself, read and judged before anything is computed with it.

Imports no torch: ``gabarito check`` judges a base where none is installed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gabarito.core.errors import DataError, MissingError

CAUSAL = ("ForCausalLM", "LMHeadModel")
"""How the names of architectures end that predict the next token."""

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer_config.json"
TEMPLATE_FILE = "chat_template.jinja"

GGUF = ".gguf"

MIRROR = "weights"
"""Where in the store's cache the copies of bases of the model hub lie."""


def mirror_key(reference: str) -> str:
    """Return the key in the cache of the copy of a base of the hub."""
    return f"hub/{reference}"


class Quantization(BaseModel):
    """How the weights of a base are stored, if not as plain numbers."""

    model_config = ConfigDict(frozen=True)

    quant_method: str = "bitsandbytes"
    bits: int | None = None
    load_in_4bit: bool = False
    load_in_8bit: bool = False

    @property
    def text(self) -> str:
        """The method with its bits, such as ``gptq, 4 bit``."""
        bits = self.bits or (4 if self.load_in_4bit else 8 if self.load_in_8bit else None)
        return f"{self.quant_method}, {bits} bit" if bits else self.quant_method


class BaseConfig(BaseModel):
    """What is read of a base's ``config.json``; its other fields are transformers' own."""

    model_config = ConfigDict(frozen=True)

    model_type: str = Field(min_length=1)
    architectures: tuple[str, ...] = ()
    auto_map: dict[str, Any] | None = None
    quantization_config: Quantization | None = None


class _TokenizerConfig(BaseModel):
    auto_map: dict[str, Any] | list[Any] | None = None


def read_base_config(folder: Path, name: str = "") -> BaseConfig:
    """Return the settings of a model folder that can be trained, merged and served.

    Messages call the folder ``name``, where it is a passing copy of what has that name.

    Raises:
        MissingError: if there is no such folder, or no ``config.json`` in it.
        DataError: if the file makes no sense, or the model is none that predicts the next
            token, is quantised, or brings code of its own.
    """
    shown = name or str(folder)
    path = f"{shown}/{CONFIG_FILE}"
    try:
        config = BaseConfig.model_validate_json((folder / CONFIG_FILE).read_bytes())
    except OSError as error:
        raise no_base(folder, name) from error
    except ValidationError as error:
        fields = sorted({str(part) for found in error.errors() for part in found["loc"][:1]})
        said = f"makes no sense at {', '.join(fields)}" if fields else "not JSON"
        raise DataError(
            f"{path}: not a model's settings: {said}; copy the model's own file there"
        ) from error
    for flaw in _flaws(config):
        raise DataError(f"{path}: {flaw}")
    if _read_tokenizer(folder / TOKENIZER_FILE).auto_map:
        raise DataError(f"{shown}/{TOKENIZER_FILE}: {_OWN_CODE}")
    return config


def no_base(folder: Path, name: str = "") -> MissingError:
    """Return the error of a folder that holds no model; it calls the folder ``name``."""
    if folder.suffix == GGUF or any(folder.glob(f"*{GGUF}")):
        return of_gguf(name or str(folder))
    what = "not a folder" if folder.is_file() else "no such folder"
    what = f"no {CONFIG_FILE} in it" if folder.is_dir() else what
    return MissingError(
        f"{name or folder}: {what}; give the path of a model as save_pretrained writes it"
    )


def of_gguf(name: str) -> MissingError:
    """Return the error of a base that is a GGUF file, or a folder with nothing but such."""
    return MissingError(
        f"{name}: GGUF, a format for answering alone; give the model that it was made from, or "
        "open it by transformers' from_pretrained(folder, gguf_file=…) and give the folder that "
        "save_pretrained writes, of the model and of the tokenizer"
    )


def _read_tokenizer(path: Path) -> _TokenizerConfig:
    try:
        return _TokenizerConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return _TokenizerConfig()  # what opens the tokenizer refuses a file that is none


_OWN_CODE = (
    "brings Python code of its own (auto_map), which is never run; use a base that transformers "
    "has the code of: if that is so here, delete auto_map from a copy of the folder"
)


def _flaws(config: BaseConfig) -> Iterator[str]:
    if config.auto_map:
        yield _OWN_CODE
    if config.quantization_config is not None:
        yield (
            f"the weights are quantised ({config.quantization_config.text}), into which nothing "
            "can be merged; use the model that they were made from, in 16 or 32 bit (train.method "
            "qlora quantises it for the time of training)"
        )
    if not any(name.endswith(CAUSAL) for name in config.architectures):
        named = ", ".join(config.architectures) or config.model_type
        yield f"{named} is no causal language model; use one such as LlamaForCausalLM"
