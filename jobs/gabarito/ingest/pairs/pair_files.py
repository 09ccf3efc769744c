"""The files of a source of pairs, on this machine or in a bucket, as tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from gabarito.artifacts.jsonl import read_object
from gabarito.core.errors import DataError
from gabarito.core.settings import BUCKET, local_path
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.pairs.data_sets import read_data_set
from gabarito.ingest.pairs.pair_tables import NO_TABLE, PairTable, read_csv, read_json_lines
from gabarito.ingest.pairs.pair_text import decode_table
from gabarito.ingest.pairs.pairs_source import DATA_SETS, LINES, VALUES, PairsSource
from gabarito.ingest.sources import FilesSource
from gabarito.store.base import is_key
from gabarito.store.open import open_bucket
from gabarito.store.scratch import temporary_folder

READABLE_PAIRS = (*VALUES[:2], LINES[0], DATA_SETS[0])
"""The endings of tables as people are told of them; each stands for those like it."""

REMARKS = (".md", "")
"""Endings of what is said about a folder of tables, such as its card and its licence."""


def tables_of(
    source: PairsSource, setting: str, config: IngestConfig
) -> Iterator[tuple[str, PairTable]]:
    """Yield each table of a source with its name; ``setting`` is the source's, for messages.

    Raises:
        MissingError: if there is nothing at the source's path.
        DataError: if it holds no table, or one that cannot be read or lacks a column.
    """
    for name, table in _tables(source, setting, config):
        _refuse_missing_columns(table, name, source, setting)
        yield name, table


def _tables(
    source: PairsSource, setting: str, config: IngestConfig
) -> Iterator[tuple[str, PairTable]]:
    if _is_object(source.path):
        name = PurePosixPath(source.path).name
        yield from _read(name, read_object(source.path), source, config)
        return
    files, others = _files(source, setting, config)
    for name in others:
        yield name, PairTable(tuple(source.columns.values()), [NO_TABLE])
    if any(file.suffix in DATA_SETS for file in files):
        yield from _data_set(source, setting, files)
        return
    for file in filter(lambda one: source.holds_rows(one.name), files):
        try:
            data = file.read()
        except Dropped as why:
            raise DataError(f"{setting}.path: {file.name}: {why.detail}; mend that") from why
        yield from _read(file.name, data, source, config)


def _files(
    source: PairsSource, setting: str, config: IngestConfig
) -> tuple[list[SourceFile], list[str]]:
    """Return the files that hold tables, and the names of others; all tables are read, or none.

    Raises:
        DataError: if there is none, or one that is too large or out of reach.
    """
    kinds = ", ".join(one.removeprefix(".") for one in READABLE_PAIRS)
    found = find_files([FilesSource(type="files", path=source.path)], f"{setting}.path", kinds)
    files = [file for file in found if source.is_wanted(file.below)]
    if not files:
        raise DataError(
            f"{setting}.path: {source.path!r} holds no table, but {found[0].name!r}; save the "
            f"pairs as {', '.join(READABLE_PAIRS)}"
        )
    for file in files:
        if file.flaw:
            raise DataError(f"{setting}.path: {file.name}: {file.flaw}; mend or remove it")
        if file.size > config.max_bytes:
            raise DataError(
                f"{setting}.path: {file.name}: {file.size:,} bytes, at most {config.max_bytes:,} "
                "wanted; raise ingest.max_bytes or split it"
            )
    others = [file for file in found if not (file.is_hidden or source.is_wanted(file.below))]
    return files, [file.name for file in others if file.suffix not in REMARKS]


def _is_object(path: str) -> bool:
    """Tell whether a path names one object of a bucket rather than what begins with it."""
    return path.startswith(BUCKET) and not any(True for _ in open_bucket(path).list(""))


def _read(
    name: str, data: bytes, source: PairsSource, config: IngestConfig
) -> Iterator[tuple[str, PairTable]]:
    if PurePosixPath(name).suffix.lower() in DATA_SETS:
        with temporary_folder("pairs") as folder:
            (folder / name).write_bytes(data)
            yield from read_data_set(folder / name, name, folder / "cache")
        return
    try:
        text = decode_table(data, Hints(source.encoding, config.known_languages))
    except Dropped as why:
        raise DataError(f"{name}: {why.detail}; save it as csv in UTF-8") from why
    is_json = PurePosixPath(name).suffix.lower() in LINES
    columns = source.columns.values()
    yield name, read_json_lines(text) if is_json else read_csv(text, name, columns)


def _data_set(
    source: PairsSource, setting: str, files: Sequence[SourceFile]
) -> Iterator[tuple[str, PairTable]]:
    """Yield the tables of a parquet file or a data set's folder; from a bucket it is fetched."""
    rows = [file for file in files if source.holds_rows(file.name)]
    other = next((file for file in rows if file.suffix not in DATA_SETS), None)
    if other:
        beside = next(file for file in rows if file.suffix in DATA_SETS)
        raise DataError(
            f"{setting}.path: {source.path!r} holds {beside.name!r} and {other.name!r}; name one "
            "of them, or a folder of files of one kind"
        )
    with temporary_folder("pairs") as folder:
        place = local_path(source.path)
        if source.path.startswith(BUCKET):
            place = folder / "set"
            for file in files:
                if not is_key(file.below):
                    raise DataError(f"{setting}.path: {file.name}: its key is no path; rename it")
                _write(place / file.below, file.read())
        yield from read_data_set(place, PurePosixPath(source.path).name, folder / "cache")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _refuse_missing_columns(table: PairTable, name: str, source: PairsSource, setting: str) -> None:
    if not table.columns:
        raise DataError(f"{setting}.path: {name} is empty; put the pairs there, or name another")
    twice = [one for one in source.columns.values() if table.columns.count(one) > 1]
    if twice:
        raise DataError(f"{setting}: {name} has more than one column {twice[0]!r}; rename one")
    missing = {one: column for one, column in source.columns.items() if column not in table.columns}
    if missing:
        there = ", ".join(map(repr, filter(None, table.columns))) or "none"
        settings = " and ".join(f"{setting}.{one}" for one in missing)
        lacking = ", ".join(map(repr, missing.values()))
        raise DataError(
            f"{settings}: {name} has no column {lacking}; its columns are {there}; name one of "
            "them, or take away what stands above the header"
        )
