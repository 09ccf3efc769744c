"""The endpoint before llama.cpp's own server, over the GGUF file of a taught model."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.unit.exports.taught import (
    ANSWER,
    ANSWERS,
    ENTRY,
    FACT,
    PIPELINE,
    QUESTION,
    REFUSAL,
    SYSTEM,
    UNSURE,
    Evaluated,
    contract,
    publish_run,
    save_taught,
    taught_tokenizer,
)

from gabarito.artifacts.channel import SHORT_DIGEST, promote
from gabarito.chat.ask import ask, served_name
from gabarito.commands.model import serve
from gabarito.core.errors import DataError
from gabarito.core.records import Message
from gabarito.demo.process import started
from gabarito.exports.gguf_file import write_gguf
from gabarito.exports.llama_cpp import running
from gabarito.models import CONTRACT_FILE
from gabarito.pipeline.promote import promoted_model
from gabarito.proof import FactTable
from gabarito.serve.engine import Engine, GenerationRequest
from gabarito.serve.remote_engine import RemoteEngine
from gabarito.serve.transformers_engine import TransformersEngine
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .engine_batch import events, probability_of, text_of

Start = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = taught_tokenizer()
    made = save_taught(tmp_path_factory.mktemp("taught") / "model", tokenizer)
    (made / CONTRACT_FILE).write_text(contract(tokenizer).model_dump_json())
    return made


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where llama.cpp serves the model's file."""
    file = tmp_path_factory.mktemp("gguf") / "model.gguf"
    write_gguf(folder, contract(taught_tokenizer()), file, "f16", "taught")
    with running(file) as llama_cpp:
        yield llama_cpp.address


@pytest.fixture(scope="module")
def engine(folder: Path, address: str) -> RemoteEngine:
    return RemoteEngine(folder, contract(taught_tokenizer()), address)


def answers(engine: Engine) -> list[tuple[str, float]]:
    """Return what it answers to all that was taught, asked at once, and how probable that is."""
    system = Message(role="system", content=SYSTEM)
    asked = [[system, Message(role="user", content=question)] for question in ANSWERS]
    said = events(engine, *(GenerationRequest(engine.encode_chat(one), 12) for one in asked))
    return [(text_of(one).strip(), probability_of(one)) for one in said]


def test_answers_and_probabilities_are_those_of_transformers(
    engine: RemoteEngine, folder: Path
) -> None:
    assert engine.gives_logprobs
    found, own = answers(engine), answers(TransformersEngine(folder, None))
    assert [text for text, _ in found] == [text for text, _ in own] == [*ANSWERS.values()]
    for (_, one), (_, other) in zip(found, own, strict=True):
        assert one == pytest.approx(other, abs=0.02)  # the file is in another precision


def posted(url: str, question: str, **fields: object) -> str:
    body = {"messages": [{"role": "user", "content": question}], **fields}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.read().decode())


def test_proof_threshold_and_refusal_stand_before_it(engine: RemoteEngine, serving: Start) -> None:
    facts = FactTable([ENTRY])
    with serving(engine=engine, system=SYSTEM, max_new_tokens=12, facts=facts) as server:
        choice = json.loads(posted(server.url, QUESTION, logprobs=True))["choices"][0]
        refused = json.loads(posted(server.url, UNSURE))["choices"][0]
    about = choice["gabarito"]
    assert choice["message"]["content"] == ANSWER
    assert (about["known"], about["verified"], about["proof"]["fact"]) == (True, True, FACT.id)
    assert 0.9 < about["probability"] < 1
    assert "".join(row["token"] for row in choice["logprobs"]["content"]).strip() == ANSWER
    assert (refused["gabarito"]["known"], refused["gabarito"]["probability"] < 0.5) == (False, True)
    assert ANSWER not in refused["message"]["content"]


def test_its_answers_are_streamed(engine: RemoteEngine, serving: Start) -> None:
    question, answer = "Quem foi o campeão da Champions League 2024/25?", "Paris Saint-Germain"
    with serving(engine=engine, system=SYSTEM, max_new_tokens=12, threshold=None) as server:
        lines = posted(server.url, question, stream=True).split("\n\n")
    chunks = [json.loads(line[6:])["choices"][0] for line in lines if line.startswith("data: {")]
    pieces = [one["delta"].get("content", "") for one in chunks]
    assert "".join(pieces) == answer
    assert sum(map(bool, pieces)) > 1
    assert chunks[-1]["finish_reason"] == "stop"


@pytest.fixture(scope="module")
def store(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that serves the model, with weights that nobody could load."""
    made = open_store(f"file://{tmp_path_factory.mktemp('store')}")
    record = publish_run(made, folder, PIPELINE, Evaluated(facts=[ENTRY]))
    promote(made, "main", record)
    (key,) = [
        entry.key
        for entry in made.list(f"{record.model.prefix}/")
        if entry.key.endswith(".safetensors")
    ]
    made.write(key, b"spoilt")
    return made


def test_the_promoted_model_answers_by_it_under_its_own_names(store: Store, address: str) -> None:
    options = ("--store", store.url, "--port", "0", "--engine-url", address)
    with started("serve", *options) as server:
        reply = ask(server.address, QUESTION)
        unsure = ask(server.address, UNSURE)
        name = served_name(server.address)
    assert (reply.text, reply.known, reply.verified) == (ANSWER, True, True)
    assert (unsure.text, unsure.known) == (REFUSAL, False)
    assert name.startswith("taught-")


def test_an_engine_that_answers_as_another_model_is_refused(
    folder: Path, address: str, tmp_path: Path
) -> None:
    """As one that was left on the model before, or on the base: its tokenizer is the same."""
    store = open_store(f"file://{tmp_path}")
    recorded = Evaluated(recorded={QUESTION: "Arsenal"})
    promote(store, "main", publish_run(store, folder, PIPELINE, recorded))
    options = ("--store", store.url, "--port", "0", "--engine-url", address)
    done = CliRunner().invoke(serve, options)
    assert isinstance(done.exception, DataError)
    assert str(done.exception) == (
        f"{address}: serves another model, or this one in too few bits: asked {QUESTION!r}, it "
        f"answers {ANSWER!r}, the evaluation recorded 'Arsenal'; start it with the files of model "
        f"{promoted_model(store, 'main').digest[:SHORT_DIGEST]}"
    )
