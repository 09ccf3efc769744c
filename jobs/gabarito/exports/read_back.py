"""Whether what was written answers as the model did in its evaluation."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.records import Message
from gabarito.core.text import in_number
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.llama_cpp import LlamaCpp, running
from gabarito.models import (
    answer,
    check_contract,
    conversation,
    load_base,
    load_tokenizer,
    render,
    token_ids,
)

CURE = "export it with --precision f16, or as the plain folder with gabarito export folder"


def check_answers(model: ExportedModel, answers: Sequence[str], form: str, cure: str) -> str:
    """Return a sentence about the known questions, all of which are answered as before.

    Raises:
        DataError: names the first that is answered otherwise; or says that there are none.
    """
    asked = model.asked
    if not asked:
        raise DataError(
            f"{form}: cannot be checked: the evaluation recorded no right answer above the "
            "threshold; train longer, or export it with --unverified"
        )
    pairs = zip(asked, answers, strict=True)
    others = [(known, got) for known, got in pairs if not known.agrees(got, model.key)]
    if others:
        known, got = others[0]
        raise DataError(
            f"{form}: read back, it answers {len(others)} of {len(asked)} known questions "
            f"otherwise: asked {known.right.question!r} it answers {got!r}, the evaluation "
            f"recorded {known.answer!r}; {cure}"
        )
    count = len(asked)
    known_questions = in_number(count, "known questions")
    return f"answers {count} of {count} {known_questions} as in its evaluation"


def check_folder(model: ExportedModel, folder: Path, form: str) -> str:
    """Open a model folder with plain transformers and ask it.

    Raises:
        DataError: if it cannot be opened, or answers otherwise.
    """
    base = load_base(folder)
    check_contract(model.contract, base.tokenizer, form)
    questions = [known.right.question for known in model.asked]
    given = answer(base.model, base.tokenizer, model.contract, questions) if questions else []
    cure = "raise merge.rerun and run the pipeline again to make it anew"
    return check_answers(model, [one.text for one in given], form, cure)


def check_gguf(model: ExportedModel, folder: Path, file: Path) -> str:
    """Let llama.cpp read a file, compare all prompts and their tokens, and ask it.

    ``folder`` is the model that the file was made from. A client sends a question and nothing
    else: the system prompt and how to choose tokens are in the file.

    Raises:
        DataError: if it cannot be read, writes other prompts, makes other tokens or answers
            otherwise.
    """
    tokenizer = load_tokenizer(folder)
    contract = model.contract
    with running(file) as llama_cpp:
        for known in model.known:
            messages = conversation(contract, known.right.question)
            _check_prompt(llama_cpp, messages, render(contract, tokenizer, messages), tokenizer)
        replies = [
            llama_cpp.chat(known.right.question, contract.max_new_tokens) for known in model.asked
        ]
    return check_answers(model, replies, file.name, CURE)


def _check_prompt(
    llama_cpp: LlamaCpp, messages: list[Message], trained: str, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Compare what llama.cpp makes of a bare question with what the model was trained on."""
    question, name = messages[-1].content, llama_cpp.name
    written = llama_cpp.prompt(messages[-1:])
    if written != trained:
        raise DataError(
            f"{name}: read back, its chat template writes another prompt: for {question!r} it "
            f"writes {written!r}, trained was {trained!r}; {CURE}"
        )
    read, ids = llama_cpp.token_ids(trained), token_ids(tokenizer, trained)
    if read != ids:
        at = next(i for i, pair in enumerate(zip_longest(read, ids)) if pair[0] != pair[1])
        got, wanted = (tokenizer.convert_ids_to_tokens(one[at : at + 3]) for one in (read, ids))
        raise DataError(
            f"{name}: read back, it makes other tokens: of {question!r} {got} where trained were "
            f"{wanted}; {CURE}"
        )
