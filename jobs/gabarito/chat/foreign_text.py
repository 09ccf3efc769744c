"""Texts that others wrote: shown as one line, and never with a secret of ours in them."""

import json
from urllib.parse import quote

SHOWN_CHARS = 200

MIN_SECRET_CHARS = 8
"""A shorter key is a placeholder, such as ``none``; hiding it would tear words apart."""

MAX_ERROR_BYTES = 10_000
"""So much of a body that is no JSON is looked at."""

NOT_AS_EXPECTED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading a text of another shape raises; JSON that is nested too deep, the last."""


def shown(text: str, secret: str | None = None) -> str:
    """Return the beginning of what others wrote as one line, without a secret in it."""
    line = " ".join(hidden(text, secret).split())[:SHOWN_CHARS]
    return "".join(char if char.isprintable() else "?" for char in line)


def hidden(text: str, secret: str | None) -> str:
    """Return a text without a secret, also as JSON and URLs spell it."""
    if secret and len(secret) >= MIN_SECRET_CHARS:
        spelled = json.dumps(secret)[1:-1]
        for form in (secret, spelled, spelled.replace("/", r"\/"), quote(secret, safe="")):
            text = text.replace(form, "***")
    return text


def text_of_body(data: bytes) -> str:
    """Return the beginning of a body as text."""
    return data[:MAX_ERROR_BYTES].decode(errors="replace")
