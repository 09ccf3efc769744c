"""A stage of the pipeline as one value, from which whatever lists stages derives."""

from dataclasses import dataclass

from gabarito.core.settings import StageSettings


@dataclass(frozen=True)
class Stage:
    """What is true of a stage wherever it runs; ``gabarito.<name>.job`` does its work.

    Raise ``revision`` if the same settings would now give another result: it is part of the
    fingerprint. ``reads`` are the stages whose artifacts it reads, ``image`` is the container
    image that holds its command. ``is_sharded`` tells whether several pods may share its work, and
    ``is_joined`` whether its artifact is made of shards even where there is only one.
    """

    name: str
    settings: type[StageSettings]
    reads: tuple[str, ...]
    revision: int
    image: str
    is_sharded: bool = False
    is_joined: bool = False
