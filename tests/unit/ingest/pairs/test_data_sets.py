"""Parquet and the folders of data sets, written and read by the library itself."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import datasets
import pytest

from gabarito.core.errors import DataError, SettingsError
from gabarito.core.pair_records import Pair
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.pairs.read_pairs import read_pairs

Read = Callable[[Path], list[Pair]]


def rows_of(**columns: list[Any]) -> Any:  # noqa: ANN401
    datasets.disable_progress_bars()
    return datasets.Dataset.from_dict(columns)


@pytest.fixture
def read() -> Read:
    def of(path: Path) -> list[Pair]:
        source = {"type": "pairs", "path": str(path), "question": "q", "answer": "a"}
        return read_pairs(parse(IngestConfig, {"sources": [source]}, "pipeline")).pairs

    return of


def test_a_parquet_file_is_read_whatever_the_types_of_its_columns(
    read: Read, tmp_path: Path
) -> None:
    rows_of(q=["Quantos?", "Quem?"], a=[3, None]).to_parquet(tmp_path / "p.parquet")
    assert [(one.answer, one.row) for one in read(tmp_path / "p.parquet")] == [("3", "p.parquet:1")]


def test_a_folder_of_parquet_files_is_read(read: Read, tmp_path: Path) -> None:
    for name in ("train-0", "train-1"):
        rows_of(q=[f"{name}?"], a=["x"]).to_parquet(tmp_path / "set/data" / f"{name}.parquet")
    (tmp_path / "set/README.md").write_text("a card")
    assert [one.questions[0] for one in read(tmp_path / "set")] == ["train-0?", "train-1?"]


def test_a_data_set_that_was_saved_is_read_by_split(read: Read, tmp_path: Path) -> None:
    splits = {name: rows_of(q=[f"{name}?"], a=["x"]) for name in ("train", "test")}
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "set"))
    assert [one.row for one in read(tmp_path / "set")] == ["set/train:1", "set/test:1"]


def test_a_file_that_is_no_parquet_is_an_error_with_its_name(read: Read, tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1 or not")
    with pytest.raises(DataError, match=r"^p\.parquet: no data set that can be read: .*save it"):
        read(tmp_path / "p.parquet")


def test_without_the_library_the_cure_is_said(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        SettingsError, match=r"install gabarito\[datasets\], or use csv or jsonl; in the images"
    ):
        read(tmp_path / "p.parquet")


def test_no_file_of_a_folder_is_left_out_for_its_name(read: Read, tmp_path: Path) -> None:
    for name in ("train", "faq", "p [1]"):
        rows_of(q=[f"{name}?"], a=["x"]).to_parquet(tmp_path / "set" / f"{name}.parquet")
    assert {one.questions[0] for one in read(tmp_path / "set")} == {"train?", "faq?", "p [1]?"}


def test_a_day_is_trained_as_it_is_written(read: Read, tmp_path: Path) -> None:
    rows_of(q=["Quando?", "Quanto?"], a=[date(2024, 5, 31), None]).to_parquet(
        tmp_path / "p.parquet"
    )
    assert [one.answer for one in read(tmp_path / "p.parquet")] == ["2024-05-31"]


def test_a_whole_number_beside_gaps_is_none_with_a_fraction(read: Read, tmp_path: Path) -> None:
    rows_of(q=["Quando?", "Qual?"], a=[1930.0, float("nan")]).to_parquet(tmp_path / "p.parquet")
    assert [one.answer for one in read(tmp_path / "p.parquet")] == ["1930"]
