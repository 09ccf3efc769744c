"""Wordings that people wrote are trained, whatever a teacher words like them."""

from gabarito.answer_match import normalise
from gabarito.core.pair_records import GIVEN, Pair
from gabarito.core.records import FamilySplits, Question
from gabarito.curate.decontaminate import keep_given
from gabarito.curate.wordings import Wording, hold_out, wordings

FAMILIES = FamilySplits(train=("casual", GIVEN), validation=(), test=("direct",))


def found(*questions: str, direct: str = "") -> list[Wording]:
    pair = Pair(id="p", questions=questions, answer="Rui", source="p.csv", row="p.csv:2")
    fact = pair.fact.id
    asked = [*pair.wordings]
    if direct:
        more = {"fact": fact, "family": "direct", "text": direct, "answer": "Rui"}
        asked.append(Question.of(kind="question", **more))
    return wordings([pair.fact], asked, FAMILIES)


def splits(asked: list[Wording]) -> list[str]:
    return [wording.split for wording in asked]


def test_one_or_two_wordings_of_a_person_are_all_trained() -> None:
    assert splits(hold_out(found("Quem treina o Galo?"), 0.85)) == ["train"]
    both = found("Quem treina o Galo?", "O técnico do Galo, qual é?")
    assert splits(hold_out(both, 0.85)) == ["train"] * 2


def test_of_three_wordings_the_last_that_is_unlike_the_others_is_asked_at_the_end() -> None:
    asked = ("Quem treina o Galo?", "O técnico do Galo, qual é?", "quem treina o galo")
    assert splits(hold_out(found(*asked), 0.85)) == ["train", "test", "train"]


def test_wordings_that_are_all_alike_are_all_trained() -> None:
    asked = ("Quem treina o Galo?", "Quem treina o galo?", "Quem treina o Gallo?")
    assert splits(hold_out(found(*asked), 0.85)) == ["train"] * 3


def test_where_a_teacher_wrote_wordings_none_of_the_persons_is_held_out() -> None:
    asked = found("Quem treina o Galo?", "Qual é o nome?", "De quem é o time?", direct="Diga quem.")
    assert splits(hold_out(asked, 0.85)) == ["train", "train", "train", "test"]


def test_a_held_out_wording_like_the_persons_own_goes_and_hers_stays() -> None:
    asked = found("Quem treina o Galo?", direct="E quem treina o Galo?")
    kept, dropped = keep_given(asked, 0.85)
    assert [wording.key for wording in kept] == [normalise("Quem treina o Galo?")]
    assert [one.reason for one in dropped] == ["leaks into test"]


def test_a_held_out_wording_of_its_own_stays() -> None:
    asked = found("Quem treina o Galo?", direct="Qual é o nome do técnico desse clube?")
    assert keep_given(asked, 0.85) == (asked, [])
