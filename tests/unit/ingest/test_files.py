"""Files as people have them: names of all kinds, and contents that change."""

import os
from pathlib import Path

import pytest

from gabarito.core.errors import DataError
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.sources import FilesSource


def found(folder: Path) -> list[SourceFile]:
    return find_files([FilesSource(type="files", path=str(folder))])


@pytest.mark.parametrize("change", ["longer", "other"])
def test_a_file_that_changed_since_the_listing_is_named(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("first")
    os.utime(path, (1_750_000_000, 1_750_000_000))
    (file,) = found(tmp_path)
    path.write_text(change)
    with pytest.raises(DataError, match=r"a\.txt: changed since the folder was listed; run again"):
        file.read()


@pytest.mark.parametrize(
    ("first", "second"), [("Plan.md", "plan.md"), ("a\u00e7\u00e3o.md", "ac\u0327a\u0303o.md")]
)
def test_names_that_are_one_on_other_machines_are_remarked(
    tmp_path: Path, first: str, second: str
) -> None:
    for name in (first, second):
        (tmp_path / name).write_text("x")
    remarks = [file.remark for file in found(tmp_path)]
    assert sorted(map(bool, remarks)) == [False, True]
    assert "in case or accents only; rename one of them" in "".join(remarks)


def test_names_that_are_no_utf8_stay_apart_and_are_remarked(tmp_path: Path) -> None:
    for end in (b"\xe7", b"\xe8"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a" + end + b".md")).write_text("x")
    files = found(tmp_path)
    assert [file.below for file in files] == ["a\\xe7.md", "a\\xe8.md"]
    assert {file.remark for file in files} == {"its name is no UTF-8; rename it"}
