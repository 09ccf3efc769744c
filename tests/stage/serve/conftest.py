"""A real server on a free port, before an engine that answers by rule."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

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
from gabarito.serve.server import make_server
from gabarito.serve.service import Model

REFUSAL = "I do not know."


class RuleEngine:
    """Answers with the first letters of the question's words, one a token; they are the rules.

    "u" halves each token's probability, "s" waits between tokens, "b" fails for the whole
    batch, "n" for its own row only, "x" after two tokens, "_" is a space.
    """

    context = 24

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.unwanted = 0
        self.is_broken = False

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return self.encode_text(" ".join(message.content for message in messages))

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        return tuple(ord(word[0]) for word in prompt.split())

    def generate(
        self, requests: Sequence[GenerationRequest], is_wanted: Callable[[int], bool]
    ) -> Iterator[tuple[int, GenerationEvent]]:
        self.batches.append(len(requests))
        if self.is_broken:
            self.check_health()
        for row, request in enumerate(requests):
            letters = [chr(token) for token in request.tokens]
            assert letters, "no engine can continue nothing"
            if "b" in letters:
                message = "the engine is broken"
                raise ValueError(message)
            if "n" in letters:
                yield row, GenerationFailure("no number")
                continue
            for place, letter in enumerate(letters[: request.max_new_tokens]):
                if "x" in letters and place == 2:
                    message = "the engine broke"
                    raise RuntimeError(message)
                time.sleep(0.05 if "s" in letters else 0)
                if not is_wanted(row):
                    self.unwanted += 1
                    break
                yield (
                    row,
                    GeneratedToken(letter.replace("_", " "), -0.7 if "u" in letters else -0.01),
                )
            done = len(letters) <= request.max_new_tokens
            yield row, GenerationEnd("stop" if done else "length", 0.0)

    def check_health(self) -> None:
        if self.is_broken:
            message = "the accelerator fell off the bus"
            raise RuntimeError(message)


class Running:
    def __init__(self, port: int, engine: RuleEngine, server: uvicorn.Server) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.engine = engine
        self.server = server


@pytest.fixture
def serving() -> Callable[..., AbstractContextManager[Running]]:
    @contextmanager
    def start(
        token: str | None = None, max_new_tokens: int = 8, **settings: object
    ) -> Iterator[Running]:
        engine = RuleEngine()
        model = Model(
            "rules", engine, refusal=REFUSAL, threshold=0.5, max_new_tokens=max_new_tokens
        )
        app = make_app(model, ServeConfig.model_validate(settings), token)
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
