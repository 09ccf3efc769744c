"""Huge input: what its reading takes, in the stage and in the process that reads.

usage: PYTHONPATH=jobs .venv/bin/python tests/bench/huge.py [--megabytes N] [--pages N]

Makes N megabytes of text in files of ten, each in words of its own, and a PDF of N pages of 300
words, in a temporary folder; each is read as a run does.
"""

import argparse
import logging
import random
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.outcomes import KEPT
from gabarito.ingest.read_sources import read_sources
from gabarito.ingest.sources import FilesSource

MEGABYTE = 1_000_000
FILE_MEGABYTES = 10
WORDS_A_PARAGRAPH = 60
LINES_A_PAGE = 30
WORDS_A_LINE = 10
STARTS = "bcdfglmnprstv"
ENDS = "aeiou"


def vocabulary(numbers: random.Random, size: int = 5000) -> list[str]:
    """Return words of one to four syllables."""
    syllables = [start + end for start in STARTS for end in ENDS]
    return ["".join(numbers.choices(syllables, k=numbers.randint(1, 4))) for _ in range(size)]


def write_texts(folder: Path, megabytes: int) -> None:
    """Write files of text that have no words in common but by chance."""
    for number in range(max(1, megabytes // FILE_MEGABYTES)):
        numbers = random.Random(number)
        words, left = vocabulary(numbers), FILE_MEGABYTES * MEGABYTE
        with (folder / f"text{number:04}.txt").open("w") as file:
            while left > 0:
                left -= file.write(" ".join(numbers.choices(words, k=WORDS_A_PARAGRAPH)) + ".\n\n")


def write_pdf(path: Path, pages: int) -> None:
    """Write a PDF by hand: one font, a stream of lines for each page."""
    numbers = random.Random(0)
    words = vocabulary(numbers)
    starts = [0, 0, 0, 0]
    with path.open("wb") as file:

        def add(number: int, body: str) -> None:
            starts[number:] = [file.tell()]
            file.write(f"{number} 0 obj {body} endobj\n".encode())

        file.write(b"%PDF-1.4\n")
        kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
        add(1, "<</Type/Catalog/Pages 2 0 R>>")
        add(2, f"<</Type/Pages/Count {pages}/Kids[{kids}]>>")
        add(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
        for page in range(pages):
            lines = (" ".join(numbers.choices(words, k=WORDS_A_LINE)) for _ in range(LINES_A_PAGE))
            shown = " ".join(f"({line}) Tj T*" for line in lines)
            stream = f"BT /F 10 Tf 14 TL 60 780 Td {shown} ET"
            facts = f"/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * page} 0 R"
            add(4 + 2 * page, f"<</Type/Page{facts}/Resources<</Font<</F 3 0 R>>>>>>")
            add(5 + 2 * page, f"<</Length {len(stream)}>> stream\n{stream}\nendstream")
        table = "".join(f"{start:010} 00000 n \n" for start in starts[1:])
        end = file.tell()
        file.write(f"xref\n0 {len(starts)}\n0000000000 65535 f \n{table}".encode())
        file.write(f"trailer <</Size {len(starts)}/Root 1 0 R>>\nstartxref\n{end}\n".encode())
        file.write(b"%%EOF\n")


def watched(files: list[SourceFile], peaks: list[int]) -> Iterator[SourceFile]:
    """Yield files, and note the most memory that this process has held by each."""
    for file in files:
        yield file
        status = Path("/proc/self/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        peaks.append(int(found[1]) // 1024 if found else 0)


def read(what: str, folder: Path) -> None:
    """Read what lies in a folder, and print what it took."""
    source = FilesSource(type="files", path=str(folder))
    files, peaks, began = find_files((source,)), list[int](), time.process_time()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as spool:
        config = IngestConfig(sources=(source,))
        results = read_sources(watched(files, peaks), config, Path(spool))
        fates = [result.rejection or KEPT for result in results]
    own, after = time.process_time() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    reading = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.size for file in files) / MEGABYTE
    print(  # noqa: T201
        f"{what}: {size:.0f} MB, {fates.count(KEPT)} of {len(files)} kept; "
        f"stage {own:.0f} CPU-s, {peaks[len(peaks) // 2]} MiB half-way, {peaks[-1]} at the end; "
        f"reading {reading:.0f} CPU-s, {after.ru_maxrss // 1024} MiB"
    )
    for fate in fates:
        if fate != KEPT:
            print(f"  {fate}")  # noqa: T201


def main() -> None:
    """Make the files and read them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=5000)
    asked = parser.parse_args()
    logging.getLogger("gabarito").setLevel(logging.ERROR)  # invented words are flagged
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder, "pdf")
        book.mkdir()
        write_pdf(book / "book.pdf", asked.pages)
        read(f"a PDF of {asked.pages} pages", book)
        texts = Path(folder, "texts")
        texts.mkdir()
        write_texts(texts, asked.megabytes)
        read("text", texts)


if __name__ == "__main__":
    main()
