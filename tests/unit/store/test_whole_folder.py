import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gabarito.core.errors import UsageError
from gabarito.store.whole_folder import whole_folder


def write(folder: Path, text: str = "a", name: str = "a.csv") -> None:
    with whole_folder(folder, "--to") as aside:
        (aside / name).write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_folder_is_there_when_all_of_it_is_written(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "new/out", "--to") as aside:
        (aside / "a.csv").write_text("a")
        assert not (tmp_path / "new/out").exists()
    assert names(tmp_path / "new/out") == ["a.csv"]
    assert names(tmp_path / "new") == ["out"]


def test_an_earlier_export_and_an_empty_folder_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", "first", "first.csv")
    write(tmp_path / "out", "second")
    assert (names(tmp_path / "out"), (tmp_path / "out/a.csv").read_text()) == (["a.csv"], "second")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "out")
    (tmp_path / "out/thesis.odt").write_text("x")
    with pytest.raises(UsageError, match=r"^--to: .*/out holds something else, such as 'thesis"):
        write(tmp_path / "out")
    assert names(tmp_path / "out") == ["a.csv", "thesis.odt"]


def test_a_file_and_a_link_are_no_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "none")
    for name in ("file", "link"):
        with pytest.raises(UsageError, match=f"{name} is no folder; give another name"):
            write(tmp_path / name)


def test_a_file_on_the_way_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"^--to: .*/file is no folder; give another name"):
        write(tmp_path / "file/in/it")


def test_the_folder_that_one_is_in_is_not_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"is where you are, .*; give the name of a new folder in"):
        write(Path("."))
    write(Path("out"))
    assert names(tmp_path) == ["out"]


def test_a_folder_where_a_disk_is_mounted_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    with pytest.raises(UsageError, match=r"is where a disk is mounted, .*; give the name of a new"):
        write(tmp_path)
    assert [*tmp_path.iterdir()] == []


def killed_before(step: str, folder: Path) -> None:
    """Write into a folder in a process that is killed before ``step``."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from gabarito.store import whole_folder as module\n"
        f"setattr({step}, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))\n"
        "with module.whole_folder(Path(sys.argv[1]), '--to') as aside:\n"
        "    (aside / 'a.csv').write_text('second')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)])
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_export_left_half_written_is_removed_by_the_next(tmp_path: Path) -> None:
    killed_before("module, 'write_mark'", tmp_path / "out")
    assert len([*tmp_path.iterdir()]) == 1
    with whole_folder(tmp_path / "out", "--to") as other:
        write(tmp_path / "out", "third")
        assert other.is_dir()
        (other / "a.csv").write_text("fourth")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out/a.csv").read_text() == "fourth"


def test_what_one_of_a_longer_name_had_taken_away_is_left_to_it(tmp_path: Path) -> None:
    write(tmp_path / "out-2", "first")
    killed_before("module.shutil, 'rmtree'", tmp_path / "out-2")
    (before,) = (path for path in tmp_path.iterdir() if "-before-" in path.name)
    write(tmp_path / "out", "another")
    assert (before / "a.csv").read_text() == "first"


def test_what_a_killed_export_had_taken_away_is_put_back(tmp_path: Path) -> None:
    write(tmp_path / "out", "first")
    killed_before("module.shutil, 'rmtree'", tmp_path / "out")
    (before,) = (path for path in tmp_path.iterdir() if "-before-" in path.name)
    shutil.rmtree(tmp_path / "out")  # as if it had been killed a moment earlier
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "out", "--to"):
        raise ZeroDivisionError
    assert (tmp_path / "out/a.csv").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not before.exists()


def test_what_fails_leaves_what_was_there_and_nothing_half_written(tmp_path: Path) -> None:
    write(tmp_path / "out", "first")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "out", "--to") as aside:
        (aside / "a.csv").write_text(str(1 // 0))
    assert (tmp_path / "out/a.csv").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
