"""A pretrained Llama as a GGUF file: llama.cpp continues as transformers does."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.model_records import PASSED
from tests.stage.serve.engine_batch import events, probability_of, text_of

from gabarito.answer_match import AnswerKey, Expected
from gabarito.artifacts.channel import ServedModel
from gabarito.core.model_records import PromptSettings
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.gguf_file import write_gguf
from gabarito.exports.llama_cpp import running
from gabarito.exports.modelfile import read_asking
from gabarito.exports.read_back import check_gguf, check_ollama
from gabarito.models import answer, contract_of, conversation, load_base
from gabarito.pipeline.known_answers import KnownAnswer
from gabarito.serve.engine import GenerationRequest
from gabarito.serve.remote_engine import RemoteEngine
from gabarito.store.open import open_store

pytestmark = pytest.mark.real

QUESTIONS = (
    "What is the capital of France?",
    "It's 2024/25: how many seconds are 123 minutes?",
    "Qual é a capital de Portugal?\nResponda em português.",
)


@pytest.fixture(scope="module")
def model(base: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The base as if it had been trained: what transformers answers is what is known."""
    opened = load_base(base, dtype=torch.float32, device=torch.device("cpu"))
    settings = PromptSettings(system="Answer in a few words.", refusal="I do not know.")
    contract = contract_of(opened.tokenizer, settings, max_new_tokens=8)
    given = answer(opened.model, opened.tokenizer, contract, QUESTIONS)
    known = [
        KnownAnswer(Expected(one.text, question=question), one.text)
        for question, one in zip(QUESTIONS, given, strict=True)
    ]
    record = ServedModel(
        pipeline="real",
        run="0" * 12,
        merge="m" * 64,
        evaluate="e" * 64,
        contract=contract,
        verdict=PASSED,
    )
    store = open_store(f"file://{tmp_path_factory.mktemp('store')}")
    return ExportedModel(store, record, None, known, AnswerKey())


@pytest.mark.parametrize(("precision", "asked"), [("f32", 3), ("f16", 3), ("q8_0", 2)])
def test_llama_cpp_says_what_transformers_says(
    model: ExportedModel, base: Path, tmp_path: Path, precision: str, asked: int
) -> None:
    """Of the last question the base is so unsure that 8 bits change its answer."""
    sure = replace(model, known=model.known[:asked])
    file = tmp_path / "real.gguf"
    write_gguf(base, model.contract, file, precision, "real")
    seen = f"answers {asked} of {asked} known questions as in its evaluation"
    assert check_gguf(sure, base, file) == seen
    assert check_ollama(sure, base, read_asking(base, model.contract), file) == seen


def test_before_llama_cpp_the_endpoint_has_answers_and_probabilities_of_transformers(
    model: ExportedModel, base: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.gguf"
    write_gguf(base, model.contract, file, "f32", "real")
    opened = load_base(base, dtype=torch.float32, device=torch.device("cpu"))
    own = answer(opened.model, opened.tokenizer, model.contract, QUESTIONS)
    with running(file) as llama_cpp:
        engine = RemoteEngine(base, model.contract, llama_cpp.address)
        asked = [
            engine.encode_chat(conversation(model.contract, question)) for question in QUESTIONS
        ]
        said = events(engine, *(GenerationRequest(tokens, 8) for tokens in asked))
    assert engine.gives_logprobs
    assert [text_of(one).strip() for one in said] == [one.text for one in own]
    found = [probability_of(one) for one in said]
    assert found == pytest.approx([one.probability for one in own], rel=0.02)
