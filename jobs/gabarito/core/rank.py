"""One of several processes that work on a stage together, as torchrun starts them.

Each is told by its environment which one it is (``RANK``, ``WORLD_SIZE``, ``LOCAL_WORLD_SIZE``:
torchrun's manual).
The first one alone writes to the store and tells how far the stage is.
"""

import os


def process_count() -> int:
    """Return how many processes work together; 1 where nothing says otherwise."""
    return _number("WORLD_SIZE", 1)


def process_count_here() -> int:
    """Return how many of them are on this machine, and share its processors."""
    return _number("LOCAL_WORLD_SIZE", 1)


def is_first_process() -> bool:
    """Tell whether this process is the only one, or the one that writes for all of them."""
    return process_count() == 1 or _number("RANK", 0) == 0


def _number(name: str, default: int) -> int:
    given = os.environ.get(name, "")
    return int(given) if given.isdecimal() else default
