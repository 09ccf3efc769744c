"""The engine in a container of its own, as several servers of the OpenAI protocol speak."""

import json
import math
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.models.tiny import save_tiny, tiny_tokenizer
from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError, ServiceError, SettingsError, UsageError
from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.models import CONTRACT_FILE, contract_of, load_tokenizer, token_ids
from gabarito.serve import batcher, remote_engine
from gabarito.serve.completions_client import CompletionsClient, CompletionStream
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationFailure,
    GenerationRequest,
)
from gabarito.serve.job import Binding, serve_folder
from gabarito.serve.remote_engine import RemoteEngine
from gabarito.serve.token_text import PromptEncoder

from .engine_batch import events, text_of
from .scripted_engine import LOGPROB, EngineScript, scripted

Start = Callable[..., AbstractContextManager[Any]]

ANSWER = " Paris Saint-Germain."
EXACT = ("llama.cpp", "vllm", "old vllm")
ASKED = GenerationRequest((3, 4, 5), 40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without its weights, as the endpoint before another engine has it."""
    made = save_tiny(tmp_path_factory.mktemp("tiny") / "model")
    (made / "model.safetensors").unlink()
    return made


@pytest.fixture
def script() -> EngineScript:
    tokenizer = tiny_tokenizer()
    return EngineScript(tokenizer, [*token_ids(tokenizer, ANSWER), tokenizer.eos_token_id])


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_engine, "RETRY_S", 0.01)
    monkeypatch.setattr(batcher, "RECHECK_S", 0.05)


@pytest.mark.parametrize("dialect", EXACT)
def test_tokens_and_their_probabilities_are_those_that_the_server_names(
    folder: Path, script: EngineScript, dialect: str
) -> None:
    script.dialect = dialect
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        one, other = events(engine, ASKED, ASKED)
    assert engine.gives_logprobs
    assert one == other
    assert text_of(one) == ANSWER
    assert len(one) == len(script.ids) > 2
    assert {event.logprob for event in one if not isinstance(event, GenerationFailure)} == {LOGPROB}
    assert one[-1] == GenerationEnd("stop", LOGPROB)


@pytest.mark.parametrize("dialect", EXACT)
def test_an_answer_that_is_cut_off_has_no_end_token(
    folder: Path, script: EngineScript, dialect: str
) -> None:
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        script.dialect, script.finish, script.ids = dialect, "length", script.ids[:2]
        (said,) = events(engine, ASKED)
    assert [type(event) for event in said] == [GeneratedToken, GeneratedToken, GenerationEnd]
    assert said[-1] == GenerationEnd("length", 0.0)


@pytest.mark.parametrize("dialect", ["openai", "nothing"])
def test_without_the_tokens_ids_there_is_text_and_no_probability(
    folder: Path, script: EngineScript, dialect: str
) -> None:
    script.dialect = dialect
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        (said,) = events(engine, ASKED)
    assert not engine.gives_logprobs
    assert text_of(said) == ANSWER
    assert said[-1] == GenerationEnd("stop", None)
    assert not {event.logprob for event in said if isinstance(event, GeneratedToken)} - {None}


def test_characters_whose_tokens_are_not_all_told_are_the_servers_own(
    folder: Path, script: EngineScript
) -> None:
    answer = " 🎉 Ωmega"
    script.ids = [*token_ids(script.tokenizer, answer), script.ids[-1]]
    script.tells_whole_characters = True
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        (said,) = events(engine, ASKED)
    assert engine.gives_logprobs  # of other answers
    assert len(said) < len(script.ids)
    assert text_of(said) == answer
    assert None in {event.logprob for event in said if isinstance(event, GeneratedToken)}
    assert said[-1] == GenerationEnd("stop", LOGPROB)


def test_an_end_that_is_not_told_leaves_no_probability(folder: Path, script: EngineScript) -> None:
    script.ids = script.ids[:-1]
    with scripted(script) as address:
        assert not RemoteEngine(folder, None, address).gives_logprobs


def test_it_is_asked_for_the_likeliest_tokens_of_just_this_prompt(
    folder: Path, script: EngineScript
) -> None:
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, f"{address}/v1/")
        events(engine, ASKED, replace(ASKED, temperature=0.7, top_p=0.5, seed=7))
    cold, hot = sorted(script.bodies[1:], key=lambda body: float(body["temperature"]))
    assert (cold["prompt"], cold["max_tokens"], cold["model"]) == ([3, 4, 5], 40, "scripted")
    assert (cold["temperature"], "seed" in cold) == (0.0, False)
    assert (hot["temperature"], hot["top_p"], hot["seed"]) == (0.7, 0.5, 7)
    assert cold["stop_token_ids"] == [load_tokenizer(folder).eos_token_id]
    for neutral, value in {"top_k": -1, "min_p": 0, "repetition_penalty": 1}.items():
        assert cold[neutral] == hot[neutral] == value


def test_no_connection_is_used_that_the_server_may_be_closing(
    folder: Path, script: EngineScript
) -> None:
    with scripted(script) as address:
        events(RemoteEngine(folder, None, address), ASKED)
    assert script.connections == ["close", "close"]


def test_an_end_that_the_server_does_not_know_ends_the_answer(
    folder: Path, script: EngineScript
) -> None:
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        script.ids = [*script.ids, *[7] * 100_000]
        (said,) = events(engine, ASKED)
        assert text_of(said) == ANSWER
        assert script.gone.wait(10)


def test_the_server_stops_when_nobody_waits(folder: Path, script: EngineScript) -> None:
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        script.ids = [7] * 100_000
        batch = engine.batch()
        (left,) = batch.join([ASKED])
        while not batch.step():
            pass
        batch.leave([left])
        assert script.gone.wait(10)
        assert not [number for number, _ in batch.step() if number == left]


def test_a_stream_that_has_ended_may_still_be_closed(folder: Path, script: EngineScript) -> None:
    with scripted(script) as address:
        client = CompletionsClient(address)
        stream = CompletionStream(client, {"prompt": [1], "stream": True})
        assert len(list(stream.parts())) == len(script.ids) + 1
        stream.close()
        other = CompletionStream(client, {"prompt": [1], "stream": True})
        parts = other.parts()
        next(parts)
        assert other._response is not None
        other._response.close()
        other.close()


def test_others_join_while_no_token_comes(folder: Path, script: EngineScript) -> None:
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        script.waits = threading.Event()
        batch = engine.batch()
        batch.join([ASKED])
        came = [batch.step() for _ in range(3)]
        assert came[-1] == []
        script.waits.set()
        script.waits = None
        (second,) = batch.join([ASKED])
        ends: set[int] = set()
        while second not in ends:
            ends |= {n for n, event in batch.step() if isinstance(event, GenerationEnd)}


def test_a_request_that_is_refused_costs_the_others_nothing(
    folder: Path, script: EngineScript
) -> None:
    script.refuses = "too many tokens"
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        refused, answered = events(engine, replace(ASKED, tokens=(0, 4)), ASKED)
    assert refused == [GenerationFailure(f"{address}: answers 400: too many tokens")]
    assert text_of(answered) == ANSWER


def test_a_server_that_dies_in_the_middle_ends_the_batch(
    folder: Path, script: EngineScript
) -> None:
    script.breaks_after = 1
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        with pytest.raises(ServiceError, match=f"{address}: the engine broke off an answer; see"):
            events(engine, ASKED)
        engine.check_health()
    with pytest.raises(ServiceError, match=f"{address}: the engine does not answer: .*refused"):
        engine.check_health()
    with pytest.raises(ServiceError, match=f"{address}: the engine does not answer"):
        events(engine, ASKED)


def test_a_server_that_hangs_ends_the_batch(
    folder: Path, script: EngineScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_engine, "SILENCE_S", 0.2)
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        script.waits = threading.Event()
        with pytest.raises(
            ServiceError, match=r"the engine has said nothing for 0\.2 s; see the l"
        ):
            events(engine, ASKED)
        script.waits.set()


def test_it_is_waited_for_a_server_that_loads(folder: Path, script: EngineScript) -> None:
    script.models = [(503, '{"error": {"message": "Loading model"}}')] * 3
    with scripted(script) as address:
        assert RemoteEngine(folder, None, address).gives_logprobs


def test_a_server_that_never_gets_ready_is_told_with_its_reason(
    folder: Path, script: EngineScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_engine, "START_S", 0.1)
    script.models = [(503, '{"error": {"message": "Loading model"}}')] * 10_000
    with (
        scripted(script) as address,
        pytest.raises(ServiceError, match=r"answers 503: Loading model; it was waited for 0\.1 s"),
    ):
        RemoteEngine(folder, None, address)
    with pytest.raises(ServiceError, match=r"does not answer: .*refused; see the log of its cont"):
        RemoteEngine(folder, None, address)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((404, "no"), "answers 404: no"),
        ((200, "{}"), "data: missing"),
        ((200, '{"data": []}'), "data: must not be empty"),  # transformers serve, with none loaded
        ((200, "<html>"), "data: not JSON"),
    ],
)
def test_what_is_no_such_server_is_said_at_once(
    folder: Path, script: EngineScript, reply: tuple[int, str], said: str
) -> None:
    script.models = [reply]
    with scripted(script) as address, pytest.raises(DataError) as raised:
        RemoteEngine(folder, None, address)
    assert f"lists no model at /v1/models: {said}" in str(raised.value).replace(f"{address}: ", "")
    assert "pydantic" not in str(raised.value)


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://x", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(folder: Path, address: str) -> None:
    with pytest.raises(UsageError, match="--engine-url: not a URL"):
        RemoteEngine(folder, None, address)


def test_a_password_in_the_address_is_refused_and_not_shown(folder: Path) -> None:
    with pytest.raises(UsageError, match="no user or password in the address of h;") as raised:
        RemoteEngine(folder, None, "http://anyone:hidden@h:1")
    assert "hidden" not in str(raised.value)


def test_a_server_that_takes_no_tokens_is_refused(
    folder: Path, script: EngineScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.read = 9999
    with scripted(script) as address, pytest.raises(DataError, match="token ids as a prompt and r"):
        RemoteEngine(folder, None, address)
    script.refuses, script.bodies = "prompt must be a string", []
    monkeypatch.setattr(RemoteEngine, "encode_chat", lambda *_: (0,))
    monkeypatch.setattr(PromptEncoder, "encode_chat", lambda *_: (0,))
    with (
        scripted(script) as address,
        pytest.raises(DataError, match="must be a string; it must ta"),
    ):
        RemoteEngine(folder, None, address)


def test_a_server_of_another_vocabulary_is_refused(folder: Path, script: EngineScript) -> None:
    script.says = {" Paris": "Bonn"}
    with (
        scripted(script) as address,
        pytest.raises(DataError, match=r"serves another model: for the tokens .* 'Bonn Saint-Ger"),
    ):
        RemoteEngine(folder, None, address)


def test_the_context_is_the_shorter_one(folder: Path, script: EngineScript) -> None:
    for said, context in ((50, 50), (5000, 128), (None, 128)):
        script.most_tokens = said
        with scripted(script) as address:
            assert RemoteEngine(folder, None, address).context == context


def get(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def ask(url: str, **fields: object) -> tuple[int, Any]:
    body = {"messages": [{"role": "user", "content": "Quem?"}], **fields}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_engine_that_ends_is_not_ready_until_it_is_back(
    folder: Path, script: EngineScript, serving: Start
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with scripted(script, port) as address:
        started = serving(
            engine=RemoteEngine(folder, None, address), max_new_tokens=40, threshold=0
        )
        server = started.__enter__()
        assert get(f"{server.url}/ready")[0] == 200
        status, reply = ask(server.url, logprobs=True)
    choice = reply["choices"][0]
    assert (status, choice["message"]["content"]) == (200, ANSWER.strip())
    probability = math.exp(LOGPROB * len(script.ids))
    assert choice["gabarito"]["probability"] == pytest.approx(probability, abs=1e-5)
    until(lambda: get(f"{server.url}/ready")[0] == 503)
    assert get(f"{server.url}/health") == (200, "ok")
    status, reply = ask(server.url)
    assert (status, reply["error"]["code"]) == (500, "engine_failed")
    assert "does not answer" in reply["error"]["message"]
    with scripted(script, port):
        until(lambda: get(f"{server.url}/ready")[0] == 200)
        assert ask(server.url)[0] == 200
        started.__exit__(None, None, None)


def test_an_answer_that_breaks_off_is_asked_for_again_if_nothing_of_it_was_given(
    folder: Path, script: EngineScript, serving: Start
) -> None:
    script.breaks_after, script.breaks = 0, 1
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        with serving(engine=engine, max_new_tokens=40, threshold=0) as server:
            status, reply = ask(server.url)
    assert (status, reply["choices"][0]["message"]["content"]) == (200, ANSWER.strip())
    asked = [
        body for body in script.bodies if len(body["prompt"]) == len(script.bodies[-1]["prompt"])
    ]
    assert asked[-1] == asked[-2]


def test_a_threshold_that_cannot_be_kept_is_refused(
    folder: Path, script: EngineScript, tmp_path: Path
) -> None:
    script.dialect = "openai"
    model = tmp_path / "model"
    model.mkdir()
    for path in folder.iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    agreed = contract(load_tokenizer(folder)).model_copy(update={"threshold": 0.6})
    (model / CONTRACT_FILE).write_text(agreed.model_dump_json())
    with (
        scripted(script) as address,
        pytest.raises(SettingsError, match=r"serve\.threshold: 0\.6 cannot be kept: the engine d"),
    ):
        serve_folder(model, Binding("127.0.0.1", 0, engine=address))


def contract(tokenizer: PreTrainedTokenizerBase) -> PromptContract:
    settings = PromptSettings(system="", refusal="Não sei.")
    return contract_of(tokenizer, settings, max_new_tokens=40)


def test_without_probabilities_none_is_said_and_none_is_given(
    folder: Path, script: EngineScript, serving: Start
) -> None:
    script.dialect = "openai"
    with scripted(script) as address:
        engine = RemoteEngine(folder, None, address)
        with serving(engine=engine, max_new_tokens=40, threshold=None) as server:
            _, reply = ask(server.url)
            status, refused = ask(server.url, logprobs=True)
    about = reply["choices"][0]["gabarito"]
    assert (about["probability"], about["known"]) == (None, True)
    assert (status, refused["error"]["param"]) == (400, "logprobs")
