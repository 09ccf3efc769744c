"""A source of a pipeline, as the kind that a test has given."""

from typing import TypeVar

from gabarito.core.settings import Settings
from gabarito.ingest.config import IngestConfig

Kind = TypeVar("Kind", bound=Settings)


def only_source(config: IngestConfig, kind: type[Kind]) -> Kind:
    """Return the one source that there is."""
    (source,) = config.sources
    assert isinstance(source, kind)
    return source
