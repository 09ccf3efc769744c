"""What ingest writes is read as the blocks that it was."""

import pytest

from gabarito.core.markdown_blocks import blocks_of
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import Block, Code, Heading, Item, Paragraph, PictureText, Table

ROWS = (("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    ("block", "kinds"),
    [
        (Heading(2, "C#"), ["heading"]),
        (Paragraph("One\n  ```\n# two\n | three"), ["text"]),
        (Item("One\n```\n# two\n| three", 1, "-"), ["text"]),
        (PictureText("# 5 of them\n| three\n```"), ["text"]),
        (Code("```\n# one\n```\n\n  ````\n| two"), ["code"]),
        (Code("# one", "a`b"), ["code"]),
        (Table(ROWS, "# 1 of two\n| three"), ["text", "table"]),
    ],
)
def test_what_looks_like_another_block_stays_its_own(block: Block, kinds: list[str]) -> None:
    text = render([block, Paragraph("Behind.")])
    assert [found.kind for found in blocks_of(text)] == [*kinds, "text"]
