"""The questions and answers of a run as a table, in the columns of the pairs that came in."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gabarito.core.pair_records import Pair
from gabarito.core.records import Document, Example, Fact
from gabarito.ingest.pairs.data_sets import datasets_library
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.pipeline.runs import Run
from gabarito.pipeline.show.made import Made
from gabarito.store.base import Store

FORMATS = ("csv", "jsonl", "parquet")
SPLITS = ("train", "validation", "test")
KINDS = ("question", "reverse")
"""Rows that ask for a fact; statements ask nothing, refusals and replay are about none.

What is asked in a conversation, too, stands in the table once: as it is asked alone."""

QUESTION, ANSWER = "question", "answer"

Row = Mapping[str, str]


def rows_of(store: Store, run: Run) -> list[Row]:
    """Return a row for each question about a fact, in the order of splits and facts.

    Raises:
        MissingError: if the dataset is not finished.
    """
    made = Made(store, run)
    dataset, read = made.finished("curate"), made.finished("ingest")
    sources = {one.id: one.source for one in read.records("documents.jsonl", Document)}
    groups = {one.row: one.group for one in read.records("pairs.jsonl", Pair)}
    facts = {one.id: one for one in dataset.records("facts.jsonl", Fact)}
    columns = _columns(run)
    return [
        _named(_cells(row, facts[row.fact], sources, groups), columns)
        for split in SPLITS
        for row in dataset.records(f"{split}.jsonl", Example)
        if row.kind in KINDS and not row.in_conversation
    ]


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows in the format that the file's ending names.

    Raises:
        SettingsError: if it is parquet, and the library for it is not installed.
    """
    if path.suffix == ".parquet":
        datasets_library(path.name).Dataset.from_list([*rows]).to_parquet(str(path))
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        else:
            table = csv.DictWriter(file, list(rows[0]) if rows else [], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


def _columns(run: Run) -> dict[str, str]:
    """Return the columns of people's own pairs by setting: those of the first source of them."""
    sources = (one for one in run.pipeline.ingest.sources if isinstance(one, PairsSource))
    first = next(sources, None)
    return first.columns if first else {QUESTION: QUESTION, ANSWER: ANSWER}


def _cells(
    row: Example, fact: Fact, sources: Mapping[str, str], groups: Mapping[str, str]
) -> dict[str, str]:
    """Return the cells of a row; a pair's id is that of its first question alone."""
    given = fact.given
    group = (given and groups.get(given.row)) or fact.id
    asked = next(message.content for message in row.messages if message.role == "user")
    return {
        QUESTION: asked,
        ANSWER: row.messages[-1].content,
        "id": given.pair if given and asked == fact.relation else "",
        "group": group if row.kind == "question" else f"{group}-{row.kind}",
        "source": given.source if given else sources.get(fact.document, ""),
        "fact": fact.id,
        "split": row.split,
        "kind": row.kind,
        "family": row.family,
    }


def _named(cells: Mapping[str, str], columns: Mapping[str, str]) -> Row:
    """Name cells as people named theirs; what they had no column for follows under our names."""
    row = {column: cells[setting] for setting, column in columns.items()}
    return row | dict(_others(cells, columns))


def _others(cells: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("fact", "source", "split", "kind", "family"):
        if name not in columns:
            yield (f"gabarito_{name}" if name in columns.values() else name), cells[name]
