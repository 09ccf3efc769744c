"""Fill the device code of CUDA's libraries with zeros: without a GPU it never runs, zeros shrink.

python3 hollow.py FILE...    libraries for 64 bits; sections, names and sizes stay as they are
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ELF64 = struct.Struct("<4sB35xQ10xHHH")
"""Of the file's header: magic, class, where the sections' headers are, their size and number,
and which of them leads to the names."""

SECTION = struct.Struct("<I20xQQ")
"""Of a section's header: where in the names its name begins; offset and size of its content."""

DEVICE_CODE = (b".nv_fatbin", b"__nv_relfatbin")


def hollow(path: Path) -> None:
    """Fill a library's device code with zeros; one that has only zeros is not opened to write."""
    with path.open("rb") as file:
        found = list(device_code(file))
    if found:
        with path.open("r+b") as file:
            for offset, size in found:
                file.seek(offset)
                file.write(bytes(size))


def device_code(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield offset and size of each section with device code that is not all zeros."""
    magic, bits, table, width, number, names_at = ELF64.unpack(_read(file, 0, ELF64.size))
    if magic != b"\x7fELF" or bits != 2:
        sys.exit(f"hollow.py: {file.name} is no library for 64 bits")
    headers = [_read(file, table + each * width, SECTION.size) for each in range(number)]
    sections = [SECTION.unpack(header) for header in headers]
    names = _read(file, *sections[names_at][1:])
    for name, offset, size in sections:
        is_code = names[name:].split(b"\0", 1)[0] in DEVICE_CODE
        if is_code and _read(file, offset, size).count(0) < size:
            yield offset, size


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


for argument in sys.argv[1:]:
    hollow(Path(argument))
