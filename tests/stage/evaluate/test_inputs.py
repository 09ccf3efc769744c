from collections.abc import Callable
from pathlib import Path

import pytest

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError
from gabarito.evaluate.inputs import curves
from gabarito.store.open import open_store


@pytest.fixture
def trained(tmp_path: Path) -> Callable[[str], Artifact]:
    """Publishes what train would, with these curves."""

    def publish(text: str) -> Artifact:
        store = open_store(f"file://{tmp_path}/store")
        address = Address("train", "a" * 64)
        with new_attempt(store, address, inputs={}, settings={}) as work:
            (work.folder / "curves.jsonl").write_text(text, encoding="utf-8")
            return work.publish()

    return publish


def test_curves_hold_what_is_drawn_of_each_step(trained: Callable[[str], Artifact]) -> None:
    lines = '{"step": 1, "loss": 2.5, "note": "a\u2028b"}\n\n{"step": 2, "exact_match": 0.5}\n'
    assert curves(trained(lines)) == [
        {"step": 1, "loss": 2.5, "exact_match": None},
        {"step": 2, "loss": None, "exact_match": 0.5},
    ]


def test_a_damaged_curve_is_named_with_its_line(trained: Callable[[str], Artifact]) -> None:
    with pytest.raises(DataError, match=r"curves\.jsonl:2: not a CurvePoint: line: not JSON"):
        curves(trained('{"step": 1}\n{"step": '))
