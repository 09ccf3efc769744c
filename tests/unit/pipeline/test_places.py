"""Where things of a run lie, in commands that people copy."""

from pathlib import Path

import pytest

from gabarito.pipeline.places import store_argument
from gabarito.store.open import open_store


@pytest.mark.parametrize(
    ("name", "typed"),
    [("store", "store"), ("my störe", "'my störe'"), ("a%20b", "a%20b"), ("a'b", "'a'\"'\"'b'")],
)
def test_a_store_can_be_typed_whatever_is_in_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, typed: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_argument(open_store(name)) == f"--store {typed}"
