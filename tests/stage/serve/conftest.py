"""A real server on a free port, before an engine that answers by rule."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import pytest
import uvicorn

from gabarito.serve.app import Model, make_app
from gabarito.serve.batcher import End, Failure, Prompt
from gabarito.serve.config import ServeConfig
from gabarito.serve.protocol import Token
from gabarito.serve.server import make_server

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

    def encode_chat(self, messages: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        return self.encode_text(" ".join(text for _, text in messages))

    def encode_text(self, text: str) -> tuple[int, ...]:
        return tuple(ord(word[0]) for word in text.split())

    def generate(
        self, prompts: Sequence[Prompt], is_wanted: Callable[[int], bool]
    ) -> Iterator[tuple[int, Token | End | Failure]]:
        self.batches.append(len(prompts))
        if self.is_broken:
            self.check_health()
        for row, prompt in enumerate(prompts):
            letters = [chr(token) for token in prompt.tokens]
            assert letters, "no engine can continue nothing"
            if "b" in letters:
                message = "the engine is broken"
                raise ValueError(message)
            if "n" in letters:
                yield row, Failure("no number")
                continue
            for place, letter in enumerate(letters[: prompt.max_new_tokens]):
                if "x" in letters and place == 2:
                    message = "the engine broke"
                    raise RuntimeError(message)
                time.sleep(0.05 if "s" in letters else 0)
                if not is_wanted(row):
                    self.unwanted += 1
                    break
                yield row, Token(letter.replace("_", " "), -0.7 if "u" in letters else -0.01)
            done = len(letters) <= prompt.max_new_tokens
            yield row, End("stop" if done else "length", 0.0)

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
