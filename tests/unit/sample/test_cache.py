from pathlib import Path

import pytest

from sample.cache import kept


def make(folder: Path) -> Path:
    (folder / "made").mkdir()
    (folder / "made/file").write_text("whole")
    return folder / "made"


def test_a_folder_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = kept("thing", make)
    assert (folder / "file").read_text() == "whole"
    assert kept("thing", lambda _: pytest.fail("made again")) == folder
    assert [path.name for path in folder.parent.iterdir()] == ["thing"]


def test_a_folder_that_is_not_finished_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        kept("thing", lambda folder: folder / "missing")
    assert list((tmp_path / "gabarito").iterdir()) == []
