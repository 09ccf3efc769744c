"""Tables of pairs: the bytes of a csv, tsv or jsonl file to rows, each with its number."""

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from typing import Any, Self

from gabarito.core.errors import DataError
from gabarito.core.reasons import PairReason
from gabarito.ingest.formats.sheets.value_tables import DELIMITERS, allow_cells_of, delimiter_of

END = "\ufdd0 end of the table"
"""A last line: if it is not read as a row of its own, a quotation mark before it is open."""

_DECLARED = re.compile(r"sep=(.)\r?\n")
"""A first line by which spreadsheets are told what parts the values."""


@dataclass(frozen=True)
class TableRow:
    """The cells of one row by column, or why it cannot be read.

    ``number`` counts as a spreadsheet does: the header is row 1; lines of JSON count from 1.
    """

    number: int
    cells: Mapping[str, str]
    flaw: tuple[PairReason, str] | None = None
    nested: frozenset[str] = frozenset()
    """Columns that hold a list or an object in this row: no text is meant."""

    @classmethod
    def of_values(cls, number: int, values: Mapping[str, object]) -> Self:
        """Make a row of values of JSON, or of typed columns."""
        nested = (name for name, value in values.items() if isinstance(value, list | dict))
        cells = {str(name): _text_of(value) for name, value in values.items()}
        return cls(number, cells, nested=frozenset(nested))


NO_TABLE = TableRow(0, {}, (PairReason.NO_TABLE, "a format in which pairs are not read"))
"""What stands for a file that lies among tables and is none: it has no rows to count."""


@dataclass(frozen=True)
class PairTable:
    """A table: its columns, and its rows."""

    columns: tuple[str, ...]
    rows: Iterable[TableRow]


def read_csv(text: str, name: str, wanted: Collection[str]) -> PairTable:
    """Return the table that a text of values is; ``wanted`` columns tell what parts the values.

    Raises:
        DataError: if a quotation mark is never closed; names the row.
    """
    allow_cells_of(len(text) + len(END) + 1)
    text = text.removeprefix("\ufeff")
    declared = _DECLARED.match(text)
    text = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(text, wanted)
    rows = [(at, row) for at, row in _rows(text, name, delimiter) if any(map(str.strip, row))]
    if not rows:
        return PairTable((), ())
    _, header = rows[0]
    columns = tuple(map(str.strip, header))
    return PairTable(columns, (_with_names(columns, at, row) for at, row in rows[1:]))


def read_json_lines(text: str) -> PairTable:
    """Return the table that lines of JSON objects, or a list of them, are."""
    rows = [*_json_rows(text)]
    columns = dict.fromkeys(chain.from_iterable(row.cells for row in rows))
    return PairTable(tuple(columns), rows)


def _text_of(value: object) -> str:
    """Return a value of JSON, or of a typed column, as the text of a cell."""
    if value is None or value != value:  # a gap in a column of numbers is not equal to itself
        return ""
    if isinstance(value, float) and value.is_integer():  # a whole number beside such gaps
        return str(int(value))
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _delimiter(text: str, wanted: Collection[str]) -> str:
    """Return the sign between which the header has the wanted columns, or the likeliest one."""
    beginning = text.lstrip()
    for delimiter in DELIMITERS:
        header = next(csv.reader(StringIO(beginning, newline=""), delimiter=delimiter), [])
        if set(wanted) <= set(map(str.strip, header)):
            return delimiter
    return delimiter_of(text)


def _rows(text: str, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its number, those that are empty too."""
    lines = StringIO(f"{text}\n{END}", newline="")
    row: list[str] = []
    number = 0
    for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1):
        if END in row[-1:] and len(row) == 1:
            return
        if not any(END in cell for cell in row):
            yield number, row
    shown = " ".join(row).removesuffix(END).strip()
    raise DataError(
        f"{name}: row {number}: a quotation mark is never closed in {shown!r:.80}; close "
        "it, or double it if it is a part of the text"
    )


def _with_names(columns: tuple[str, ...], number: int, row: list[str]) -> TableRow:
    beyond = [cell for cell in row[len(columns) :] if cell.strip()]
    if beyond:
        detail = f"{len(columns) + len(beyond)} cells, the header has {len(columns)}"
        return TableRow(number, {}, (PairReason.OTHER_CELLS, detail))
    return TableRow(number, dict(zip(columns, row, strict=False)))


def _json_rows(text: str) -> Iterator[TableRow]:
    values = _listed(text)
    if values is not None:
        for number, value in enumerate(values, 1):
            yield _json_row(number, value)
        return
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                at = f" from character {error.colno} on" if hasattr(error, "colno") else ""
                yield TableRow(number, {}, (PairReason.UNREADABLE_ROW, f"not JSON{at}"))
            else:
                yield _json_row(number, value)


def _listed(text: str) -> list[Any] | None:
    """Return the values of a text that is one list, or None."""
    if not text.removeprefix("\ufeff").lstrip().startswith("["):
        return None
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _json_row(number: int, value: object) -> TableRow:
    if not isinstance(value, dict):
        detail = f"not an object but {_text_of(value):.40}"
        return TableRow(number, {}, (PairReason.UNREADABLE_ROW, detail))
    return TableRow.of_values(number, value)
