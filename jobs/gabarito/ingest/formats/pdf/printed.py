"""Pages as they are printed, to the blocks of a document."""

from collections.abc import Sequence

from gabarito.ingest.blocks import Block, LeftOut
from gabarito.ingest.formats.pdf.layout import lines_and_tables
from gabarito.ingest.formats.pdf.paragraphs import blocks_of
from gabarito.ingest.formats.pdf.rows import Row
from gabarito.ingest.formats.pdf.running_titles import without_running_rows


def printed_blocks(pages: Sequence[Sequence[Row]]) -> tuple[list[Block], list[LeftOut]]:
    """Return the blocks of pages, and the account of their running titles, which are left out."""
    kept, running = without_running_rows(pages)
    stream = (item for at, rows in enumerate(kept) for item in lines_and_tables(rows, at))
    return blocks_of(stream), running
