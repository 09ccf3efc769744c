"""What a stranger's file holds takes a time that grows with its length and no faster."""

from collections.abc import Callable

import pytest
from tests.growth import grows_in_proportion

from gabarito.core.forms import comparable, normalise_forms
from gabarito.ingest.formats.pdf.layout import lines_and_tables
from gabarito.ingest.formats.pdf.letters.pdf_fonts import Font
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.formats.pdf.paragraphs import blocks_of
from gabarito.ingest.formats.pdf.rows import Piece, rows_of
from gabarito.ingest.formats.text import mail, markdown, plain
from gabarito.ingest.formats.web import html
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.plausible import implausible
from gabarito.ingest.versions.origin import Origin
from gabarito.ingest.versions.resolve import Versions

LENGTH = 100_000
"""Letters; each took a minute or more while it was quadratic, and none takes two seconds."""


def compared(text: str) -> None:
    versions = Versions(0.8, "newest")
    texts = text, f"{text}b"
    for one in texts:
        versions.add(Origin("a.md"), one)
    versions.decide(texts.__getitem__)


def in_rows(text: str) -> None:
    rows = [(Piece(line, 0, 50, -12.0 * n, 10),) for n, line in enumerate(text.splitlines())]
    blocks_of(lines_and_tables(rows, 0))


def in_one_row(text: str) -> None:
    font = Font("a", 0)
    words = [
        Word(word, 30.0 * n, 30.0 * n + 5, 0, 10, font, 0, True)
        for n, word in enumerate(text.split())
    ]
    blocks_of(lines_and_tables(rows_of(words), 0))


@pytest.mark.parametrize(
    ("work", "piece"),
    [
        (compared, "!? "),
        (lambda text: implausible(text, "pt"), "a/"),
        (lambda text: implausible(text, "pt"), "`"),
        (lambda text: implausible(text, "pt"), "```\n"),
        (lambda text: implausible(text, "pt"), "(cid:"),
        (compared, "a "),
        (compared, "a-\n"),
        (compared, "A: b\n"),
        (compared, "v1. "),
        (compared, "stand 1.1.2020 "),
        (compared, "^(1"),
        (lambda text: markdown.read(text.encode(), Hints()), "[^"),
        (lambda text: markdown.read(text.encode(), Hints()), "["),
        (lambda text: markdown.read(text.encode(), Hints()), "![ab "),
        (lambda text: markdown.read(text.encode() + b"]" * 50_000, Hints()), "["),
        (lambda text: markdown.read(text.encode(), Hints()), "\\("),
        (lambda text: markdown.read(text.encode(), Hints()), "$$ $a "),
        (lambda text: markdown.read(text.encode(), Hints()), "[^a]: b\n"),
        (lambda text: markdown.read(text.encode(), Hints()), "!!! a\n    "),
        (lambda text: markdown.read(text.encode(), Hints()), ">"),
        (lambda text: plain.read(text.encode(), Hints()), "a-\n"),
        (lambda text: plain.read(text.encode("cp1252"), Hints()), "é a "),
        (lambda text: mail.read(b"From: a\n\n" + text.encode(), Hints()), "> a\n"),
        (lambda text: mail.read(b"Subject: " + 14 * text.encode(), Hints()), "=?utf-8?q?a?= "),
        (normalise_forms, "\U0001f3f4"),
        (comparable, "*_a\\"),
        (in_rows, "a\n"),
        (in_rows, "a-\n"),
        (in_one_row, "a   "),
    ],
)
def test_no_text_takes_long(work: Callable[[str], object], piece: str) -> None:
    assert grows_in_proportion(work, lambda n: piece * n, LENGTH // len(piece))


def test_a_web_archive_that_is_nested_without_end_is_refused() -> None:
    inner = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000)
    )
    with pytest.raises(Dropped, match="nested too deep"):
        html.read(f"MIME-Version: 1.0\n{inner}".encode(), Hints())
