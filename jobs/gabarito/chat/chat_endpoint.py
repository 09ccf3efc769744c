"""Where a model answers, and how requests to it are addressed."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gabarito.core.errors import SettingsError
from gabarito.core.http_url import split_url
from gabarito.core.secrets import RotatingSecret


@dataclass(frozen=True)
class ChatEndpoint:
    """Where a model answers, and how it is treated.

    ``url`` is the base of the protocol, such as ``https://api.example.com/v1``; ``key`` one that
    stays or one that is read anew when its file changes, ``key_name`` the environment variable
    that it came from, ``role`` what messages call the model.
    """

    url: str
    key: str | RotatingSecret | None = field(default=None, repr=False)
    key_name: str = "GABARITO_TEACHER_KEY"
    concurrency: int = 64
    timeout_s: float = 120.0
    retries: int = 8
    role: str = "teacher"

    @property
    def completions(self) -> str:
        """The URL that chat requests go to.

        Raises:
            SettingsError: if ``url`` is no such base.
        """
        parts = split_url(self.url)
        if parts is None:
            raise SettingsError(
                f"{self.role} {self.url!r}: not an http or https URL; write http://host:port/v1"
            )
        if parts.username is not None or parts.password is not None:
            raise SettingsError(
                f"{self.role} at {parts.hostname}: its url holds a user or password, which would "
                f"be stored and shown; take them out and set {self.key_name} to the key"
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        return parts._replace(path=f"{path}/chat/completions", fragment="").geturl()

    @property
    def secret(self) -> str | None:
        """The key as it is now, if there is one."""
        return self.key.read() if isinstance(self.key, RotatingSecret) else self.key

    @property
    def can_key_change(self) -> bool:
        """Whether a key that is refused may have a successor soon."""
        return isinstance(self.key, RotatingSecret) and self.key.can_change

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the key, if there is one: Azure's has a name of its own."""
        secret = self.secret
        if not secret:
            return {}
        is_azure = "api-version=" in urlsplit(self.url).query
        return {"api-key": secret} if is_azure else {"Authorization": f"Bearer {secret}"}
