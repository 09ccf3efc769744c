"""Waiting for a model's server that begins: until it listens, has read its weights and answers."""

import json
import logging
import time

import urllib3

from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.completion import Completion
from gabarito.chat.foreign_text import shown
from gabarito.chat.http import open_pool, reason_of, send
from gabarito.chat.protocol import BAD_REQUEST, read_response, request_body
from gabarito.core.errors import SettingsError
from gabarito.core.records import Message

log = logging.getLogger("gabarito.chat")

RETRY_S = 1.0
SAID_EVERY_S = 30.0
TRIAL = {"max_tokens": 1}


def wait_until_ready(endpoint: ChatEndpoint, model: str, seconds: float) -> float:
    """Ask for one token until that is answered, and return how long it took.

    A list of models says nothing: llama.cpp's server gives it before the weights are read. What
    refuses the request has begun, too; whoever asks in earnest knows what a refusal means. What
    sends it elsewhere is no such server.

    Raises:
        SettingsError: if it does not answer within ``seconds``, leads elsewhere, or has no URL.
    """
    where = f"{endpoint.role} {endpoint.url}"
    messages = [Message(role="user", content="?")]
    data = json.dumps(request_body(model, messages, TRIAL)).encode()
    began = said = time.monotonic()
    left_s, trouble = seconds, ""
    while trouble := _trouble(endpoint, data, min(endpoint.timeout_s, left_s), trouble):
        now = time.monotonic()
        if now - said >= SAID_EVERY_S:
            log.info("teacher is loading", extra={"waits_for": trouble})
            said = now
        left_s = began + seconds - now - RETRY_S
        if left_s <= 0:
            raise SettingsError(
                f"{where}: not ready within {seconds:g} s: {trouble}; its own log says why: "
                "correct its image, arguments or memory, or give it more time"
            )
        time.sleep(RETRY_S)
    return time.monotonic() - began


def _trouble(endpoint: ChatEndpoint, data: bytes, timeout_s: float, before: str) -> str:
    """Return why a server has not begun yet, or ``""`` if it has.

    A try that the deadline cuts short says nothing: what was wrong ``before`` stays so.
    """
    headers = {"Content-Type": "application/json", **endpoint.authorization}
    try:
        with open_pool(endpoint.completions, timeout_s) as pool:
            response = send(pool, "POST", endpoint.completions, headers, data)
    except TimeoutError:
        if before and timeout_s < endpoint.timeout_s:
            return before
        return f"gave no whole answer within {timeout_s:.2g} s"
    except urllib3.exceptions.HTTPError as error:
        return f"does not answer: {shown(reason_of(error), endpoint.secret)}"
    outcome = read_response(response, len(data), endpoint.secret)
    if isinstance(outcome, Completion):
        return ""
    if 0 < outcome.status < BAD_REQUEST:
        raise SettingsError(f"{endpoint.role} {endpoint.url}: {outcome.what}; {outcome.cure}")
    if outcome.error is not None:
        return ""
    return outcome.what
