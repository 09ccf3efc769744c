"""The prompt contract: how a question becomes tokens, the same in training and in serving."""

import hashlib
from collections.abc import Sequence
from itertools import takewhile

import jinja2
from pydantic import ValidationError
from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.records import Message, with_system
from gabarito.models.tokenizer import PINNED, pinned

CONTRACT_FILE = "prompt.json"

MISTAKES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
)
"""What a chat template raises: jinja's own errors, and Python's in its expressions."""


DIFFERENT = ("What?", "Quem?")
"""Questions that have no token in common at their beginning."""


def contract_of(
    tokenizer: PreTrainedTokenizerBase, prompt: PromptSettings, *, max_new_tokens: int
) -> PromptContract:
    """Return the contract that this tokenizer and these texts make."""
    return PromptContract(
        system=prompt.system,
        refusal=prompt.refusal,
        template_sha256=_template_digest(tokenizer),
        eos_token=str(tokenizer.eos_token),
        pad_token=str(tokenizer.pad_token),
        max_new_tokens=max_new_tokens,
    )


def read_contract(data: bytes, name: str) -> PromptContract:
    """Return the contract in the ``prompt.json`` of a model's folder.

    Raises:
        DataError: if it is not one; the message names ``name``.
    """
    try:
        return PromptContract.model_validate_json(data)
    except ValidationError as error:
        raise DataError(
            f"{name}: not a prompt contract; merge the model anew, or delete the file to serve the "
            "model without one"
        ) from error


def check_contract(
    contract: PromptContract, tokenizer: PreTrainedTokenizerBase, where: str
) -> None:
    """Refuse a tokenizer that would render another prompt than the contract's.

    Raises:
        DataError: names what differs.
    """
    found = {
        "template_sha256": _template_digest(tokenizer),
        "eos_token": str(tokenizer.eos_token),
        "pad_token": str(tokenizer.pad_token),
    }
    for name, value in found.items():
        agreed = getattr(contract, name)
        if value != agreed:
            raise DataError(
                f"{where}: {name} is not the prompt contract's: {value!r} instead of {agreed!r}; "
                "use the tokenizer that the model was merged with"
            )


def conversation(contract: PromptContract, question: str) -> list[Message]:
    """Return the messages that ask ``question``, the contract's system prompt first."""
    return with_system(contract.system, [Message(role="user", content=question)])


def render(
    contract: PromptContract, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> str:
    """Return the text of a conversation, ready for an answer.

    The contract's system prompt comes first unless the messages bring their own.
    """
    return templated(tokenizer, with_system(contract.system, messages), is_prompt=True)


def prompt_ids(
    contract: PromptContract, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> list[int]:
    """Return the tokens of a conversation, ready for an answer."""
    return token_ids(tokenizer, render(contract, tokenizer, messages))


def shared_prefix(contract: PromptContract, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Return the tokens that every question's prompt begins with."""
    asked = (conversation(contract, question) for question in DIFFERENT)
    one, other = (prompt_ids(contract, tokenizer, messages) for messages in asked)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(token for token, _ in same)


def rendered_example(
    contract: PromptContract, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> tuple[list[int], list[int]]:
    """Return the tokens of the prompt and those of the answer, its end included.

    Raises:
        DataError: if the rendering of the whole does not begin with that of the prompt: the
            model would be trained on a prompt that nobody will send; or if what would be
            learned is more than the answer.
    """
    whole = with_system(contract.system, messages)
    prompt = token_ids(tokenizer, templated(tokenizer, whole[:-1], is_prompt=True))
    ids = token_ids(tokenizer, templated(tokenizer, whole, is_prompt=False))
    if ids[: len(prompt)] != prompt or len(ids) == len(prompt):
        raise DataError(
            f"{_where(tokenizer)}: the rendering of {whole[-1].content!r} does not begin with that "
            "of its prompt; use a base whose template adds the answer after its generation prompt"
        )
    answer = _until_eos(ids[len(prompt) :], tokenizer)
    _refuse_additions(answer, whole[-1].content, tokenizer)
    return prompt, answer


def _refuse_additions(answer: list[int], text: str, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse an answer with more in it than its text, such as an empty block of thoughts.

    What a tokenizer itself changes in a text, such as its case, is no addition.
    """
    learned, own = (_plain(tokenizer, ids) for ids in (answer, token_ids(tokenizer, text)))
    if learned != own:
        raise DataError(
            f"{_where(tokenizer)}: writes {learned!r} as the answer {own!r}; every answer would "
            "count as wrong: use a base whose template writes the answer alone"
        )


def _plain(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    return " ".join(str(tokenizer.decode(ids, skip_special_tokens=True)).split())


def _until_eos(ids: list[int], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Cut what the template writes after the end, such as a line feed: nobody reads it."""
    eos = int(tokenizer.eos_token_id)
    return ids[: ids.index(eos) + 1] if eos in ids else [*ids, eos]


def templated(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, is_prompt: bool
) -> str:
    """Return a conversation as the chat template writes it; a prompt ends ready for an answer.

    Raises:
        DataError: if the template refuses the conversation.
    """
    turns = [message.model_dump() for message in messages]
    try:
        template = pinned(tokenizer.get_chat_template())
        text = tokenizer.apply_chat_template(
            turns, chat_template=template, tokenize=False, add_generation_prompt=is_prompt
        )
    except MISTAKES as error:
        raise DataError(
            f"{_where(tokenizer)}: refuses a conversation: {error}; try without a system prompt, "
            "or copy the model's own template there"
        ) from error
    return str(text)


def _where(tokenizer: PreTrainedTokenizerBase) -> str:
    folder = tokenizer.name_or_path
    return f"chat template of {folder!r}" if folder else "chat template"


def token_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Return the tokens of a plain text, special tokens written out recognised.

    What is too long for the model is told by those who ask it, and not by the tokenizer.
    """
    found = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return [int(number) for number in found]


def _template_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    template = str(tokenizer.chat_template).removeprefix(PINNED)
    return hashlib.sha256(template.encode()).hexdigest()
