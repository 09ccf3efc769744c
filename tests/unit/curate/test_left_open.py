from collections.abc import Callable
from random import Random
from string import ascii_lowercase

from tests.growth import grows_in_proportion
from tests.unit.curate.rejected import reasons

from gabarito.core.reasons import CurateReason
from gabarito.core.records import Fact, OpenQuestion, Rejection
from gabarito.curate.unanswerable.left_open import Answers, draw_open, keep_open
from gabarito.curate.wordings import Wording

MakeFact = Callable[..., Fact]
MakeWording = Callable[..., Wording]

LIMIT = 0.85
MANY_QUESTIONS = 12_000
"""Compared each with each they take sixteen times as long as a quarter of them does."""


def opened(*texts: str) -> list[OpenQuestion]:
    return [OpenQuestion.of(passage="p", document="d", text=text) for text in texts]


def kept(
    answers: Answers, *texts: str, exam: tuple[str, ...] = (), taken: tuple[str, ...] = ()
) -> tuple[list[str], list[Rejection]]:
    found, dropped = keep_open(opened(*texts), answers, exam, taken, LIMIT)
    return [one.text for one in found], dropped


def nobody(_text: str) -> bool:
    """Hold nothing back."""
    return False


def test_what_a_fact_answers_is_not_open(make_fact: MakeFact, make_wording: MakeWording) -> None:
    fact = make_fact(
        "Paris", "técnico", "Luis Enrique", statement="O técnico do Paris é Luis Enrique."
    )
    asked = make_wording(fact, "Quem treinou o Paris na campanha inteira?")
    other = make_fact("Inter", "estádio", "San Siro")
    answers = Answers([fact, other], [asked], LIMIT)
    found, dropped = kept(
        answers,
        "Quem treinou o Paris?",
        "Quem treinou o Pariz na campanha inteira?",
        "Quem presidiu o Paris?",
        "técnico do Paris idade",
        "Quem é o mascote da Inter?",
    )
    assert found == [
        "Quem presidiu o Paris?",
        "técnico do Paris idade",
        "Quem é o mascote da Inter?",
    ]
    assert reasons(dropped) == {CurateReason.ANSWERED: 2}
    assert "all of its words" in dropped[0].detail
    assert "similar to a question about" in dropped[1].detail
    assert fact.about in dropped[0].detail


def test_parts_of_identifiers_and_short_words_are_words(make_fact: MakeFact) -> None:
    fact = make_fact("nb generate_assignment", "makes", "the release version")
    answers = Answers([fact], [], LIMIT)
    assert kept(answers, "nb generate_assignment --dry-run")[0]
    assert kept(answers, "nb generate_feedback")[0]
    assert not kept(answers, "nb generate_assignment makes")[0]


def test_without_spaces_letters_are_words(make_fact: MakeFact, make_wording: MakeWording) -> None:
    fact = make_fact("该系统", "管理员", "王伟", statement="该系统的管理员是王伟。")
    asked = make_wording(fact, "谁是该系统的管理员？")
    answers = Answers([fact], [asked], LIMIT)
    found, _ = kept(answers, "该系统的管理员是谁？", "该系统的管理费用每年是多少？")
    assert found == ["该系统的管理费用每年是多少？"]


def test_questions_of_the_exam_and_those_that_are_there_are_not_kept() -> None:
    answers = Answers([], [], LIMIT)
    found, dropped = kept(
        answers,
        "Quem fundou o Paris?",
        "quem fundou o paris",
        "Qual é a cor da taça de 2025?",
        "Qual o peso da taça?",
        exam=("Qual e a cor da taca de 2025",),
    )
    assert found == ["Quem fundou o Paris?", "Qual o peso da taça?"]
    assert reasons(dropped) == {CurateReason.LEAK: 1, CurateReason.SAME_QUESTION: 1}


def test_the_same_question_in_nearly_the_same_words_is_kept_once() -> None:
    texts = ("Quem lavou a camisa azul do zagueiro Silva?", "Quanto custou a taça de 1998?")
    again = (
        "Quem lavou a camisa azul do zageiro Silva",
        "Quem lavou a camiza azul do zagueiro Silva?",
    )
    found, dropped = kept(Answers([], [], LIMIT), *texts, *again)
    assert found == list(texts)
    assert reasons(dropped) == {CurateReason.SAME_QUESTION: 2}


def test_many_open_questions_take_no_more_than_their_share_of_time() -> None:
    def questions(number: int) -> str:
        draw = Random(0)
        names = ["".join(draw.choices(ascii_lowercase, k=8)) for _ in range(number)]
        return "\n".join(
            f"Quem {draw.choice(names)} a {draw.choice(names)} de {draw.choice(names)}?"
            for _ in range(number)
        )

    answers = Answers([], [], LIMIT)
    assert grows_in_proportion(
        lambda text: kept(answers, *text.splitlines()), questions, MANY_QUESTIONS
    )


def test_a_question_that_is_asked_in_another_place_is_not_kept() -> None:
    found, dropped = kept(
        Answers([], [], LIMIT), "Quem fundou o Paris?", "Quem rege?", taken=("quem rege",)
    )
    assert found == ["Quem fundou o Paris?"]
    assert reasons(dropped) == {CurateReason.SAME_QUESTION: 1}


def test_a_share_and_what_names_something_held_back_is_asked_at_the_end() -> None:
    found = opened(*(f"Quem é o número {n}?" for n in range(40)))
    drawn = draw_open(found, lambda text: "número 7?" in text, 0.15, 0)
    assert "Quem é o número 7?" in drawn.asked
    assert len(drawn.asked) in (6, 7)
    assert {*drawn.trained, *drawn.asked} == {one.text for one in found}
    assert not {*drawn.trained} & {*drawn.asked}
    assert draw_open(found, nobody, 0.15, 0) != draw_open(found, nobody, 0.15, 1)
    assert not draw_open(found, nobody, 0, 0).asked
    assert not draw_open([], nobody, 0.5, 0).asked
    assert draw_open(found[:1], nobody, 0.15, 0).trained == (found[0].text,)
