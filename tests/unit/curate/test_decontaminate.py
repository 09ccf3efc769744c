from collections.abc import Callable

import pytest
from tests.unit.curate.rejected import reasons

from gabarito.core.records import Fact
from gabarito.curate.decontaminate import (
    FreeQuestion,
    UnanswerableQuestion,
    overlaps,
    remove_leaks,
    shared_runs,
)
from gabarito.curate.sentences import REQUESTS
from gabarito.curate.wordings import Wording

TEST = "Quem era o técnico do Lille na Champions 2024/25?"
NEAR = "quem era o tecnico do Lille na Champions 2024/2025, hein"
FAR = "Na Champions 2024/25, o Lille era treinado por quem?"


@pytest.fixture
def lille(make_fact: Callable[..., Fact]) -> Fact:
    return make_fact("Lille", "técnico", "Bruno Génésio")


@pytest.mark.parametrize(("limit", "kept"), [(0.85, [FAR]), (0.99, [NEAR, FAR]), (0.1, [])])
def test_a_trained_wording_close_to_a_test_wording_is_dropped(
    lille: Fact, make_wording: Callable[..., Wording], limit: float, kept: list[str]
) -> None:
    found = [make_wording(lille, TEST, "test"), *(make_wording(lille, t) for t in (NEAR, FAR))]
    left, dropped = remove_leaks(found, [], [], limit)
    assert [wording.question.text for wording in left] == [TEST, *kept]
    assert reasons(dropped)["leaks into test"] == 2 - len(kept)


def test_a_validation_wording_is_guarded_too(
    lille: Fact, make_wording: Callable[..., Wording]
) -> None:
    found = [make_wording(lille, TEST, "validation"), make_wording(lille, NEAR)]
    assert len(remove_leaks(found, [], [], 0.85)[0]) == 1


def test_another_facts_wording_may_be_close(
    lille: Fact,
    make_fact: Callable[..., Fact],
    make_wording: Callable[..., Wording],
) -> None:
    brest = make_fact("Brest", "técnico", "Éric Roy")
    found = [make_wording(lille, TEST, "test"), make_wording(brest, TEST.replace("Lille", "Brest"))]
    assert remove_leaks(found, [], [], 0.85) == (found, [])


@pytest.mark.parametrize(
    ("exam", "kept"),
    [
        (FreeQuestion(question=FAR.upper(), answer="outra coisa"), 0),
        (FreeQuestion(question=FAR + " diga", answer="Bruno Génésio"), 0),
        (FreeQuestion(question=FAR + " diga", answer="Génésio", aliases=("bruno genesio",)), 0),
        (FreeQuestion(question=FAR + " diga", answer="Éric Roy"), 1),
    ],
)
def test_the_exams_free_questions_are_kept_out_of_training(
    lille: Fact,
    make_wording: Callable[..., Wording],
    exam: FreeQuestion,
    kept: int,
) -> None:
    assert len(remove_leaks([make_wording(lille, FAR)], [exam], [], 0.85)[0]) == kept


def test_the_exams_unanswerable_questions_are_kept_out_of_training(
    lille: Fact, make_wording: Callable[..., Wording]
) -> None:
    exam = [UnanswerableQuestion(question=FAR, group="period")]
    assert remove_leaks([make_wording(lille, FAR)], [], exam, 0.85)[0] == []


@pytest.mark.parametrize("request_", [text for texts in REQUESTS.values() for text in texts])
def test_a_question_of_the_exam_may_ask_for_a_sentence(
    lille: Fact, make_wording: Callable[..., Wording], request_: str
) -> None:
    found = [make_wording(lille, FAR)]
    for text in (f"{FAR} {request_}", f"{FAR}. {request_.lower()}"):
        exam = [UnanswerableQuestion(question=text, group="period")]
        assert remove_leaks(found, [], exam, 0.85)[0] == []
    near = FreeQuestion(question=f"{FAR} Diga. {request_}", answer="Bruno Génésio")
    assert remove_leaks(found, [near], [], 0.85)[0] == []
    assert remove_leaks(found, [near], [], 0.99)[0] == found


def test_the_overlap_is_measured_against_the_nearest_trained_wording(
    lille: Fact, make_wording: Callable[..., Wording]
) -> None:
    found = [make_wording(lille, TEST, "test"), *(make_wording(lille, t) for t in (NEAR, FAR))]
    (overlap,) = overlaps(found)
    assert overlap.question == found[0].question.id
    assert overlap.similarity > 0.85
    assert overlap.words == pytest.approx(10 / 11, abs=0.01)


def test_runs_of_words_in_both_splits_are_counted() -> None:
    asked = ["a b c d e f", "x y z"]
    assert shared_runs(["q a b c d e"], asked) == {13: 0, 8: 0, 5: 1}
