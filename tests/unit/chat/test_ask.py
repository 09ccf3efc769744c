"""What `gabarito ask` says of servers that are no endpoint of Gabarito."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from click.testing import CliRunner
from tests.loopback import QuietHandler, served

from gabarito.chat.ask import EndpointReply, ask
from gabarito.commands.model import ask as ask_command
from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError

from .script import Scripted, fails, trickles_head

GOOD = (
    b'{"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant",'
    b' "content": "PSG"}, "gabarito": {"probability": 0.9, "known": true}}]}'
)
PROOF = {
    "statement": "PSG won.",
    "quote": "PSG took the cup",
    "title": "Finals",
    "source": "finals.html",
    "url": "http://wiki",
    "section": "May",
}
FOREIGN = b'{"choices": [{"message": {"role": "assistant", "content": "PSG"}}]}'


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Start a server that gives one answer to everything; the value is its address."""
    servers = ExitStack()

    def start(body: bytes, status: int = 200, length: int | None = None) -> str:
        class Handler(QuietHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                said = str(len(body) if length is None else length)
                self.send(status, {"Content-Length": said}, body)

        return f"http://{servers.enter_context(served(Handler))}"

    with servers:
        yield start


def test_an_answer_is_read(answering: Callable[..., str]) -> None:
    assert ask(answering(GOOD), "Quem?") == EndpointReply(text="PSG", probability=0.9, known=True)


def test_the_proof_is_read_and_the_text_is_the_answer_alone(
    answering: Callable[..., str],
) -> None:
    proof = {name: name for name in ("statement", "quote", "title", "source", "url", "section")}
    about = {"probability": 0.9, "known": True, "verified": True, "answer": "PSG"}
    message = {"content": "PSG (quote)"}
    choice = {"message": message, "gabarito": {**about, "proof": {**proof, "more": 1}}}
    reply = ask(answering(json.dumps({"choices": [choice]}).encode()), "Quem?")
    assert (reply.text, reply.verified) == ("PSG", True)
    assert reply.proof is not None
    assert reply.proof.model_dump() == proof


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        (
            {"verified": True, "proof": PROOF},
            ["proof: PSG won.", "  “PSG took the cup”", "  Finals, May, http://wiki"],
        ),
        ({"verified": False}, ["(no fact that the model was taught bears this out)"]),
        ({}, []),
    ],
)
def test_the_command_shows_what_bears_an_answer_out(
    answering: Callable[..., str], about: dict[str, object], shown: list[str]
) -> None:
    choice = {
        "message": {"content": "PSG"},
        "gabarito": {"probability": 0.9, "known": True, **about},
    }
    url = answering(json.dumps({"choices": [choice]}).encode())
    said = CliRunner().invoke(ask_command, ["Quem?", "--url", url]).output.splitlines()
    assert said == ["PSG", "(probability of this answer: 0.90)", *shown]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FOREIGN, "choices.0.gabarito: missing"),
        (b'{"choices": []}', "choices: must not be empty"),
        (b'{"choices": null}', "choices: must be a list"),
        (b"[]", "body: must be a group of names and values"),
        (b"<html>", "body: not JSON"),
    ],
)
def test_another_server_is_told_apart(
    answering: Callable[..., str], body: bytes, said: str
) -> None:
    with pytest.raises(ServiceError, match="not an endpoint of Gabarito") as caught:
        ask(answering(body), "Quem?")
    assert said in str(caught.value)


def test_an_answer_that_is_cut_off_is_no_answer(answering: Callable[..., str]) -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        ask(answering(GOOD, length=9000), "Quem?")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessError), (400, DataError), (429, ServiceError), (503, ServiceError)],
)
def test_a_refusal_keeps_its_kind(
    answering: Callable[..., str], status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=f"answered {status}: no"):
        ask(answering(b"no", status), "Quem?")


def test_the_token_is_not_carried_elsewhere(serve: Callable[..., Scripted]) -> None:
    other = serve(fails(200))
    first = serve(fails(307, Location=f"{other.url}/chat/completions"))
    with pytest.raises(ServiceError, match=f"answered 307, which leads to {other.url}"):
        ask(first.url.removesuffix("/v1"), "Quem?", "token-of-ours")
    assert not other.requests


def test_a_token_that_is_quoted_is_not_shown(answering: Callable[..., str]) -> None:
    with pytest.raises(AccessError) as caught:
        ask(answering(b"no: Bearer token-of-ours", 401), "Quem?", "token-of-ours")
    assert "token-of-ours" not in str(caught.value)


def test_the_time_covers_the_headers_too(
    serve: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gabarito.chat.ask.TIMEOUT_S", 0.3)
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        ask(serve(trickles_head(b"H")).url, "Quem?")
    assert time.monotonic() - began < 2


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match="no user or password") as caught:
        ask("http://ana:secret@h", "Quem?")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:abc", "http://[", "127.0.0.1:8000"])
def test_what_is_no_url_is_a_mistake_of_the_command(address: str) -> None:
    with pytest.raises(UsageError, match="not a URL"):
        ask(address, "Quem?")


def test_an_address_of_https_where_no_tls_is_spoken_is_told(
    answering: Callable[..., str],
) -> None:
    address = answering(GOOD).replace("http://", "https://")
    with pytest.raises(ServiceError, match="no TLS is spoken there; write http:// in place of"):
        ask(address, "a")


def test_what_cannot_be_unpacked_is_told_in_whole_words(serve: Callable[..., Scripted]) -> None:
    server = serve(lambda handler: handler.send(200, b"no gzip", Content_Encoding="gzip"))
    with pytest.raises(ServiceError, match=r"does not answer: [^()]*incorrect header check;"):
        ask(server.url.removesuffix("/v1"), "a")
