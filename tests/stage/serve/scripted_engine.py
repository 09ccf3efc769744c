"""A server of the OpenAI protocol that says what it is told to, as several engines say it."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.loopback import QuietHandler
from transformers import PreTrainedTokenizerBase

from gabarito.serve.token_text import UNFINISHED

LOGPROB = -0.25


@dataclass
class EngineScript:
    """What the server says: the tokens of every answer, the last of them its end."""

    tokenizer: PreTrainedTokenizerBase
    ids: Sequence[int]
    dialect: str = "llama.cpp"
    finish: str = "stop"
    most_tokens: int | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    """Other texts for tokens' own, as another vocabulary has them."""
    read: int | None = None
    """How many tokens of a prompt it says to have read, where those are not all."""
    tells_whole_characters: bool = False
    """Whether tokens that leave a character unfinished are not told, as by llama.cpp's server."""
    refuses: str = ""
    """What it says to a prompt of which the first token is 0."""
    breaks_after: int | None = None
    """The number of tokens after which it ends in the middle, except in its trial."""
    breaks: int | None = None
    """How many answers end so; all, unless it is said."""
    waits: threading.Event | None = None
    """What the second token of an answer waits for, except in its trial."""
    models: list[tuple[int, str]] = field(default_factory=list)
    """Other answers about models, each given once."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    connections: list[str | None] = field(default_factory=list)
    """What each body came with about its connection."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set once somebody has left before the end."""

    def events(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the events of one answer."""
        is_trial = len(self.bodies) == 1
        said = ""
        for place, token in enumerate(self.ids):
            if place == 1 and self.waits and not is_trial:
                self.waits.wait(10)
            if place == self.breaks_after and self.breaks != 0 and not is_trial:
                self.breaks = self.breaks and self.breaks - 1
                return
            is_last = place + 1 == len(self.ids)
            end = self.finish if is_last and self.dialect != "llama.cpp" else None
            ids = list(self.ids[: place + 1])
            whole = str(self.tokenizer.decode(ids, skip_special_tokens=True))
            if not self.tells_whole_characters:
                yield self.event(token, end)
            elif not whole.endswith(UNFINISHED):
                yield self.event(token, end, whole[len(said) :])
                said = whole
        read = len(body["prompt"]) if self.read is None else self.read
        if self.dialect == "llama.cpp":
            choice = {"index": 0, "text": "", "logprobs": None, "finish_reason": self.finish}
            yield {"choices": [choice], "usage": {"prompt_tokens": read}}
        else:
            yield {"choices": [], "usage": {"prompt_tokens": read}}

    def event(self, token: int, finish: str | None, text: str | None = None) -> dict[str, Any]:
        """Return the event that brings one token, by default with its own text."""
        own = text or str(self.tokenizer.decode([token], skip_special_tokens=True))
        text = self.says.get(own, own)
        choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": finish}
        named = {"tokens": [text], "token_logprobs": [LOGPROB]}
        if self.dialect == "llama.cpp":
            entry = {"id": token, "token": text, "logprob": LOGPROB, "top_logprobs": []}
            choice["logprobs"] = {"content": [entry]}
        elif self.dialect == "vllm":
            choice |= {"logprobs": named, "token_ids": [token]}
        elif self.dialect == "old vllm":
            choice["logprobs"] = named | {"tokens": [f"token_id:{token}"]}
        elif self.dialect == "openai":
            choice["logprobs"] = named
        return {"choices": [choice]}


class _Handler(QuietHandler):
    script: EngineScript

    def answer(self) -> None:
        script = self.script
        if self.path == "/v1/models":
            self.models()
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script.bodies.append(body)
        script.connections.append(self.headers["Connection"])
        if body["prompt"][0] == 0 and script.refuses:
            error = {"error": {"message": script.refuses}}
            self.send(400, {}, json.dumps(error).encode())
        elif not body.get("stream"):
            self.send(200, {}, b"{}")
        else:
            self.stream(body)

    def models(self) -> None:
        if self.script.models:
            status, text = self.script.models.pop(0)
            self.send(status, {}, text.encode())
            return
        entry = {"id": "scripted", "max_model_len": self.script.most_tokens}
        self.send(200, {}, json.dumps({"data": [entry]}).encode())

    def stream(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for event in self.script.events(body):
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        except (BrokenPipeError, ConnectionResetError):
            self.script.gone.set()


@contextmanager
def scripted(script: EngineScript, port: int = 0) -> Iterator[str]:
    """Serve until the block ends; give the address."""
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
