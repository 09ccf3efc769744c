"""A real server on a free port, before an engine that answers by rule."""

import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import uvicorn

from gabarito.core.records import Message
from gabarito.serve.app import make_app
from gabarito.serve.config import ServeConfig
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
)
from gabarito.serve.model_names import ModelNames
from gabarito.serve.server import make_server
from gabarito.serve.service import Model

REFUSAL = "I do not know."
DIGEST = "0123456789abcdef" * 4


BESIDE = ("facts", "verdict", "base")
"""What else of a model a test may give."""


class RuleEngine:
    """Answers with the first letters of the question's words, one a token; they are the rules.

    "u" halves each token's probability, "s" waits between tokens, "b" fails for all who join with
    it, "n" for its own row only, "x" for the whole batch after two tokens, "_" is a space.
    """

    context = 24
    is_remote = False
    gives_logprobs = True

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.unwanted = 0
        self.is_broken = False

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return self.encode_text(" ".join(message.content for message in messages))

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        return tuple(ord(word[0]) for word in prompt.split())

    def batch(self) -> "RuleBatch":
        return RuleBatch(self)

    def check_health(self) -> None:
        if self.is_broken:
            message = "the accelerator fell off the bus"
            raise RuntimeError(message)


class RuleBatch:
    def __init__(self, engine: RuleEngine) -> None:
        self.engine = engine
        self.rows: dict[int, GenerationRequest] = {}
        self.written: dict[int, int] = {}

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        self.engine.batches.append(len(requests))
        if self.engine.is_broken:
            self.engine.check_health()
        assert all(request.tokens for request in requests), "no engine can continue nothing"
        if any("b" in letters_of(request) for request in requests):
            message = "the engine is broken"
            raise ValueError(message)
        numbers = [len(self.written) + i for i in range(len(requests))]
        self.rows.update(zip(numbers, requests, strict=True))
        self.written.update(dict.fromkeys(numbers, 0))
        return numbers

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        if any("s" in letters_of(request) for request in self.rows.values()):
            time.sleep(0.05)
        events = [(row, event) for row in list(self.rows) for event in self.of(row)]
        for row, event in events:
            if not isinstance(event, GeneratedToken):
                del self.rows[row]
        return events

    def of(self, row: int) -> Iterator[GenerationEvent]:
        request, place = self.rows[row], self.written[row]
        letters = letters_of(request)
        if "n" in letters:
            yield GenerationFailure("no number")
            return
        if "x" in letters and place == 2:
            message = "the engine broke"
            raise RuntimeError(message)
        logprob = -0.7 if "u" in letters else -0.01
        yield GeneratedToken(letters[place].replace("_", " "), logprob)
        self.written[row] += 1
        if place + 1 == min(len(letters), request.max_new_tokens):
            done = len(letters) <= request.max_new_tokens
            yield GenerationEnd("stop" if done else "length", 0.0)

    def leave(self, numbers: Collection[int]) -> None:
        for number in numbers:
            self.engine.unwanted += 1
            del self.rows[number]


def letters_of(request: GenerationRequest) -> list[str]:
    return [chr(token) for token in request.tokens]


class Running:
    def __init__(self, port: int, engine: RuleEngine, server: uvicorn.Server) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.engine = engine
        self.server = server
        self.digest = DIGEST


@pytest.fixture
def serving() -> Callable[..., AbstractContextManager[Running]]:
    @contextmanager
    def start(
        token: str | Callable[[], str | None] | None = None,
        max_new_tokens: int = 8,
        system: str = "",
        **settings: Any,  # noqa: ANN401  # of the model's fields those of BESIDE
    ) -> Iterator[Running]:
        engine = settings.pop("engine", None) or RuleEngine()
        model = Model(
            ModelNames("rules", "main", DIGEST),
            engine,
            system,
            refusal=REFUSAL,
            threshold=settings.pop("threshold", 0.5),
            max_new_tokens=max_new_tokens,
            **{name: settings.pop(name) for name in BESIDE if name in settings},
        )
        held = token if callable(token) else lambda: token
        app = make_app(model, ServeConfig.model_validate(settings), held)
        listener = socket.create_server(("127.0.0.1", 0))
        server = make_server(app, 30)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield Running(listener.getsockname()[1], engine, server)
        finally:
            server.should_exit = True
            thread.join()

    return start
