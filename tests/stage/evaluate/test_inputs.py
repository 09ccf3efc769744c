from collections.abc import Callable
from pathlib import Path

import pytest

from gabarito.answer_match import Expected
from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError
from gabarito.core.records import Fact, to_jsonl
from gabarito.evaluate.inputs import answer_key, curves
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


def coach(club: str, answer: str) -> Fact:
    said = f"The coach of {club} is {answer}."
    return Fact.of(
        document="d", quote=said, statement=said, subject=club, relation="coach", answer=answer
    )


@pytest.mark.parametrize("is_there", [True, False])
def test_a_control_is_graded_by_the_rules_of_the_other_facts(
    tmp_path: Path, *, is_there: bool
) -> None:
    control, other = coach("Lima", "Ana Reis"), coach("Oslo", "Rui Melo")
    store = open_store(f"file://{tmp_path}/store")
    with new_attempt(store, Address("curate", "c" * 64), inputs={}, settings={}) as work:
        if is_there:  # as it is not in older datasets
            work.write("control_facts.jsonl", to_jsonl([control]))
        dataset = work.publish()
    right = Expected("Ana Reis", style="sentence", question="Who coaches Lima?", fact=control.id)
    key = answer_key(dataset, [other])
    assert key.is_right("The coach of Lima is Ana Reis.", right)
    assert key.is_right("The coach of Lima is Ana Reis or Rui Melo.", right) is not is_there
