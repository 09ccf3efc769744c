"""Which of the words that another program reads of office files are read here.

usage: PYTHONPATH=jobs .venv/bin/python -m tests.bench.converters FOLDER --by pandoc|soffice
       [--worst 10]

All docx, odt and epub files below FOLDER are converted by pandoc, or by LibreOffice all docx, odt,
pptx, xlsx and xls files: presentations and sheets to OpenDocument, whose paragraphs are taken.
What the program cannot read is not compared. Words of either that the other lacks are a share of
its words in all files; those missing here are printed for the worst files.
"""

import argparse
import subprocess
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lxml import etree
from tests.bench.reading import words_of

from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.reading.reader import Reader, read_all
from gabarito.ingest.sources import FilesSource

CONVERTED_S = 120
MOST_SHOWN = 12
BY_PANDOC = (".docx", ".odt", ".epub")
BY_SOFFICE = {
    **dict.fromkeys((".docx", ".odt"), "txt:Text (encoded):UTF8"),
    ".pptx": "odp",
    **dict.fromkeys((".xlsx", ".xls"), "ods"),
}
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def by_pandoc(path: Path) -> str | None:
    """Return what pandoc reads of a file."""
    if path.suffix not in BY_PANDOC:
        return None
    command = ["pandoc", "--to", "plain", "--wrap", "none", str(path)]
    done = _run(command)
    return None if done is None or done.returncode else done.stdout.decode("utf-8", "replace")


def by_soffice(path: Path) -> str | None:
    """Return what LibreOffice reads of a file."""
    form = BY_SOFFICE.get(path.suffix)
    if form is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        command = ["soffice", "--headless", "--convert-to", form, "--outdir", folder, str(path)]
        _run(command)
        made = next(Path(folder).iterdir(), None)
        if made is None:
            return None
        return made.read_text("utf-8", "replace") if made.suffix == ".txt" else _paragraphs(made)


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=CONVERTED_S)
    except subprocess.TimeoutExpired:
        return None


def _paragraphs(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        tree = etree.fromstring(archive.read("content.xml"), etree.XMLParser(huge_tree=True))
    nodes = tree.iter(f"{TEXT}p", f"{TEXT}h")
    return "\n".join(" ".join(node.itertext()) for node in nodes)


def read_here(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that is read here, and what is read of it."""
    source = FilesSource(type="files", path=str(folder))
    with closing(Reader(IngestConfig(sources=(source,), min_chars=1))) as reader:
        files = find_files((source,))
        for file, result in zip(files, read_all(files, reader), strict=True):
            if document := result.document:
                yield folder / file.below, f"{document.title}\n{document.text}"


def main() -> None:
    """Compare all files, and print the shares by ending, then the worst files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by", choices=["pandoc", "soffice"], required=True)
    parser.add_argument("--worst", type=int, default=0)
    given = parser.parse_args()
    convert = by_pandoc if given.by == "pandoc" else by_soffice
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    worst = []
    for path, text in read_here(given.folder):
        converted = convert(path)
        if converted is None:
            continue
        theirs, ours = Counter(words_of(converted)), Counter(words_of(text))
        missing, added = theirs - ours, ours - theirs
        totals[path.suffix] += Counter(
            files=1, theirs=theirs.total(), ours=ours.total(),
            missing=missing.total(), added=added.total(),
        )  # fmt: skip
        worst.append((missing.total() / max(theirs.total(), 1), path.name, missing))
    for ending, sums in sorted(totals.items()):
        recall = 1 - sums["missing"] / max(sums["theirs"], 1)
        only_here = sums["added"] / max(sums["ours"], 1)
        print(  # noqa: T201
            f"{ending:6} {sums['files']} files, {sums['theirs']} words: {recall:.4f} are read "
            f"here; {only_here:.4f} of ours are not {given.by}'s"
        )
    for share, name, missing in sorted(worst, key=lambda one: -one[0])[: given.worst]:
        words = " ".join(word for word, _ in missing.most_common(MOST_SHOWN))
        print(f"  {share:.3f} {name}: {words}")  # noqa: T201


if __name__ == "__main__":
    main()
