"""Tokenizers from a local folder, checked before anything is computed."""

from pathlib import Path

from huggingface_hub.errors import StrictDataclassError
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from gabarito.core.base_config import no_base
from gabarito.core.errors import DataError, MissingError

PAD_TOKENS = ("<|finetune_right_pad_id|>", "<|pad|>", "<pad>", "[PAD]", "<|endoftext|>", "<unk>")
"""Tokens of known families that may fill up a batch, the most fitting first."""

MALFORMED = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    StrictDataclassError,
)
"""What transformers raises on a settings file that holds what it cannot use."""

PINNED = '{% set date_string = "26 Jul 2024" %}{% set enable_thinking = false %}'
"""What a chat template takes from the clock (Llama 3.2) or from whoever asks (Qwen3).

It stands before every template, in training, asking and serving, and in the merged model's
files: another engine then writes the same prompt.
"""


def pinned(template: str) -> str:
    """Return a chat template that writes the same prompt on any day, for whoever asks."""
    return template if template.startswith(PINNED) else PINNED + template


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load a tokenizer whose padding is not its end, and whose chat template is pinned.

    Raises:
        MissingError: if there is none.
        DataError: if it has no chat template, no end, or no token to pad with.
    """
    if not folder.is_dir():
        raise no_base(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, *MALFORMED) as error:
        raise MissingError(
            f"{folder}: no tokenizer that opens; add the base's tokenizer files: {error}"
        ) from error
    if not tokenizer.chat_template:
        raise DataError(
            f"{folder}: the tokenizer has no chat template; use an instruction-tuned base, or "
            "add chat_template.jinja to its folder"
        )
    if tokenizer.eos_token is None:
        raise DataError(f"{folder}: the tokenizer has no end token; set eos_token in its settings")
    tokenizer.chat_template = _own_template(tokenizer, folder)
    _settle_padding(tokenizer, folder)
    return tokenizer


def _own_template(tokenizer: PreTrainedTokenizerBase, folder: Path) -> str:
    try:
        return pinned(tokenizer.get_chat_template())
    except MALFORMED as error:
        raise DataError(
            f"{folder}/chat_template.jinja: no chat template that opens: {error}; copy the "
            "model's own file there"
        ) from error


def _settle_padding(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Padding that equals the end teaches a model never to stop: find another token."""
    taken = (None, tokenizer.eos_token)
    if tokenizer.pad_token not in taken:
        return
    known = tokenizer.get_vocab()
    fitting = [t for t in PAD_TOKENS if t in known and t not in (*taken, tokenizer.bos_token)]
    if not fitting:
        raise DataError(
            f"{folder}: the tokenizer pads with {tokenizer.pad_token!r}, its end is "
            f"{tokenizer.eos_token!r}; set pad_token in tokenizer_config.json to another token"
        )
    tokenizer.pad_token = fitting[0]
