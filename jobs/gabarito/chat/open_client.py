"""Opening a client of a model that the settings and the environment name."""

import hashlib
import logging
import os
from dataclasses import dataclass

from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.chat.budget import Meter
from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.client import ChatClient
from gabarito.chat.dialect import Dialect
from gabarito.core.errors import SettingsError
from gabarito.core.secrets import RotatingSecret
from gabarito.core.teacher_config import ChatModelSettings

URL_NAME = "GABARITO_TEACHER_URL"
KEY_NAME = "GABARITO_TEACHER_KEY"

log = logging.getLogger("gabarito.chat")

_DIALECT = TypeAdapter(Dialect)


@dataclass(frozen=True)
class Role:
    """Where the settings name a model, which variable holds its key, what messages call it."""

    setting: str
    key_name: str = KEY_NAME
    name: str = "teacher"


def endpoint_of(settings: ChatModelSettings, role: Role) -> ChatEndpoint:
    """Return where the settings and the environment say that a model answers.

    Raises:
        SettingsError: if no URL is given, or the key is blank.
    """
    url = settings.url or os.environ.get(URL_NAME)
    if not url:
        raise SettingsError(
            f"{role.setting}.url: not set; set it, or {URL_NAME}, to the {role.name}'s address"
        )
    return ChatEndpoint(
        url=url,
        key=RotatingSecret(role.key_name),
        key_name=role.key_name,
        concurrency=settings.concurrency,
        timeout_s=settings.timeout_s,
        retries=settings.retries,
        role=role.name,
    )


def open_client(settings: ChatModelSettings, cache: Cache, meter: Meter, role: Role) -> ChatClient:
    """Return a client that remembers in the cache how the endpoint wants its requests.

    Raises:
        SettingsError: as ``endpoint_of``.
    """
    endpoint = endpoint_of(settings, role)
    place = f"dialect-{hashlib.sha256(f'{endpoint.url} {settings.model}'.encode()).hexdigest()}"
    dialect = cache.get_json(place, _DIALECT)
    if dialect:
        log.info("teacher takes requests otherwise", extra={"now": str(dialect), "kept": place})
    return ChatClient(
        endpoint,
        meter,
        dialect,
        lambda learned: cache.put(place, learned.model_dump_json().encode()),
    )


def parameters_of(settings: ChatModelSettings) -> dict[str, object]:
    """Return what a request says beside the model and the messages."""
    return {
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "seed": settings.seed,
        **settings.parameters,
    }
