"""What a stranger's file holds takes a time that grows with its length and no faster."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gabarito.core.records import Document
from gabarito.ingest.formats import markdown
from gabarito.ingest.formats.pdf_layout import join_pages
from gabarito.ingest.near_duplicates import NearDuplicates
from gabarito.ingest.page import Hints

LENGTH = 100_000
MAX_S = 4.0
"""None took a third of it on a slow machine, and each a minute or more while it was quadratic."""


def compared(text: str) -> None:
    fields = {"source": "a.md", "url": "", "title": "A", "language": "pt"}
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    NearDuplicates(0.8).add(Document.of(text=text, fetched_at=moment, **fields))


@pytest.mark.parametrize(
    ("work", "piece"),
    [
        (compared, "!? "),
        (lambda text: markdown.read(text.encode(), Hints()), "[^"),
        (lambda text: join_pages([text.splitlines()]), "a\n"),
        (lambda text: join_pages([text.splitlines()]), "a-\n"),
        (lambda text: join_pages([[text, text]]), "a   "),
    ],
)
def test_no_text_takes_long(work: Callable[[str], object], piece: str) -> None:
    text, start = piece * (LENGTH // len(piece)), time.process_time()
    work(text)
    assert time.process_time() - start < MAX_S
