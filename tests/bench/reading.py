"""How well documents are read: their words against the words that a person would want of them.

usage: PYTHONPATH=jobs .venv/bin/python tests/bench/reading.py FOLDER

FOLDER holds ``files/NAME`` and ``wanted/NAME.txt`` for each file; a file without a wanted text
is read and not scored. Recall and precision are shares of words, order is that of the words in
common, fused are wanted words that stand together with a neighbour. Times are of the whole, with
the process that reads; all of it is one run.
"""

import argparse
import re
import resource
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import LCSseq

from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.reading.reader import Reader, read_all
from gabarito.ingest.sources import FilesSource

MEBIBYTE = 2**20
LONGEST_JOIN = 3


@dataclass(frozen=True)
class ReadingScore:
    """How one file was read; all in 0..1."""

    recall: float
    precision: float
    order: float
    fused: float


def words_of(text: str) -> list[str]:
    """Return the words of a text, whatever its lines, case and forms are."""
    plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()
    return re.findall(r"\w+", re.sub(r"(\w)[-‐]\n\s*(\w)", r"\1\2", plain))


def score(wanted: Sequence[str], found: Sequence[str]) -> ReadingScore:
    """Compare the words found with those wanted."""
    same = (Counter(wanted) & Counter(found)).total()
    known = set(wanted)
    joined = {
        "".join(wanted[at : at + size])
        for size in range(2, LONGEST_JOIN + 1)
        for at in range(len(wanted) - size + 1)
    }
    fused = sum(word in joined for word in found if word not in known and not word.isdigit())
    return ReadingScore(
        recall=same / max(len(wanted), 1),
        precision=same / max(len(found), 1),
        order=2 * LCSseq.similarity(wanted, found) / max(len(wanted) + len(found), 1),
        fused=2 * fused / max(len(wanted), 1),
    )


def main() -> None:
    """Read all files, and print the scores by ending, then the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    source = FilesSource(type="files", path=str(folder / "files"))
    files = find_files((source,))
    scores: dict[str, list[ReadingScore]] = defaultdict(list)
    size = sum(file.size for file in files)
    with closing(Reader(IngestConfig(sources=(source,), min_chars=1))) as reader:
        for result in read_all(files, reader):
            name = Path(result.outcome.source).name
            wanted = folder / "wanted" / f"{name}.txt"
            if wanted.exists():
                document = result.document
                found = words_of(f"{document.title}\n{document.text}") if document else []
                scores[Path(name).suffix].append(score(words_of(wanted.read_text()), found))
    print(f"{'':8}{'files':>6}{'recall':>8}{'precision':>10}{'order':>7}{'fused':>8}")  # noqa: T201
    for ending, all_of_it in sorted(scores.items()):
        means = [
            sum(getattr(one, name) for one in all_of_it) / len(all_of_it)
            for name in ("recall", "precision", "order", "fused")
        ]
        line = "{:8}{:6}{:8.3f}{:10.3f}{:7.3f}{:8.2%}".format(ending, len(all_of_it), *means)
        print(line)  # noqa: T201
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    peak = max(one.ru_maxrss for one in used) / 1024
    print(f"{len(files)} files, {size / MEBIBYTE:.1f} MiB: {seconds:.1f} CPU-s, {peak:.0f} MiB")  # noqa: T201


if __name__ == "__main__":
    main()
