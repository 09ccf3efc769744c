"""Data sets (parquet, or a folder that was saved) through the library datasets."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gabarito.core.errors import DataError, SettingsError
from gabarito.ingest.pairs.pair_tables import PairTable, TableRow
from gabarito.ingest.pairs.pairs_source import DATA_SETS

_SAVED = ("dataset_info.json", "dataset_dict.json", "state.json")


def datasets_library(name: str) -> Any:  # noqa: ANN401  # it has no types
    """Return the library; ``name`` is the file's that needs it.

    Raises:
        SettingsError: if it is not installed.
    """
    try:
        import datasets  # with pyarrow it takes a second
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{name}: parquet and data sets need the library datasets, and there is no "
            f"{error.name}; install gabarito[datasets], or use csv or jsonl; in the "
            "images of the chart these alone are read"
        ) from error
    datasets.disable_progress_bars()
    return datasets


def read_data_set(place: Path, name: str, cache: Path) -> Iterator[tuple[str, PairTable]]:
    """Yield each table of a data set with its name: a split of one that was saved, or a file.

    ``place`` is a parquet file or a folder, ``cache`` a folder that is removed afterwards.

    Raises:
        SettingsError: if the library is not installed.
        DataError: if it cannot be read.
    """
    datasets = datasets_library(name)
    try:
        found = _loaded(datasets, place, cache)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{name}: no data set that can be read: {said}; save it anew") from error
    for split, rows in found.items():
        label = name if len(found) == 1 else f"{name}/{split}"
        yield label, PairTable(tuple(rows.column_names), _rows(rows))


def _loaded(datasets: Any, place: Path, cache: Path) -> dict[str, Any]:  # noqa: ANN401
    if place.is_dir() and any((place / file).is_file() for file in _SAVED):
        saved = datasets.load_from_disk(str(place))
        return {"": saved} if isinstance(saved, datasets.Dataset) else dict(saved)
    if place.is_file():
        return {"": _table(datasets, place, cache)}
    below = {file.relative_to(place): file for file in sorted(place.rglob("*"))}
    return {
        name.as_posix(): _table(datasets, file, cache)
        for name, file in below.items()
        if file.suffix.lower() in DATA_SETS and not any(part[0] == "." for part in name.parts)
    }


def _table(datasets: Any, file: Path, cache: Path) -> Any:  # noqa: ANN401
    """Return one file's rows; by its name alone the library would take it for a pattern."""
    if file.suffix.lower() == ".arrow":
        return datasets.Dataset.from_file(str(file))
    return datasets.Dataset.from_parquet(glob.escape(str(file)), cache_dir=str(cache))


def _rows(rows: Iterable[dict[str, object]]) -> Iterator[TableRow]:
    """Yield the rows, counted from 1."""
    for number, row in enumerate(rows, 1):
        yield TableRow.of_values(number, row)
