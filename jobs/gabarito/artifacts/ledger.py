"""The ledger: the fate of everything that was dropped, one reason each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from gabarito.core.records import Rejection
from gabarito.store.disk import disk_errors

T = TypeVar("T")


class Ledger:
    """Writes rejections to a file of JSON lines and counts them by reason."""

    def __init__(self, path: Path) -> None:
        self.counts: Counter[str] = Counter()
        with disk_errors(str(path)):
            self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, rejection: Rejection) -> None:
        """Record what was dropped, and why."""
        self.counts[rejection.reason] += 1
        self.note(rejection)

    def note(self, rejection: Rejection) -> None:
        """Record a line that is about nothing that was dropped: it is not counted."""
        with disk_errors(self._file.name):
            self._file.write(rejection.model_dump_json() + "\n")

    def keep(self, found: Iterable[T | Rejection]) -> Iterator[T]:
        """Yield what was not rejected, and record what was."""
        for one in found:
            if isinstance(one, Rejection):
                self.add(one)
            else:
                yield one

    def close(self) -> None:
        """Finish the file."""
        with disk_errors(self._file.name):
            self._file.close()
