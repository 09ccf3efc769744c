"""What the endpoint answers: responses, streams and errors of the OpenAI protocol. Pure.

Source: the OpenAI API reference for chat completions and completions. Beside its fields
each choice carries ``gabarito``: the answer's probability, whether the model knows, the fact that
bears it out, which digest answered, and what of the request was left aside; ``answer`` is the
answer alone, where something follows it in the text.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gabarito.serve.engine import GeneratedToken
from gabarito.serve.model_names import ModelNames
from gabarito.serve.service import Model
from gabarito.serve.stream import FinishedAnswer

MAX_ERROR_CHARS = 500
"""Of a message, and of a field's name: both may quote a request of a megabyte."""

MAX_NAMES = 16
MAX_NAME_CHARS = 60
"""Of the fields that were not read."""


@dataclass(frozen=True)
class ResponseWriter:
    """What all parts of one response share; ``created`` is in seconds since the epoch.

    ``model`` is the name that was asked for, ``digest`` that of what answered, if it has one;
    ``about_request`` is what the extension field says of the request.
    """

    id: str
    created: int
    model: str
    chat: bool
    prompt_tokens: int
    logprobs: bool = False
    digest: str = ""
    about_request: Mapping[str, object] = field(default_factory=dict)

    def whole(self, answer: FinishedAnswer) -> dict[str, object]:
        """Return the response that carries a whole answer."""
        choice: dict[str, Any] = {"index": 0, "finish_reason": answer.reason}
        if self.chat:
            choice["message"] = {"role": "assistant", "content": answer.shown}
        else:
            choice["text"] = answer.shown
        choice["logprobs"] = self._logprobs(answer.shown_tokens)
        choice["gabarito"] = self._about(answer)
        return {**self._head(""), "choices": [choice], "usage": self.usage(answer)}

    def first_chunk(self) -> str:
        """Return the event that begins a stream."""
        return self._event(
            {"delta": {"role": "assistant", "content": ""}} if self.chat else {"text": ""}
        )

    def chunk(self, text: str, tokens: Sequence[GeneratedToken] = ()) -> str:
        """Return one event that carries a piece of the text, and the tokens read since the last."""
        part: dict[str, object] = {"delta": {"content": text}} if self.chat else {"text": text}
        return self._event({**part, "logprobs": self._logprobs(tokens)})

    def last_chunks(self, answer: FinishedAnswer, *, usage: bool) -> Iterable[str]:
        """Yield the events that end a stream."""
        part: dict[str, object] = {"delta": {}} if self.chat else {"text": ""}
        about = {"finish_reason": answer.reason, "gabarito": self._about(answer)}
        yield self._event({**part, **about})
        if usage:
            head = {**self._head(".chunk"), "choices": [], "usage": self.usage(answer)}
            yield sse(head)
        yield "data: [DONE]\n\n"

    def usage(self, answer: FinishedAnswer) -> dict[str, int]:
        """Return how many tokens went in and out."""
        out = len(answer.tokens)
        total = self.prompt_tokens + out
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": out,
            "total_tokens": total,
        }

    def _event(self, part: dict[str, object]) -> str:
        choice = {"index": 0, "finish_reason": None, **part}
        return sse({**self._head(".chunk"), "choices": [choice]})

    def _logprobs(self, tokens: Sequence[GeneratedToken]) -> dict[str, object] | None:
        if not self.logprobs or not tokens:
            return None
        if self.chat:
            rows = [
                {
                    "token": token.text,
                    "logprob": token.logprob,
                    "bytes": list(token.text.encode()),
                    "top_logprobs": [],
                }
                for token in tokens
            ]
            return {"content": rows}
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
        }

    def _head(self, suffix: str) -> dict[str, object]:
        kind = f"chat.completion{suffix}" if self.chat else "text_completion"
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.digest or None,
        }

    def _about(self, answer: FinishedAnswer) -> dict[str, object]:
        digest = {"digest": self.digest} if self.digest else {}
        return {**_about(answer), **digest, **self.about_request}


def about_request(left_aside: Mapping[str, int], unread: Sequence[str]) -> dict[str, object]:
    """Return what the extension field says of a request: what was left aside, if anything."""
    names = [_shortened(name, MAX_NAME_CHARS) for name in unread[:MAX_NAMES]]
    found: dict[str, object] = {"left_aside": dict(left_aside), "unread": names}
    return {name: value for name, value in found.items() if value}


def model_card(name: str, names: ModelNames, created: int) -> dict[str, object]:
    """Return one entry of ``/v1/models``; ``root`` is the name of this model and of no other."""
    return {
        "id": name,
        "object": "model",
        "created": created,
        "owned_by": "gabarito",
        "root": names.id,
    }


def model_list(names: ModelNames, created: int) -> dict[str, object]:
    """Return the body of ``/v1/models``."""
    cards = [model_card(name, names, created) for name in names.listed]
    return {"object": "list", "data": cards}


def about_model(model: Model, threshold: float | None) -> dict[str, object]:
    """Return the body of ``/v1/gabarito``: what is served, and what its gate said of it.

    ``base`` tells whether the base answers, too.
    """
    return {
        "model": model.names.id,
        "digest": model.names.digest or None,
        "threshold": threshold,
        "facts": None if model.facts is None else len(model.facts),
        "base": model.base is not None,
        "verdict": model.verdict and model.verdict.model_dump(),
    }


def error_body(
    message: str, code: str, param: str | None = None, *, is_ours: bool = False
) -> dict[str, object]:
    """Return an error as the protocol shapes it; ``param`` is the field at fault."""
    error = {
        "message": _shortened(message, MAX_ERROR_CHARS),
        "type": "server_error" if is_ours else "invalid_request_error",
        "param": param and _shortened(param, MAX_ERROR_CHARS),
        "code": code,
    }
    return {"error": error}


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _about(answer: FinishedAnswer) -> dict[str, object]:
    found = answer.found
    about: dict[str, object] = {
        "probability": None if answer.probability is None else round(answer.probability, 6),
        "known": answer.known,
        "verified": found.verified,
        "proof": found.proof.model_dump() if found.proof else None,
    }
    return {**about, "answer": answer.text} if found.suffix else about


def sse(data: dict[str, object]) -> str:
    """Return an event of a stream."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
