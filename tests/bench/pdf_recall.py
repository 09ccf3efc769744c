"""How much of PDFs is read: their words against those that poppler's pdftotext finds in them.

usage: PYTHONPATH=jobs .venv/bin/python tests/bench/pdf_recall.py FOLDER

Prints a line for each PDF below FOLDER, the one with most words lost last, then all of them as
one. Recall is the share of pdftotext's words that are read; of the others, those are told that the
file's account names as running titles or as hidden. Fused is the share of pdftotext's words that
stand together with a neighbour, split that of those which stand in parts. A word that goes on in
the next line is compared as it is read, with its hyphen or without.
"""

import argparse
import logging
import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

from gabarito.core.account_records import Account
from gabarito.ingest.blocks import Omission
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.outcomes import FileResult
from gabarito.ingest.reading.reader import Reader, read_all
from gabarito.ingest.sources import FilesSource

LONGEST_JOIN = 3
TIMEOUT_S = 300
TOLD = (Omission.REPEATED, Omission.HIDDEN)

_ALONE = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
"""Letters of scripts that put no spaces between words; each of them is compared alone."""
_WORD = re.compile(rf"{_ALONE}|(?:(?!{_ALONE})\w)+")
_DOTLESS = re.compile("\u0131(?=[\u0300-\u036f])")
"""So TeX puts an accent over an i."""
_ACCENT = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f]")
"""Signs over letters with which they make no letter of their own."""
_INDEX = re.compile(r"[_^]\(?(\w*)\)?")
"""An index or an exponent, which pdftotext writes as if it stood on the line."""
_HYPHENATED = re.compile(r"(\w+)[-\u2010]\s*\n\s*(\w+)")


@dataclass(frozen=True)
class WordCounts:
    """How many words a file has, and what became of them."""

    wanted: int = 0
    read: int = 0
    told: int = 0
    fused: int = 0
    split: int = 0

    def __add__(self, other: "WordCounts") -> "WordCounts":
        return WordCounts(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def said(self) -> str:
        """The counts as shares of the words wanted."""
        shares = [count / max(self.wanted, 1) for count in astuple(self)[1:]]
        return "{:9}{:9.4f}{:8.2%}{:8.2%}{:8.2%}".format(self.wanted, *shares)


def words_in(text: str) -> list[str]:
    """Return the words of a text, whatever their case and forms are."""
    plain = unicodedata.normalize("NFKC", _DOTLESS.sub("i", text).replace("\u00ad", ""))
    return _WORD.findall(_ACCENT.sub("", _INDEX.sub(r"\1", plain)).casefold())


def words_wanted(text: str, known: set[str]) -> list[str]:
    """Return the words of lines; one that goes on in the next is whole if it is so known."""

    def one_or_two(found: re.Match[str]) -> str:
        whole = found[1] + found[2]
        return whole if words_in(whole)[0] in known else f"{found[1]} {found[2]}"

    return words_in(_HYPHENATED.sub(one_or_two, text))


def joined_in(words: Sequence[str], known: set[str]) -> set[str]:
    """Return what neighbours among words make together, if it is none that is known."""
    return {
        whole
        for size in range(2, LONGEST_JOIN + 1)
        for at in range(len(words) - size + 1)
        if (whole := "".join(words[at : at + size])) not in known
    }


def compared(wanted: Sequence[str], found: Sequence[str], account: Account | None) -> WordCounts:
    """Count what became of the words wanted."""
    told = [one.count for one in account.left_out if one.why in TOLD] if account else []
    together, apart = joined_in(wanted, set(wanted)), joined_in(found, set(found))
    return WordCounts(
        wanted=len(wanted),
        read=(Counter(wanted) & Counter(found)).total(),
        told=sum(told),
        fused=2 * sum(word in together and not word.isdigit() for word in found),
        split=sum(word in apart and not word.isdigit() for word in wanted),
    )


def counts_of(path: Path, result: FileResult) -> WordCounts:
    """Return what became of the words of a file."""
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    document = result.document
    found = words_in(f"{document.title}\n{document.text}" if document else "")
    wanted = words_wanted(done.stdout.decode("utf-8", "replace"), set(found))
    return compared(wanted, found, result.account)


def main() -> None:
    """Read all PDFs, and print what became of their words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    logging.getLogger("gabarito").setLevel(logging.ERROR)
    source = FilesSource(type="files", path=str(folder))
    files = [file for file in find_files((source,)) if file.suffix == ".pdf"]
    config = IngestConfig(sources=(source,), min_chars=1, implausible="flag")
    with closing(Reader(config)) as reader:
        found = [
            (counts_of(folder / file.below, result), f"{file.below}: {result.outcome.outcome}")
            for file, result in zip(files, read_all(files, reader), strict=True)
        ]
    print(f"{'words':>9}{'recall':>9}{'told':>8}{'fused':>8}{'split':>8}  file")  # noqa: T201
    for counts, name in sorted(found, key=lambda one: one[0].wanted - one[0].read):
        print(f"{counts.said}  {name}")  # noqa: T201
    print(f"{sum((one for one, _ in found), WordCounts()).said}  {len(found)} files")  # noqa: T201


if __name__ == "__main__":
    main()
