"""Secrets from the environment, and those that people write into URLs."""

import os
import re

from gabarito.core.errors import SettingsError

_USERINFO = re.compile(r"(//)[^\s'\"]*@|\b[\w.-]+:(?!//)[^\s'\"]*@")
"""Greedy: a password may hold ``/``, ``?``, ``#`` or ``@`` as it is."""


def without_userinfo(text: str) -> str:
    """Return a text with the user names and passwords of its URLs taken out."""
    return _USERINFO.sub(r"\1***@", text)


def secret_from(name: str) -> str | None:
    """Return the secret in the environment variable ``name``, None if it is not set.

    Space around it is taken off: a secret made from a file often ends with a line feed. A
    blank one is refused, as whoever sets the variable means to have a secret.

    Raises:
        SettingsError: if it is blank, or cannot stand in a header; the message never shows it.
    """
    value = os.environ.get(name)
    if value is None:
        return None
    secret = value.strip()
    if not secret:
        raise SettingsError(
            f"{name}: set but blank; set it to the secret, or unset it to have none"
        )
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise SettingsError(f"{name}: holds characters that no key has; set it to a valid key")
    return secret
