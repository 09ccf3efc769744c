import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gabarito.core.errors import ServiceError
from gabarito.store.scratch import temporary_folder

HOLDER = """
import os, sys, tempfile
from gabarito.store.scratch import temporary_folder

tempfile.tempdir = sys.argv[1]
with temporary_folder("train") as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def holder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that has a temporary folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


@pytest.fixture
def abandoned(parent: Path) -> Path:
    """Return the folder of a process that was killed."""
    process, folder = holder(parent)
    process.kill()
    process.communicate()
    assert (folder / "deep" / "file").exists()
    return folder


def use() -> None:
    with temporary_folder("merge"):
        pass


def test_a_folder_lasts_as_long_as_its_block(parent: Path) -> None:
    with temporary_folder("train") as folder:
        (folder / "file").write_text("x")
        assert folder.parent == parent
    assert list(parent.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next(abandoned: Path) -> None:
    use()
    assert not abandoned.exists()


def test_the_folders_of_the_living_are_left(parent: Path) -> None:
    process, theirs = holder(parent)
    with temporary_folder("train") as ours:
        use()
        assert ours.exists()
    assert (theirs / "deep" / "file").exists()
    process.communicate("")
    assert not theirs.exists()


def test_the_folder_of_another_user_is_left(
    abandoned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: abandoned.stat().st_uid + 1)
    use()
    assert abandoned.exists()


def test_the_folder_of_another_machine_is_left(abandoned: Path) -> None:
    name, _, machine = abandoned.name.partition("@")
    theirs = abandoned.rename(abandoned.with_name(f"{name}@not-{machine}"))
    use()
    assert theirs.exists()


def test_what_a_link_names_is_left(abandoned: Path, parent: Path) -> None:
    (parent / "kept").mkdir()
    (parent / "kept" / "file").write_text("x")
    link = abandoned.with_name(f"gabarito-link-{abandoned.name}")
    link.symlink_to(parent / "kept")
    use()
    assert (link / "file").exists()


@pytest.mark.timeout(20)
def test_a_pipe_of_that_name_does_not_stop_anybody(abandoned: Path) -> None:
    pipe = abandoned.with_name(f"gabarito-pipe-{abandoned.name}")
    os.mkfifo(pipe)
    use()
    assert pipe.exists()


def test_those_who_begin_at_once_do_not_take_each_other_for_dead() -> None:
    def begin(_number: int) -> bool:
        with temporary_folder("train") as folder:
            (folder / "file").write_text("x")
            return (folder / "file").exists()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(begin, range(400)))


def test_a_folder_that_was_taken_for_abandoned_at_once_is_replaced(
    monkeypatch: pytest.MonkeyPatch, parent: Path
) -> None:
    real, made = tempfile.mkdtemp, []

    def taken_once(prefix: str, suffix: str) -> str:
        made.append(real(prefix=prefix, suffix=suffix))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken_once)
    with temporary_folder("train") as folder:
        assert [str(folder)] == made[1:]
        assert list(parent.iterdir()) == [folder]


def test_a_folder_is_made_where_none_may_be_listed(
    abandoned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refuse)  # root is refused nothing
    use()
    assert abandoned.exists()


def test_without_a_temporary_folder_the_cure_is_named(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(parent / "none"))
    with pytest.raises(ServiceError, match=r"no temporary folder: .*; free space, or let TMPDIR"):
        use()
