"""The ledger: the fate of everything that was dropped, one reason each."""

from collections import Counter
from pathlib import Path

from gabarito.core.records import Rejection
from gabarito.store.disk import disk_errors


class Ledger:
    """Writes rejections to a file of JSON lines and counts them by reason."""

    def __init__(self, stage: str, path: Path) -> None:
        self.stage = stage
        self.counts: Counter[str] = Counter()
        with disk_errors(str(path)):
            self._file = path.open("w", encoding="utf-8", newline="\n")

    def reject(self, item: str, reason: str, detail: str = "", raw: str = "") -> None:
        """Record that ``item`` was dropped; ``reason`` is one of few constant phrases."""
        rejection = Rejection(stage=self.stage, item=item, reason=reason, detail=detail, raw=raw)
        self.add(rejection)

    def add(self, rejection: Rejection) -> None:
        """Record a rejection that was made elsewhere."""
        self.counts[rejection.reason] += 1
        with disk_errors(self._file.name):
            self._file.write(rejection.model_dump_json() + "\n")

    def close(self) -> None:
        """Finish the file."""
        with disk_errors(self._file.name):
            self._file.close()
