"""Whether what was written answers as the model did in its evaluation."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.text import in_number
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.llama_cpp import LlamaCpp, running
from gabarito.exports.modelfile import OllamaModel
from gabarito.models import (
    answer,
    check_contract,
    conversation,
    load_base,
    load_tokenizer,
    render,
    token_ids,
)

PRECISION_CURE = (
    "export it with --precision f16 or bf16, or as the folder of gabarito export folder"
)
TOKEN_CURE = "use the folder that gabarito export folder writes, with gabarito serve or vLLM"
MOST_NAMED = 5
"""Questions that are named of those which are answered otherwise."""

FOLDER_CURE = "raise merge.rerun and run the pipeline again to make it anew"


def check_answers(model: ExportedModel, replies: Sequence[str], form: str, cure: str) -> str:
    """Return a sentence about the known questions, all of which are answered as before.

    Raises:
        DataError: names those that are answered otherwise, up to five; or says that there are
            none.
    """
    asked = model.asked
    if not asked:
        raise DataError(
            f"{form}: cannot be read back: the evaluation recorded no right answer above the "
            "threshold; train longer, or export it with --unverified"
        )
    pairs = zip(asked, replies, strict=True)
    others = [(known, got) for known, got in pairs if not known.agrees(got, model.key)]
    if others:
        told = [
            f"asked {known.right.question!r} it answers {got!r}, the evaluation recorded "
            f"{known.answer!r}"
            for known, got in others[:MOST_NAMED]
        ]
        more = len(others) - len(told)
        raise DataError(
            f"{form}: read back, it answers {len(others)} of {len(asked)} known questions "
            f"otherwise: {'; '.join(told)}{f'; and {more} more' if more else ''}; {cure}"
        )
    count = len(asked)
    questions = in_number(count, "known questions")
    return f"answers {count} of {count} {questions} as in its evaluation"


def check_folder(model: ExportedModel, folder: Path, form: str) -> str:
    """Open a model folder with plain transformers and ask it.

    Raises:
        DataError: if it cannot be opened, or answers otherwise.
    """
    base = load_base(folder)
    check_contract(model.contract, base.tokenizer, form)
    given = answer(base.model, base.tokenizer, model.contract, _questions(model))
    return check_answers(model, [one.text for one in given], form, FOLDER_CURE)


def check_gguf(model: ExportedModel, folder: Path, file: Path) -> str:
    """Let llama.cpp read a file, compare all prompts and their tokens, and ask it.

    ``folder`` is the model that the file was made from. A client sends a question and nothing
    else: the system prompt and how to choose tokens are in the file.

    Raises:
        DataError: if it cannot be read, writes other prompts, makes other tokens or answers
            otherwise.
    """
    limit = model.contract.max_new_tokens
    with running(file) as llama_cpp:
        _check_prompts(model, load_tokenizer(folder), llama_cpp, llama_cpp.prompt)
        replies = [llama_cpp.chat(question, limit) for question in _questions(model)]
    return check_answers(model, replies, file.name, PRECISION_CURE)


def check_ollama(model: ExportedModel, folder: Path, asking: OllamaModel, file: Path) -> str:
    """Compare the prompts that a Modelfile will write, and let llama.cpp answer to them.

    Raises:
        DataError: as ``check_gguf``.
    """
    options = {**asking.settings, "n_predict": asking.settings["num_predict"]}
    with running(file) as llama_cpp:
        _check_prompts(model, load_tokenizer(folder), llama_cpp, asking.prompt)
        prompts = map(asking.prompt, _questions(model))
        replies = [llama_cpp.complete(prompt, options) for prompt in prompts]
    return check_answers(model, replies, file.name, PRECISION_CURE)


def _questions(model: ExportedModel) -> list[str]:
    return [known.right.question for known in model.asked]


def _check_prompts(
    model: ExportedModel,
    tokenizer: PreTrainedTokenizerBase,
    llama_cpp: LlamaCpp,
    written: Callable[[str], str],
) -> None:
    """Compare what becomes of each bare question with what the model was trained on."""
    for known in model.known:
        question = known.right.question
        trained = render(model.contract, tokenizer, conversation(model.contract, question))
        prompt = written(question)
        if prompt != trained:
            raise DataError(
                f"{llama_cpp.name}: read back, its chat template writes another prompt: for "
                f"{question!r} it writes {prompt!r}, trained was {trained!r}; {TOKEN_CURE}"
            )
        read, ids = llama_cpp.token_ids(prompt), token_ids(tokenizer, trained)
        if read != ids:
            at = next(i for i, (a, b) in enumerate(zip_longest(read, ids)) if a != b)
            got, wanted = (tokenizer.convert_ids_to_tokens(one[at : at + 3]) for one in (read, ids))
            raise DataError(
                f"{llama_cpp.name}: read back, it makes other tokens: of {question!r} {got} "
                f"where trained were {wanted}; {TOKEN_CURE}"
            )
