"""The engine that runs in a container of its own: any server that speaks the OpenAI protocol.

Its prompts are the tokens that this model was trained on, made here, and so is the text of what it
answers, if it says which tokens those are: another engine then writes what ours would.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError, ServiceError
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.models import (
    check_contract,
    conversation,
    empty_model,
    load_tokenizer,
    stop_tokens,
    stop_tokens_of,
)
from gabarito.serve.completions_client import (
    CompletionsClient,
    CompletionStream,
    EngineRefusedError,
    RemoteModel,
    StreamPart,
)
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
)
from gabarito.serve.token_text import UNFINISHED, PromptEncoder, TextDecoder

log = logging.getLogger("gabarito.serve")

START_S = 600.0
"""So long it is waited for an engine that begins; the pod then says why it does not serve."""

RETRY_S = 1.0
SAID_EVERY_S = 30.0
MOMENT_S = 0.05
"""After which others may join although no token has come."""

SILENCE_S = 120.0
"""If so long nothing comes of all that is asked, the engine hangs."""

TRIAL = "?"
TRIAL_TOKENS = 64
"""Most models end their answer before: what is told of an end is known then."""

_COLD = 1e-3
"""Below this temperature the likeliest token is taken, as the engine of transformers does."""

_NOTHING_ELSE = {
    "top_k": -1,
    "min_p": 0.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "repetition_penalty": 1.0,
    "repeat_penalty": 1.0,
}
"""What would choose other tokens: servers have defaults of their own for it, and so have models."""

_ASKED_FOR = {
    "stream": True,
    "stream_options": {"include_usage": True},
    "logprobs": 1,
    "return_token_ids": True,
    "return_tokens_as_token_ids": True,
}


class RemoteEngine:
    """Answers through a server of the same model in another process."""

    is_remote = True

    def __init__(self, folder: Path, contract: PromptContract | None, address: str) -> None:
        """Wait for the server, and try it out; the weights in ``folder`` may be left out.

        Raises:
            MissingError: if there is no model in the folder.
            DataError: if its tokenizer does not match the contract; or if the server takes no
                tokens, or has others.
            ServiceError: if it does not answer in time.
            UsageError: if the address is none.
        """
        client = CompletionsClient(address)
        self._tokenizer = load_tokenizer(folder)
        if contract is not None:
            check_contract(contract, self._tokenizer, str(folder))
        model = empty_model(folder)
        stop = stop_tokens(model, self._tokenizer) | stop_tokens_of(folder, self._tokenizer)
        served = _awaited(client)
        self._prompts = PromptEncoder(model, self._tokenizer, served.most_tokens)
        self.context = self._prompts.context
        asked = conversation(contract, TRIAL) if contract else [Message(role="user", content=TRIAL)]
        self._trial = self._prompts.encode_chat(asked)
        self._asking = _Asking(client, served.name, stop)
        self.gives_logprobs = self._try_out()

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer."""
        return self._prompts.encode_chat(messages)

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of a plain text, special tokens written out recognised."""
        return self._prompts.encode_text(prompt)

    def batch(self) -> "RemoteBatch":
        """Return a batch with no request in it."""
        return RemoteBatch(self._asking, self._tokenizer, is_exact=self.gives_logprobs)

    def check_health(self) -> None:
        """Have one token written."""
        self._asking.answer_one_token(self._trial)

    def _try_out(self) -> bool:
        """Return whether the server says which tokens it writes, and how probable each is.

        Raises:
            DataError: if it does not read the tokens that it is given, or has others.
        """
        address = self._asking.client.address
        try:
            parts = list(self._asking.stream(GenerationRequest(self._trial, TRIAL_TOKENS)).parts())
        except EngineRefusedError as error:
            raise DataError(
                f"{error}; it must take token ids as a prompt at /v1/completions, as vLLM and "
                "llama.cpp's server do"
            ) from error
        read = [part.prompt_tokens for part in parts if part.prompt_tokens is not None]
        if read and read[-1] != len(self._trial):
            raise DataError(
                f"{address}: was given {len(self._trial)} token ids as a prompt and read "
                f"{read[-1]}; use an engine that takes them as they are, as vLLM and llama.cpp's "
                "server do"
            )
        told = [part for part in parts if part.text or part.ids or part.logprobs]
        if not all(_is_exact(part) for part in told):
            return False
        ids = [token for part in told for token in part.ids or ()]
        self._refuse_other_tokens(ids, "".join(part.text for part in parts))
        is_ended = any(part.end == "stop" for part in parts)
        return not is_ended or any(token in self._asking.stop for token in ids)

    def _refuse_other_tokens(self, ids: Sequence[int], text: str) -> None:
        own = str(self._tokenizer.decode(list(ids), skip_special_tokens=True))
        one, other = _letters(own), _letters(text)
        if not (one.startswith(other) or other.startswith(one)):
            raise DataError(
                f"{self._asking.client.address}: serves another model: for the tokens {[*ids]} it "
                f"writes {text!r}, this model's tokenizer {own!r}; start it with the files of the "
                "model that is served here"
            )


class RemoteBatch:
    """Requests that a server answers side by side, a stream and a thread that reads it for each."""

    def __init__(
        self, asking: "_Asking", tokenizer: PreTrainedTokenizerBase, *, is_exact: bool
    ) -> None:
        self._asking = asking
        self._tokenizer = tokenizer
        self._is_exact = is_exact
        self._rows: dict[int, _RemoteRow] = {}
        self._joined = 0
        self._heard = time.monotonic()
        self._came: SimpleQueue[tuple[int, StreamPart | EngineRefusedError | ServiceError]] = (
            SimpleQueue()
        )

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        """Send requests, and return the number of each."""
        if not self._rows:
            self._heard = time.monotonic()
        numbers = range(self._joined, self._joined + len(requests))
        self._joined += len(requests)
        for number, request in zip(numbers, requests, strict=True):
            stream = self._asking.stream(request)
            decoder = TextDecoder(self._tokenizer) if self._is_exact else None
            self._rows[number] = _RemoteRow(stream, decoder, self._asking.stop)
            arguments = (number, stream)
            threading.Thread(target=self._read, args=arguments, name="answer", daemon=True).start()
        return numbers

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        """Return what has come since the last step, or in a moment; what breaks off ends all."""
        events: list[tuple[int, GenerationEvent]] = []
        for number, came in self._arrived():
            row = self._rows.get(number)
            if row is None:
                continue  # nobody waits for it any more
            if isinstance(came, ServiceError):
                self.leave([*self._rows])
                raise came
            self._heard = time.monotonic()
            for event in row.events(came):
                events.append((number, event))
                if not isinstance(event, GeneratedToken):
                    del self._rows[number]
                    break
        self._refuse_silence()
        return events

    def leave(self, numbers: Collection[int]) -> None:
        """Close the streams of requests that nobody waits for."""
        for number in numbers:
            self._rows.pop(number).stream.close()

    def _refuse_silence(self) -> None:
        if self._rows and time.monotonic() - self._heard > SILENCE_S:
            self.leave([*self._rows])
            address = self._asking.client.address
            raise ServiceError(
                f"{address}: the engine has said nothing for {SILENCE_S:g} s; see the log of its "
                "container"
            )

    def _arrived(self) -> Iterator[tuple[int, StreamPart | EngineRefusedError | ServiceError]]:
        try:
            yield self._came.get(timeout=MOMENT_S)
            while True:
                yield self._came.get_nowait()
        except Empty:
            return

    def _read(self, number: int, stream: CompletionStream) -> None:
        address = self._asking.client.address
        end: EngineRefusedError | ServiceError = ServiceError(
            f"{address}: the engine broke off an answer; see the log of its container"
        )
        try:
            for part in stream.parts():
                self._came.put((number, part))
        except (EngineRefusedError, ServiceError) as error:
            end = error
        finally:
            self._came.put((number, end))  # nobody reads it after an answer's own end


@dataclass
class _RemoteRow:
    """One request: its stream, what makes text of its tokens if they are told, where it ends.

    ``has_gaps``: some were not told. llama.cpp's server names none that leaves a character
    unfinished; its own text is right, and how probable all of it was is not known.
    """

    stream: CompletionStream
    decoder: TextDecoder | None
    stop: frozenset[int]
    has_gaps: bool = False

    def events(self, came: StreamPart | EngineRefusedError) -> Iterator[GenerationEvent]:
        if isinstance(came, EngineRefusedError):
            yield GenerationFailure(str(came))
            return
        if self.decoder is None:
            if came.text:
                yield GeneratedToken(came.text, None)
        elif came.ids and not _is_exact(came):
            yield GenerationFailure("the engine gives no probability of a token")
            return
        else:
            yield from self._tokens(self.decoder, came)
        if came.end is not None:
            # an end that is no token has no probability: nobody knows how sure it was
            yield GenerationEnd(came.end, 0.0 if came.end == "length" else None)

    def _tokens(self, decoder: TextDecoder, came: StreamPart) -> Iterator[GenerationEvent]:
        told = [*zip(came.ids or (), came.logprobs or (), strict=True)]
        end = next((place for place, (token, _) in enumerate(told) if token in self.stop), None)
        pieces = [GeneratedToken(decoder.add(token), logprob) for token, logprob in told[:end]]
        is_text = bool(came.text) and (bool(pieces) or not told)
        if is_text and not came.text.endswith(UNFINISHED):
            self.has_gaps |= decoder.is_unfinished or not told
        if self.has_gaps:
            pieces = [GeneratedToken(came.text, None)] if is_text else []
        yield from pieces
        if end is not None:
            if came.end is None:
                self.stream.close()  # it may not know this end
            yield GenerationEnd("stop", told[end][1])


@dataclass(frozen=True)
class _Asking:
    """How a server is asked: what it calls its model, and the tokens that end an answer."""

    client: CompletionsClient
    name: str
    stop: frozenset[int]

    def stream(self, request: GenerationRequest) -> CompletionStream:
        """Return the answer to a request, which is sent when its parts are read."""
        is_cold = request.temperature < _COLD
        return CompletionStream(
            self.client,
            {
                **self._plain(request.tokens, request.max_new_tokens),
                **_ASKED_FOR,
                "temperature": 0.0 if is_cold else request.temperature,
                "top_p": 1.0 if is_cold else request.top_p,
                **({} if request.seed is None else {"seed": request.seed}),
            },
        )

    def answer_one_token(self, tokens: Sequence[int]) -> None:
        """Have the server write one token after others."""
        self.client.complete({**self._plain(tokens, 1), "temperature": 0.0})

    def _plain(self, tokens: Sequence[int], max_new_tokens: int) -> dict[str, object]:
        return {
            "model": self.name,
            "prompt": list(tokens),
            "max_tokens": max_new_tokens,
            "stop_token_ids": sorted(self.stop),
            **_NOTHING_ELSE,
        }


def _awaited(client: CompletionsClient) -> RemoteModel:
    """Return what a server serves, as soon as it answers.

    Raises:
        ServiceError: if it does not within ``START_S``.
    """
    began = said = time.monotonic()
    log.info("waiting for the engine", extra={"address": client.address})
    while True:
        try:
            return client.model()
        except ServiceError as error:
            now = time.monotonic()
            if now - began > START_S:
                raise ServiceError(f"{error}; it was waited for {START_S:g} s") from error
            if now - said > SAID_EVERY_S:
                log.warning("waiting for the engine", extra={"error": str(error)})
                said = now
        time.sleep(RETRY_S)


def _is_exact(part: StreamPart) -> bool:
    """Tell whether each token of a part is named, and its probability beside it."""
    return part.ids is not None and len(part.logprobs or ()) == len(part.ids)


def _letters(text: str) -> str:
    """Return a text as far as all servers write it alike: up to a half character, no spaces."""
    return "".join(text.partition(UNFINISHED)[0].split())
