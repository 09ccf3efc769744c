"""Whether a base can be trained, told by its files without its weights."""

from pathlib import Path

from gabarito.core.errors import DataError, SettingsError
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Message, with_system
from gabarito.models import (
    contract_of,
    empty_model,
    load_tokenizer,
    positions_of,
    refuse_foreign,
    rendered_example,
)
from gabarito.train.config import TrainConfig
from gabarito.train.encode import LEAST_ROOM
from gabarito.train.head import logit_rule
from gabarito.train.lora import attach

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model")

SAMPLE = ("Which city?", "Paris")
"""A question and its answer, as a chat template is tried on."""


def has_tokenizer(folder: Path) -> bool:
    """Tell whether a folder holds the tokenizer of a model."""
    return any((folder / name).is_file() for name in TOKENIZER_FILES)


def refuse_unfit(folder: Path, config: TrainConfig, prompt: PromptSettings) -> None:
    """Do nothing for a base that can be trained as far as its files tell.

    Where the folder holds ``config.json`` alone, that is looked at.

    Raises:
        DataError: if its architecture, its logits, its tokenizer or its chat template does not do,
            it takes no row of a question and its answer, or ``train.targets`` finds no layers.
        SettingsError: if ``train.max_tokens`` are too few for such a row.
        MissingError: if a file is missing.
    """
    model = empty_model(folder)
    logit_rule(model)
    if has_tokenizer(folder):
        tokenizer = load_tokenizer(folder)
        refuse_foreign(model, tokenizer, folder)
        contract = contract_of(tokenizer, prompt, max_new_tokens=LEAST_ROOM)
        question, answer = SAMPLE
        said = Message(role="assistant", content=answer)
        asked = with_system(prompt.system, [Message(role="user", content=question)])
        prompt_ids, answer_ids = rendered_example(contract, tokenizer, [*asked, said])
        _refuse_short(folder, config, positions_of(model), len(prompt_ids) + len(answer_ids))
    attach(model, config)


def _refuse_short(folder: Path, config: TrainConfig, positions: int | None, least: int) -> None:
    """Refuse what takes no row of ``least`` tokens, which a short question and its answer are."""
    asked = f"a short question with its answer takes {least}"
    if positions is not None and positions < least:
        raise DataError(
            f"{folder}/config.json: the model takes {positions} tokens, and {asked}; use a base "
            "with a longer context"
        )
    if config.max_tokens < least:
        raise SettingsError(f"train.max_tokens: {config.max_tokens} are too few, {asked}; raise it")
