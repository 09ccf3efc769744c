"""The processes that train together: this one alone, or those that torchrun started."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from gabarito.core.errors import Interrupted
from gabarito.core.rank import process_count

T = TypeVar("T")

PATIENCE = timedelta(days=1)
"""How long one waits for another, which may fetch the base, or answer more than its share.

Of a process that ended torchrun stops the others; NCCL alone would give up after ten minutes.
"""

CONNECTION_LOST = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")
"""What gloo's errors say of a process that ended; they are a plain ``RuntimeError``."""


class Processes:
    """What processes share and tell each other; every method is called by all of them."""

    def __init__(self, device: torch.device) -> None:
        """Meet the others; ``device`` is where this process computes."""
        alone = process_count() == 1
        options = {} if alone else {"timeout": PATIENCE}
        self._state = PartialState(cpu=device.type == "cpu", **options)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._state.num_processes)

    @property
    def index(self) -> int:
        """Which one this is, from 0."""
        return int(self._state.process_index)

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes to the store."""
        return self.index == 0

    @contextmanager
    def first_one_first(self) -> Iterator[None]:
        """Within the block is first the first process, and then the others."""
        with self._state.main_process_first():
            yield

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Return this process's part of what all of them have."""
        return items[self.index :: self.count]

    def gathered(self, items: Sequence[T]) -> list[T]:
        """Return the items of all processes, those of the first one first."""
        if self.count == 1:
            return list(items)
        return list(gather_object(list(items)))

    def of_first(self, make: Callable[[], T]) -> T:
        """Return what the first process makes; the others wait for it."""
        made = [make() if self.is_first else None]
        if self.count > 1:
            broadcast_object_list(made)
        found: T = made[0]  # type: ignore[assignment]  # the first process's
        return found

    @contextmanager
    def loss_told(self) -> Iterator[None]:
        """Within the block the end of another process is no fault of this one.

        Raises:
            Interrupted: if another process ended while this one waited for it.
        """
        try:
            yield
        except RuntimeError as error:
            said = str(error)
            is_lost = isinstance(error, torch.distributed.DistBackendError) or any(
                lost in said for lost in CONNECTION_LOST
            )
            if self.count == 1 or not is_lost:
                raise
            raise Interrupted(
                "train: another process of this training ended, its own log says why; start again "
                "to continue from the last checkpoint"
            ) from error

    def leave(self) -> None:
        """Say good-bye: what follows is this process's own."""
        self._state.destroy_process_group()
