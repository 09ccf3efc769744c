"""Credentials of the bucket that change under a process that lives long.

Roles (IRSA, pod identity, instance metadata, SSO, ``credential_process``) are refreshed by botocore
itself. Keys in files are read once by it: those of ``~/.aws/credentials``, and those of a Secret
that a pod mounts, which ``AWS_ACCESS_KEY_ID_FILE`` and the like name. Here they are read anew when
the files change, before the next request is signed.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.credentials import (
    CredentialProvider,
    Credentials,
    ReadOnlyCredentials,
    SharedCredentialProvider,
)
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from gabarito.core.errors import SettingsError
from gabarito.core.secrets import FILE_CHECK_S, ROTATION_S, file_of_secret, secret_from, stamp_of
from gabarito.core.stop import is_stop_asked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("gabarito.store")

ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
SESSION_TOKEN = "AWS_SESSION_TOKEN"  # a variable's name

REFUSED_CODES = frozenset({
    "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch",
    "TokenRefreshRequired",
})  # fmt: skip
"""What S3 answers to keys that were replaced or ran out, rather than to rights that are missing."""

_REFUSED_SINCE = "gabarito_refused_since"
"""Where botocore's context of a request says since when its keys are refused."""


class FileCredentials(Credentials):
    """Keys that are read anew when one of their files changes; used by many threads."""

    def __init__(self, load: Callable[[], Credentials], files: Sequence[Path]) -> None:
        self._load, self._files = load, files
        self._lock = threading.Lock()
        self._stamp = self._stamps()
        first = load()
        super().__init__(first.access_key, first.secret_key, first.token, first.method)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the keys that the files hold now; botocore asks before it signs a request."""
        stamp = self._stamps()
        with self._lock:
            if stamp != self._stamp and self._reread():
                self._stamp = stamp  # or else they are looked at again before the next request
        return super().get_frozen_credentials()

    def _reread(self) -> bool:
        """Take the keys over, if they can be read and no file changed meanwhile."""
        before = self._stamps()
        try:
            fresh = self._load()
        except (BotoCoreError, SettingsError) as error:
            log.warning("credentials not read anew", extra={"reason": str(error)})
            return False
        if self._stamps() != before:
            return False
        self.access_key, self.secret_key, self.token = (
            fresh.access_key,
            fresh.secret_key,
            fresh.token,
        )
        log.info("credentials changed", extra={"source": self.method})
        return True

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        return [stamp_of(path) for path in self._files]


class _SecretFiles(CredentialProvider):
    """Finds keys in the files that ``AWS_ACCESS_KEY_ID_FILE`` and the like name."""

    METHOD = "secret-files"

    def load(self) -> Credentials | None:
        """Return the keys, or None while there are no such files."""
        files = [path for name in (ACCESS_KEY, SECRET_KEY) if (path := file_of_secret(name))]
        if not all(path.exists() for path in files) or len(files) < 2:
            return None
        token = file_of_secret(SESSION_TOKEN)
        return FileCredentials(self._read, [*files, token] if token else files)

    def _read(self) -> Credentials:
        token = file_of_secret(SESSION_TOKEN)
        return Credentials(
            secret_from(ACCESS_KEY, is_read_anew=True) or "",
            secret_from(SECRET_KEY, is_read_anew=True) or "",
            None if token and not token.exists() else secret_from(SESSION_TOKEN),
            method=self.METHOD,
        )


class _RereadSharedFile(SharedCredentialProvider):
    """Finds keys in ``~/.aws/credentials``, or where ``AWS_SHARED_CREDENTIALS_FILE`` says."""

    def __init__(self, path: str, profile: str) -> None:
        super().__init__(path, profile)
        self._path = path

    def load(self) -> Credentials | None:
        """Return the keys, or None if there are none."""
        if super().load() is None:
            return None
        return FileCredentials(self._read, [Path(self._path).expanduser()])

    def _read(self) -> Credentials:
        found = super().load()
        if found is None:
            raise SettingsError(f"{self._path}: holds no keys any more; write them there")
        return found


def reread_files(session: Session) -> None:
    """Let a session of botocore find keys in files, and read them anew when these change."""
    chain = session.get_component("credential_provider")
    chain.providers.insert(0, _SecretFiles())
    shared = _RereadSharedFile(
        str(session.get_config_variable("credentials_file")),
        str(session.get_config_variable("profile") or "default"),
    )
    chain.providers[:] = [
        shared if type(each) is SharedCredentialProvider else each for each in chain.providers
    ]


def wait_for_successor(client: "S3Client", credentials: Credentials | None) -> None:
    """Let a client whose keys are refused wait for those that a file may hold soon.

    A server may take a key back before a kubelet has written the new one into the pod: a training
    must not end for that. Keys that were never accepted are not waited for, and after one wait in
    vain none that is refused is waited for until some are accepted again.
    """
    if isinstance(credentials, FileCredentials):
        judge: Callable[..., Any] = _Patience().judge
        client.meta.events.register_first("needs-retry.s3", judge)


class _Patience:
    """Whether a refused request is worth another try, signed with what the files hold by then."""

    def __init__(self) -> None:
        self._were_accepted = False

    def judge(
        self,
        response: tuple[Any, dict[str, Any]] | None,
        request_dict: dict[str, Any],
        **_: object,
    ) -> float | None:
        """Return seconds until botocore tries again, or None."""
        if response is None:
            return None
        http, parsed = response
        if http.status_code < 300:
            self._were_accepted = True
        if parsed.get("Error", {}).get("Code") not in REFUSED_CODES or not self._were_accepted:
            return None
        now, context = time.monotonic(), request_dict["context"]
        if _REFUSED_SINCE not in context:  # the files may have changed since it was signed
            context[_REFUSED_SINCE] = now
            log.warning("keys of the store refused", extra={"waits_s": ROTATION_S})
            return 0.0
        if now - context[_REFUSED_SINCE] < ROTATION_S and not is_stop_asked():
            return FILE_CHECK_S
        self._were_accepted = False
        return None
