"""Documents on the disk until it is known which of them stay."""

import tempfile
from array import array
from contextlib import suppress
from pathlib import Path

from gabarito.core.records import Document
from gabarito.store.disk import disk_errors


class Spool:
    """A file without a name, which is gone with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        with disk_errors(self._folder):
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed at exit
        self._starts = array("Q")

    def close(self) -> None:
        """Give the file back to the disk."""
        with suppress(OSError):  # of a full disk: what was not written was told, or is not needed
            self._file.close()

    def add(self, document: Document) -> None:
        """Write one more document; the first has the number 0."""
        with disk_errors(self._folder):
            self._starts.append(self._file.tell())
            self._file.write(document.model_dump_json().encode() + b"\n")

    def read(self, number: int) -> Document:
        """Return a document by its number; after the first was read none may be added."""
        with disk_errors(self._folder):
            self._file.seek(self._starts[number])
            return Document.model_validate_json(self._file.readline())

    def text_of(self, number: int) -> str:
        """Return the text of a document."""
        return self.read(number).text
