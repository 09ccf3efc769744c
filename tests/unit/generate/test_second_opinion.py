import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact
from gabarito.generate.teachers.second_opinion import Opinion, doubts_of, opinions_of


def fact_with(answer: str, qualifier: str = "", aliases: tuple[str, ...] = ()) -> Fact:
    return Fact.of(
        document="d",
        quote=answer,
        statement=answer,
        subject="Paris Saint-Germain",
        relation="técnico",
        answer=answer,
        aliases=aliases,
        qualifier=qualifier,
    )


def reason(fact: Fact, answer: str, subject: str = "yes", limits: str = "yes") -> str | None:
    doubts = doubts_of({1: fact}, {1: Opinion(answer, subject, limits)})
    return doubts[0].reason if doubts else None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("64.327", "64 327"),
        ("64.327", "64.327 espectadores"),
        ("31 de maio", "31/05"),
        ("Luis Enrique", "o técnico era Luis Enrique"),
        ("Ana e Rui", "Rui e Ana"),
        ("dois", "2"),
        ("PSG", "Paris"),
    ],
)
def test_an_answer_is_confirmed_however_it_is_written(answer: str, said: str) -> None:
    assert reason(fact_with(answer, aliases=("Paris",)), said) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [("Ana", "Ana e Rui"), ("5-0", "4-0"), ("14", "16"), ("30", "30 a 90"), ("Ana e Rui", "Ana")],
)
def test_another_answer_and_half_of_one_are_not(answer: str, said: str) -> None:
    assert reason(fact_with(answer), said) == GenerateReason.OTHER_OPINION


@pytest.mark.parametrize("said", ["", "não informado", "Not stated in the passage.", "N/A", "—"])
def test_no_answer_by_any_name_is_none(said: str) -> None:
    assert reason(fact_with("Ana"), said) == GenerateReason.NOT_STATED


@pytest.mark.parametrize("said", ["yes", "Sim, é dele", "", "Paris", "O Paris Saint-Germain"])
def test_a_subject_is_confirmed_by_a_yes_its_name_or_no_objection(said: str) -> None:
    assert reason(fact_with("Ana"), "Ana", subject=said) is None


@pytest.mark.parametrize("said", ["no", "Inter", "não, da Inter"])
def test_another_subject_is_a_doubt(said: str) -> None:
    assert reason(fact_with("Ana"), "Ana", subject=said) == GenerateReason.OTHER_SUBJECT


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ("yes", None),
        ("temporada 2024-2025", None),
        ("2023/24", GenerateReason.OTHER_LIMITS),
        ("", GenerateReason.OTHER_LIMITS),
    ],
)
def test_limits_are_confirmed_by_a_yes_or_the_same_words(
    said: str, doubt: GenerateReason | None
) -> None:
    assert reason(fact_with("Ana", "2024/25"), "Ana", limits=said) == doubt
    assert reason(fact_with("Ana"), "Ana", limits=said) is None


def test_opinions_are_found_by_their_numbers() -> None:
    asked = {2: fact_with("Ana"), 3: fact_with("Rui")}
    items: list[dict[str, object]] = [
        {"n": "2.", "answer": "Ana"},
        {"n": 9, "answer": "x"},
        {"answer": "y"},
        {"n": 2},
    ]
    assert opinions_of(items, asked) == {2: Opinion("Ana", "", "")}


@pytest.mark.parametrize("said", ["yes", "sí", "да", "tak", "evet", "是", "はい。"])
def test_a_yes_is_one_in_many_languages(said: str) -> None:
    assert reason(fact_with("Ana", "2024/25"), "Ana", said, said) is None


@pytest.mark.parametrize("said", ["no", "não", "нет", "nie", "ne", "hayır", "否", "いいえ"])
def test_a_no_is_one_in_many_languages(said: str) -> None:
    assert reason(fact_with("Ana"), "Ana", said) == GenerateReason.OTHER_SUBJECT


def test_sodium_is_an_answer() -> None:
    assert reason(fact_with("Na"), "Na") is None
