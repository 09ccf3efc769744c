"""A tokenizer as llama.cpp reads it: the tokens, their kinds, the merges, how text is cut first.

tokenizer.json  ->  the metadata ``tokenizer.*`` of a GGUF file
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, SpecialVocab, TokenType
from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.exports.chat_template import with_system_prompt

TOKENIZER_FILE = "tokenizer.json"
GENERATION_FILE = "generation_config.json"
CURE = "serve the folder that gabarito export folder writes, with gabarito serve or vLLM"

_LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SHORT_FORMS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LLAMA_3 = rf"{_SHORT_FORMS}|{_LETTERS}|\p{{N}}{{1,3}}|{_REST}"
_BYTES = "ByteLevel"

_BY_BYTES = ({"type": _BYTES, "use_regex": True},)
_BY_DIGITS = ({"type": "Digits", "individual_digits": True}, *_BY_BYTES)


def _by_pattern(pattern: str) -> tuple[Mapping[str, object], ...]:
    """Return the steps that cut by a pattern, and only then go from characters to bytes."""
    split = {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    }
    return split, {"type": _BYTES, "use_regex": False}


PRE_TOKENIZERS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "gpt-2": _BY_BYTES,
    "smollm": _BY_DIGITS,
    "llama-bpe": _by_pattern(_LLAMA_3),
    "smaug-bpe": _by_pattern(_LLAMA_3),
    "qwen2": _by_pattern(rf"{_SHORT_FORMS}|{_LETTERS}|\p{{N}}|{_REST}"),
}
"""What llama.cpp calls each way to cut text, and the steps of ``tokenizer.json`` that do so.

It has dozens of names; these are of GPT-2, SmolLM, Llama 3, Smaug and Qwen 2 to 3, and of the many
bases that took theirs. A tokenizer of other steps would be cut otherwise than in training.
"""

IGNORE_MERGES = ("llama-bpe",)
"""Those by which llama.cpp takes a piece that is a token as it is, and merges only the others."""

_MARKS = ("continuing_subword_prefix", "end_of_word_suffix")


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer, how many embeddings its model has, what else ends an answer, what asks first.

    Some embeddings may belong to no token.
    """

    tokenizer: PreTrainedTokenizerBase
    rows: int
    stop_ids: Sequence[int]
    system: str


def add_vocabulary(writer: GGUFWriter, folder: Path, vocabulary: Vocabulary) -> None:
    """Write all that llama.cpp needs to make the same tokens of the same conversation.

    That a text begins with a token of its own is the chat template's to say: nothing else may
    add one.

    Raises:
        DataError: if llama.cpp has no tokenizer like this.
    """
    tokenizer = vocabulary.tokenizer
    described = json.loads((folder / TOKENIZER_FILE).read_text(encoding="utf-8"))
    _refuse_other_than_bytes(described)
    _refuse_other_normalizers(described)
    tokens, kinds = zip(*_tokens(tokenizer, vocabulary.rows), strict=True)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_tokenizer(described))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(SpecialVocab(folder, load_merges=True).merges)
    _add_special_tokens(writer, tokenizer, vocabulary.stop_ids)
    writer.add_chat_template(with_system_prompt(str(tokenizer.chat_template), vocabulary.system))


def _refuse_other_than_bytes(described: Mapping[str, Any]) -> None:
    """Refuse what llama.cpp does not do between cutting a text and looking up its tokens."""
    model = described["model"]
    if model["type"] != "BPE" or model.get("byte_fallback"):
        said = "falls back to bytes" if model.get("byte_fallback") else f"is {model['type']}"
        raise DataError(f"{TOKENIZER_FILE}: {said}; only byte-level BPE is written as GGUF: {CURE}")
    mark = next((name for name in _MARKS if model.get(name)), None)
    if mark is not None:
        raise DataError(
            f"{TOKENIZER_FILE}: marks words by {mark} {model[mark]!r}, which llama.cpp does not "
            f"know: it would make other tokens than in training; {CURE}"
        )


def _refuse_other_normalizers(described: Mapping[str, Any]) -> None:
    """Refuse what changes a text before it is cut: llama.cpp cuts it as it comes.

    NFC may stay, as Qwen's tokenizers have it: a text is almost always in it already, and the
    tokens of all known questions are compared.
    """
    found = described.get("normalizer")
    if found and found["type"] != "NFC":
        raise DataError(
            f"{TOKENIZER_FILE}: changes text by {found['type']} before it is cut, which llama.cpp "
            f"does not: it would make other tokens than in training; {CURE}"
        )


def _pre_tokenizer(described: Mapping[str, Any]) -> str:
    """Return what llama.cpp calls the way in which a tokenizer cuts text.

    Raises:
        DataError: if it has no name for it.
    """
    found = described["pre_tokenizer"] or {}
    steps = found.get("pretokenizers", [found])
    ignores_merges = bool(described["model"].get("ignore_merges"))
    for name, known in PRE_TOKENIZERS.items():
        if ignores_merges == (name in IGNORE_MERGES) and _are_those(steps, known):
            return name
    said = " and ".join(_said(step) for step in steps)
    if ignores_merges:
        said += " and has ignore_merges"
    raise DataError(
        f"{TOKENIZER_FILE}: cuts text by {said}, for which llama.cpp has no name "
        f"(known: {', '.join(PRE_TOKENIZERS)}): it would make other tokens than in training; {CURE}"
    )


def _are_those(steps: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, object]]) -> bool:
    return len(steps) == len(known) and all(
        step.items() >= one.items() and not step.get("add_prefix_space")
        for step, one in zip(steps, known, strict=True)
    )


def _said(step: Mapping[str, Any]) -> str:
    pattern = step.get("pattern", {}).get("Regex", "")
    return f"{step.get('type', 'nothing')} {pattern!r}" if pattern else str(step.get("type"))


def _tokens(tokenizer: PreTrainedTokenizerBase, rows: int) -> Iterator[tuple[str, TokenType]]:
    """Yield each token by its number, with its kind; numbers without a token are filled."""
    names = {number: name for name, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    for number in range(rows):
        if number not in names:
            yield f"[PAD{number}]", TokenType.UNUSED
        elif number not in added:
            yield names[number], TokenType.NORMAL
        else:
            is_special = added[number].special
            yield names[number], TokenType.CONTROL if is_special else TokenType.USER_DEFINED


def _add_special_tokens(
    writer: GGUFWriter, tokenizer: PreTrainedTokenizerBase, stop_ids: Sequence[int]
) -> None:
    """Write what ends an answer, what fills up, and that nothing is added to a text.

    There are places for two further ends, which Llama 3 needs.

    Raises:
        DataError: if there are more.
    """
    writer.add_eos_token_id(tokenizer.eos_token_id)
    further = [number for number in stop_ids if number != tokenizer.eos_token_id]
    places = (writer.add_eot_token_id, writer.add_eom_token_id)
    if len(further) > len(places):
        names = ", ".join(tokenizer.convert_ids_to_tokens(further))
        raise DataError(
            f"{GENERATION_FILE}: ends an answer at {names} and {tokenizer.eos_token}; a GGUF file "
            f"has places for {len(places)} beside the last; {CURE}"
        )
    for add, number in zip(places, further, strict=False):
        add(number)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
