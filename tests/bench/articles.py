"""How well web pages are read: against what the makers of public sets call their text.

usage: PYTHONPATH=jobs .venv/bin/python -m tests.bench.articles FOLDER [--selector XPATH]
       [--worst 10] [--trafilatura]

FOLDER is one of three: a copy of Mozilla's readability (``NAME/source.html`` with
``expected.html`` below it), of the article-extraction-benchmark (``ground-truth.json`` with
``html/ID.html.gz``), or pages of one generator of documentation, of which ``--selector`` names
the element that holds the text. Recall and precision are means of the pages' shares of words.
With ``--trafilatura``, which is to be installed, its defaults read the same pages.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import html
from tests.bench.reading import ReadingScore, score, words_of

from gabarito.ingest.block_text import render
from gabarito.ingest.formats.web.html import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints


@dataclass(frozen=True)
class Article:
    """A page, and the text that is wanted of it."""

    name: str
    page: bytes
    wanted: str


def articles_in(folder: Path, selector: str) -> Iterator[Article]:
    """Yield the pages of a set, whichever of the three it is."""
    truth = next(folder.rglob("ground-truth.json"), None)
    if selector:
        for path in sorted(folder.rglob("*.html")):
            page = path.read_bytes()
            found = html.fromstring(page).xpath(selector)
            if len(found) == 1:
                yield Article(str(path.relative_to(folder)), page, text_of(found[0]))
    elif truth:
        for name, about in json.loads(truth.read_text()).items():
            page = gzip.decompress((truth.parent / "html" / f"{name}.html.gz").read_bytes())
            yield Article(about["url"], page, about["articleBody"])
    else:
        for path in sorted(folder.rglob("expected.html")):
            page = path.with_name("source.html").read_bytes()
            tree = html.fromstring(path.read_text(encoding="utf-8"))  # it names no encoding
            yield Article(path.parent.name, page, text_of(tree))


def text_of(tree: html.HtmlElement) -> str:
    """Return the text of a tree, elements set apart; what is no text of it is left out."""
    for silent in list(tree.iter("script", "style", "template")):
        silent.drop_tree()
    return " ".join(tree.itertext())


def ours(page: bytes) -> str:
    """Return what is read of a page here."""
    try:
        found = read(page, Hints())
    except Dropped:
        return ""
    return f"{found.title}\n{render(found.blocks)}"


def trafilatura(page: bytes) -> str:
    """Return what trafilatura reads of it in its defaults."""
    from trafilatura import extract

    return extract(page) or ""


def measure(reader: Callable[[bytes], str], articles: list[Article], worst: int) -> None:
    """Print how well and how fast a reader reads, and the pages where it adds or loses most."""
    scores: list[tuple[ReadingScore, str]] = []
    reader(articles[0].page)  # what is loaded with the first page is not counted
    began = time.process_time()
    texts = [reader(one.page) for one in articles]
    seconds = time.process_time() - began
    for one, text in zip(articles, texts, strict=True):
        scores.append((score(words_of(one.wanted), words_of(text)), one.name))
    mean = {
        name: sum(getattr(one, name) for one, _ in scores) / len(scores)
        for name in ("recall", "precision")
    }
    print(  # noqa: T201
        f"{reader.__name__:12} {len(articles)} pages: recall {mean['recall']:.3f}, precision "
        f"{mean['precision']:.3f}, {len(articles) / seconds:.1f} pages a CPU-second"
    )
    for name in ("recall", "precision"):
        for found, page in sorted(scores, key=lambda pair: getattr(pair[0], name))[:worst]:
            print(f"  {name} {getattr(found, name):.3f} {page}")  # noqa: T201


def main() -> None:
    """Read all pages of a set, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--selector", default="")
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--trafilatura", action="store_true")
    given = parser.parse_args()
    articles = list(articles_in(given.folder, given.selector))
    if not articles:
        sys.exit(f"{given.folder}: no pages of a set in it, or nothing that the selector names")
    measure(ours, articles, given.worst)
    if given.trafilatura:
        measure(trafilatura, articles, given.worst)


if __name__ == "__main__":
    main()
