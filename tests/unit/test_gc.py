import time
from pathlib import Path

from click.testing import CliRunner

from gabarito.artifacts.artifact import Address
from gabarito.cli import cli
from gabarito.core.errors import MissingError
from gabarito.store.open import open_store

HALF = f"{Address('ingest', 'f' * 64).prefix}/attempts/20260101T000000Z-0123abcd/documents.jsonl"


def test_a_store_that_is_not_there_is_no_empty_store(tmp_path: Path) -> None:
    error = CliRunner().invoke(cli, ["gc", "--store", str(tmp_path / "typo")]).exception
    assert isinstance(error, MissingError)
    assert "typo: no such folder; give the store of a run with --store" in str(error)


def test_what_is_left_is_listed_and_deleted_when_asked(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write(HALF, b"half")
    time.sleep(0.01)
    arguments = ["gc", "--store", str(tmp_path), "--older-than", "0"]
    shown = CliRunner().invoke(cli, arguments).output
    assert shown.startswith(f"{HALF}\n1 file that nothing needs")
    assert store.exists(HALF)
    assert "deleted" in CliRunner().invoke(cli, [*arguments, "--delete"]).output
    assert not store.exists(HALF)


def test_old_runs_are_listed_with_their_size_and_deleted_when_asked(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write(Address("train", "f" * 64).manifest, b"x" * 2**20)
    time.sleep(0.01)
    arguments = ["gc", "--store", str(tmp_path), "--older-than", "0", "--keep", "1"]
    shown = CliRunner().invoke(cli, arguments).output
    assert shown.startswith(f"train {'f' * 64}: 1 file, 1.0 MiB\n1 thing of runs before the last 1")
    assert store.exists(Address("train", "f" * 64).manifest)
    assert "deleted" in CliRunner().invoke(cli, [*arguments, "--delete"]).output
    assert not store.exists(Address("train", "f" * 64).manifest)
