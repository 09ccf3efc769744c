"""A listing as a table, as csv, as lines of JSON, or as one page of HTML."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from string import Template

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gabarito.core.text import in_number, printable
from gabarito.pipeline.show.listed_rows import Listing, Row, shown

MAX_CELL_CHARS = 300
"""Longest cell of a table for people; the forms for data have all of it."""

_ROWS = "<!-- rows -->"
_COUNTED = {"ledger": "items in the ledger", "coverage": "documents"}
"""What is counted where the word that is asked for is not its name."""


def as_table(listing: Listing, most: int, width: int) -> Iterator[str]:
    """Yield the first rows as a table of ``width`` characters, and how many rows there are."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in listing.columns:
        table.add_column(_heading(name), overflow="fold")
    for row in listing.rows[: most or None]:
        table.add_row(*(Text(_cell(row, name)) for name in listing.columns))
    if listing.rows:
        page = io.StringIO()
        Console(file=page, width=width).print(table)
        yield from (line.rstrip() for line in page.getvalue().splitlines())
    yield _count_line(listing, most)


def as_csv(listing: Listing) -> Iterator[str]:
    """Yield all cells as lines of csv, the names of the columns first."""
    names = list(listing.rows[0]) if listing.rows else list(listing.columns)
    yield _csv_line(names)
    for row in listing.rows:
        yield _csv_line([shown(row[name]) for name in names])


def as_jsonl(listing: Listing) -> Iterator[str]:
    """Yield each row as a line of JSON."""
    return (json.dumps(dict(row), ensure_ascii=False) for row in listing.rows)


def as_html(listing: Listing, title: str) -> Iterator[str]:
    """Yield the lines of one page that needs nothing from elsewhere; every text is escaped."""
    template = Template(files("gabarito.pipeline.show").joinpath("listing.html").read_text("utf-8"))
    names = [escape(_heading(name)) for name in listing.columns]
    page = template.substitute(
        title=escape(title),
        count=_count_line(listing, most=0),
        names="".join(f'<th scope="col">{name}</th>' for name in names),
        rows=_ROWS,
    )
    above, below = page.split(_ROWS)
    yield above.rstrip("\n")
    for row in listing.rows:
        cells = (
            f'<td data-label="{name}">{escape(shown(row[column]))}</td>'
            for name, column in zip(names, listing.columns, strict=True)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield below.strip("\n")


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _cell(row: Row, name: str) -> str:
    return printable(" ".join(shown(row[name]).split()), MAX_CELL_CHARS)


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _count_line(listing: Listing, most: int) -> str:
    count = len(listing.rows)
    what = _COUNTED.get(listing.what, listing.what)
    said = f"{count:,} {in_number(count, what)}"
    if count < listing.total:
        said = f"{count:,} of {listing.total:,} {what} match"
    left = count - most if most else 0
    return f"{said}; --limit 0 shows the other {left:,}" if left > 0 else said
