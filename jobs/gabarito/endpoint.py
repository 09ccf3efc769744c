"""A question to an OpenAI-compatible endpoint of Gabarito, and what came back."""

import json
import urllib.error
import urllib.request

from gabarito.core.errors import AccessError, DataError, ServiceError
from gabarito.core.records import Record

TIMEOUT_S = 60.0


class Reply(Record):
    """An answer, its probability in 0..1, and whether the model knows (else it refused)."""

    text: str
    probability: float
    known: bool


def ask(address: str, question: str, token: str | None = None) -> Reply:
    """Return what the endpoint at ``address`` (``http://host:port``) answers.

    Raises:
        ServiceError: if it does not answer.
        AccessError: if it refuses the token.
        DataError: if it refuses the request.
    """
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{address}/v1/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            choice = json.load(response)["choices"][0]
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(address, error.code, error.read().decode(errors="replace")) from error
    except (OSError, ValueError, KeyError) as error:
        message = f"{address}: does not answer: {error}; start it with gabarito serve"
        raise ServiceError(message) from error
    about = choice["gabarito"]
    text = choice["message"]["content"]
    return Reply(text=text, probability=about["probability"], known=about["known"])


def _refusal(address: str, status: int, said: str) -> AccessError | DataError | ServiceError:
    message = f"{address}: answered {status}: {said}"
    if status in (401, 403):
        return AccessError(f"{message}; set GABARITO_SERVE_TOKEN")
    return DataError(message) if status < 500 else ServiceError(message)
