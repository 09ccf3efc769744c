"""Many documents, some of them versions of others: the time and memory to tell which stay.

usage: PYTHONPATH=jobs .venv/bin/python tests/bench/versions.py [--documents N] [--kind mixed|forms]
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from gabarito.ingest.versions.origin import Origin
from gabarito.ingest.versions.resolve import Versions

WORDS = 300
VOCABULARY = 30_000
MEBIBYTE = 2**20

Maker = Callable[[random.Random, int], tuple[str, str]]


class Mixed:
    """Texts of their own; of 20 one is a new version of an earlier one, one the same in lines."""

    def __init__(self) -> None:
        names = [f"word{number:x}" for number in range(VOCABULARY)]
        self._names, self._weights = names, list(accumulate(1 / (n + 9) for n in range(VOCABULARY)))
        self._last = ""

    def __call__(self, numbers: random.Random, number: int) -> tuple[str, str]:
        """Return the name and the text of one document."""
        if number % 20 == 18:
            return f"page{number - 1}-2025", self._last.replace(" 7 ", " 8 ", 1)
        if number % 20 == 19:
            return f"lines{number}", "\n".join(self._last.split(". "))
        words = numbers.choices(self._names, cum_weights=self._weights, k=WORDS)
        words[WORDS // 2] = "7"
        parts = (" ".join(words[at : at + 12]) for at in range(0, WORDS, 12))
        self._last = ". ".join(parts)
        return f"page{number}-2024", self._last


def form(numbers: random.Random, number: int) -> tuple[str, str]:
    """Return one of many forms in the same words: the worst case for those who compare pairs."""
    fixed = " ".join(f"word{at}" for at in range(WORDS - 4))
    name = f"N{numbers.randrange(10**9)}"
    return f"{number:x}-form", f"# Form of {name}\n\nThis is about {name}, and says 5: {fixed}"


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def spool(documents: int, make: Maker, versions: Versions, file: BinaryIO) -> list[int]:
    """Write all texts to a file and make them known; return where each begins."""
    numbers, places = random.Random(1), list[int]()
    for number in range(documents):
        name, text = make(numbers, number)
        places.append(file.tell())
        file.write(json.dumps(text).encode() + b"\n")
        versions.add(Origin(name), text)
    return places


def main() -> None:
    """Measure, and print it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=100_000)
    options.add_argument("--kind", choices=("mixed", "forms"), default="mixed")
    given = options.parse_args()
    before, start = peak_bytes(), time.perf_counter()
    versions = Versions(0.8, "newest")
    with tempfile.TemporaryFile() as file:
        make = Mixed() if given.kind == "mixed" else form
        places = spool(given.documents, make, versions, file)
        added, read = time.perf_counter(), Counter[str]()

        def text_of(number: int) -> str:
            read["texts"] += 1
            file.seek(places[number])
            return str(json.loads(file.readline()))

        verdicts = versions.decide(text_of)
    end = time.perf_counter()
    fates = Counter(verdict.reason.value for verdict in verdicts.values())
    print(f"{given.documents} documents of {WORDS} words: {dict(fates)}")  # noqa: T201
    print(  # noqa: T201
        f"written and sketched in {added - start:.1f} s, decided in {end - added:.1f} s; "
        f"{read['texts']} texts read again; {(peak_bytes() - before) / MEBIBYTE:.0f} MiB"
    )


if __name__ == "__main__":
    main()
