"""Opening the teachers that the settings and the environment name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from gabarito.artifacts.cache import Cache
from gabarito.chat import Meter, Prices
from gabarito.chat.open_client import Role, open_client
from gabarito.core.teacher_config import TeacherSettings
from gabarito.generate.config import GenerateConfig
from gabarito.generate.teachers.batches import batches_of
from gabarito.generate.teachers.teacher import Teacher

FIRST = Role("generate.teacher")
SECOND = Role("generate.verify.teacher", "GABARITO_VERIFY_KEY")


@contextmanager
def open_teacher(
    settings: TeacherSettings,
    cache: Cache,
    *,
    shards: int = 1,
    spent: float = 0.0,
    role: Role = FIRST,
) -> Iterator[Teacher]:
    """Give the teacher that the settings and the environment name.

    ``shards`` share the ceiling of cost; ``spent`` was paid before.

    Raises:
        SettingsError: if no URL is given, or the key is blank.
    """
    share = 1.0 - settings.batch_discount if settings.batch else 1.0
    prices = Prices(share * (settings.price_input or 0.0), share * (settings.price_output or 0.0))
    ceiling = None if settings.max_cost is None else settings.max_cost / shards
    client = open_client(settings, cache, Meter(prices, ceiling, spent), role)
    batches = batches_of(client, cache) if settings.batch else None
    with closing(Teacher(settings, client, cache, batches)) as teacher:
        yield teacher


@contextmanager
def open_second(
    config: GenerateConfig, first: Teacher, cache: Cache, *, shards: int = 1
) -> Iterator[Teacher | None]:
    """Give who has a second opinion: nobody, the first teacher itself, or another.

    Raises:
        SettingsError: as ``open_teacher``.
    """
    settings = config.verify.teacher
    if settings is None or config.verify.on_doubt is None:
        yield first if config.verify.on_doubt else None
        return
    url = settings.url or (config.teacher and config.teacher.url)
    settings = settings.model_copy(update={"url": url})
    with open_teacher(settings, cache, shards=shards, role=role_of_second(config)) as second:
        yield second


def role_of_second(config: GenerateConfig) -> Role:
    """Return where who has a second opinion is named; at the same place the same key opens."""
    first, other = config.teacher, config.verify.teacher
    is_same_place = other is None or other.url in (None, first and first.url)
    return Role(SECOND.setting) if is_same_place else SECOND
