"""Secrets from files and the environment, and those that people write into URLs."""

import logging
import os
import re
import threading
from pathlib import Path

from gabarito.core.errors import SettingsError

log = logging.getLogger("gabarito.secrets")

FILE_SUFFIX = "_FILE"
"""Of the variable that names the file with a secret: ``GABARITO_SERVE_TOKEN_FILE``."""

ROTATION_S = 150.0
"""How long a refused secret may wait for its successor: a kubelet writes a changed Secret into its
pods within about 90 seconds.
"""

FILE_CHECK_S = 5.0
"""Between two tries while a secret is refused."""

_USERINFO = re.compile(r"(//)[^\s'\"]*@|\b[\w.-]+:(?!//)[^\s'\"]*@")
"""Greedy: a password may hold ``/``, ``?``, ``#`` or ``@`` as it is."""


def without_userinfo(text: str) -> str:
    """Return a text with the user names and passwords of its URLs taken out."""
    return _USERINFO.sub(r"\1***@", text)


def secret_from(name: str, *, is_read_anew: bool = False) -> str | None:
    """Return the secret in a file or in the environment variable ``name``, None if there is none.

    The file is the one that the variable ``name`` with ``_FILE`` behind it names. While there is
    none, as with an optional key of a Secret, the variable itself counts, but not for a secret
    that ``is_read_anew``: it has what the file held when the process began. Space around a secret
    is taken off: one made from a file often ends with a line feed. A blank one is refused, as
    whoever sets the variable means to have a secret.

    Raises:
        SettingsError: if it is blank, cannot be read, or cannot stand in a header; the message
            never shows it.
    """
    source, value = _read(name, may_be_variable=not is_read_anew)
    if value is None:
        return None
    secret = value.strip()
    if not secret:
        raise SettingsError(
            f"{source}: set but blank; set it to the secret, or unset it to have none"
        )
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise SettingsError(f"{source}: holds characters that no key has; set it to a valid key")
    return secret


def file_of_secret(name: str) -> Path | None:
    """Return the file that a secret is read from, whether there is one or not; or None."""
    path = os.environ.get(f"{name}{FILE_SUFFIX}")
    return Path(path) if path else None


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced or rewritten, None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class RotatingSecret:
    """A secret that is read anew whenever its file changes; used by many threads.

    What cannot be read any more leaves the secret as it was: a file is blank for a moment while
    it is written, and no secret at all would open what it guards.
    """

    def __init__(self, name: str) -> None:
        """Read it for the first time.

        Raises:
            SettingsError: as ``secret_from``.
        """
        self.name = name
        self._path = file_of_secret(name)
        self._lock = threading.Lock()
        self._stamp = self._stamp_now()
        self._value = secret_from(name)

    def read(self) -> str | None:
        """Return the secret as it is now, None if there never was one."""
        stamp = self._stamp_now()
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                self._reread()
            return self._value

    @property
    def can_change(self) -> bool:
        """Whether it comes from a file."""
        return self._path is not None

    def _reread(self) -> None:
        try:
            secret = secret_from(self.name, is_read_anew=True)
        except SettingsError as error:
            log.warning("secret not read anew", extra={"reason": str(error)})
            return
        if secret is not None and secret != self._value:
            self._value = secret
            log.info("secret changed", extra={"secret": self.name})

    def _stamp_now(self) -> tuple[int, int, int] | None:
        return stamp_of(self._path) if self._path else None


def _read(name: str, *, may_be_variable: bool) -> tuple[str, str | None]:
    """Return where a secret stands, as a message has it, and what stands there."""
    path, value = file_of_secret(name), os.environ.get(name)
    if path is None:
        return name, value
    source = f"{name}{FILE_SUFFIX}: {path}"
    try:
        return source, path.read_text(encoding="utf-8-sig")  # some editors begin with a mark
    except FileNotFoundError as error:
        if value is not None and may_be_variable:
            return name, value
        raise SettingsError(f"{source}: no such file; write the secret into it") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise SettingsError(
            f"{source}: cannot be read: {why}; name a file that holds the secret alone"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{source}: not a text in UTF-8; save it as one") from error
