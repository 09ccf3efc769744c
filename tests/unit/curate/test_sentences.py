"""Which sentence each wording is answered with, and how a question asks for one."""

from collections.abc import Callable

import pytest

from gabarito.answer_match import AnswerKey
from gabarito.core.pair_records import Pair
from gabarito.core.records import Fact, Question
from gabarito.curate.sentences import (
    REQUESTS,
    AnswerStyles,
    sentences_of,
    taught_sentences,
    with_request,
)
from gabarito.curate.wordings import Wording

MakeFact = Callable[..., Fact]
MakeWording = Callable[..., Wording]

PLACES = "abcdefghij"


@pytest.fixture
def final(make_fact: MakeFact) -> Fact:
    return make_fact(
        "final",
        "campeão",
        "Paris Saint-Germain",
        aliases=("PSG",),
        statement="O Paris Saint-Germain ganhou a final da Champions League 2024/25.",
    )


def stated(fact: Fact, *texts: str) -> list[Question]:
    return [
        Question.of(fact=fact.id, family="statement", text=text, answer="", kind="statement")
        for text in texts
    ]


def test_only_statements_that_say_the_answer_and_what_it_is_about_are_taught(final: Fact) -> None:
    alias = "Na final da Champions League 2024/25 venceu o PSG."
    told = stated(
        final,
        alias,
        "O PSG ganhou.",
        "A final da Champions League 2024/25 foi em Munique.",
        "O PSG não ganhou a final da Champions League 2024/25.",
        f"Na final da Champions League 2024/25 venceu o PSG {'mesmo ' * 40}.",
    )
    found = sentences_of(final, told, AnswerKey([final]))
    assert found == [final.statement, alias]


def test_a_statement_with_another_answer_of_the_same_relation_is_not_taught(
    final: Fact, make_fact: MakeFact
) -> None:
    other = make_fact("final de 2022/23", "campeão", "Manchester City")
    text = "PSG e Manchester City ganharam uma final da Champions League 2024/25."
    key = AnswerKey([final, other])
    assert sentences_of(final, stated(final, text), key) == [final.statement]


def test_statements_without_the_subject_are_taught_where_there_is_no_better_one(
    make_fact: MakeFact,
) -> None:
    fact = make_fact("Inter de Milão", "técnico", "Inzaghi", statement="Inzaghi treinava a Inter.")
    told = stated(fact, "A Inter tinha Inzaghi.")
    assert len(sentences_of(fact, told, AnswerKey([fact]))) == 2


def test_an_explanation_and_a_persons_pair_have_no_sentence(make_fact: MakeFact) -> None:
    why = "because sqlite is not threadsafe, several people who grade at once may lose their data"
    fact = make_fact("sqlite", "why not", why, statement=f"sqlite is a bad choice {why}.")
    assert sentences_of(fact, [], AnswerKey([fact])) == []
    pair = Pair(id="p", questions=("Who won?",), answer="Ana", source="s", row="r")
    assert sentences_of(pair.fact, [], AnswerKey([pair.fact])) == []


def test_each_wording_gets_another_sentence_of_its_fact(
    final: Fact, make_wording: MakeWording
) -> None:
    told = stated(final, "Na final da Champions League 2024/25 venceu o PSG.")
    found = [make_wording(final, f"Quem ganhou {place}?") for place in PLACES]
    taught = taught_sentences("sentence", found, told, "pt")
    assert len(taught) == len(PLACES)
    assert [one.sentence for one in taught.values()].count(final.statement) == len(PLACES) / 2
    assert {one.request for one in taught.values()} == {""}
    assert taught == taught_sentences("sentence", found, told, "pt")
    assert taught_sentences("short", found, told, "pt") == {}


def test_a_reverse_question_is_answered_by_what_names_the_subject(
    final: Fact, make_wording: MakeWording
) -> None:
    turned = make_wording(final, "O que o PSG ganhou?", kind="reverse")
    asked = make_wording(final, "Quem ganhou?")
    taught = taught_sentences("sentence", [asked, turned], [], "pt")
    assert taught[turned.question.id].sentence == final.statement


def test_three_in_ten_wordings_ask_for_a_sentence(final: Fact, make_wording: MakeWording) -> None:
    found = [make_wording(final, f"Quem ganhou {place}?") for place in PLACES]
    found += [make_wording(final, f"Venceu quem {place}?", split="test") for place in "ab"]
    taught = taught_sentences("both", found, [], "pt-BR")
    assert len(taught) == 3
    assert {one.request for one in taught.values()} <= set(REQUESTS["pt"][:-1])
    styles = AnswerStyles("both", "pt-BR", taught)
    [(wording, held)] = styles.held_out(found)
    assert wording.split == "test"
    assert held.request == REQUESTS["pt"][-1]
    assert styles.unasked == "short"


def test_as_many_questions_without_an_answer_ask_for_a_sentence() -> None:
    texts = [f"Quem ganhou em {year}?" for year in range(1000, 2000)]
    asking = [text for text in texts if AnswerStyles("both", "fr", {}).request_beside(text)]
    assert 250 < len(asking) < 350
    for style in ("short", "sentence"):
        plain = AnswerStyles(style, "fr", {})
        assert not any(map(plain.request_beside, texts))
        assert list(plain.held_out([])) == []


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Quem ganhou?", "Quem ganhou? R."),
        ("campeão 2024/25 ", "campeão 2024/25. R."),
        ("O campeão foi ____.", "O campeão foi ____. R."),
    ],
)
def test_what_asks_for_a_sentence_is_a_sentence_of_its_own(question: str, asked: str) -> None:
    assert with_request(question, "R.") == asked
    assert with_request(question, "") == question


def test_every_language_of_answers_has_its_requests() -> None:
    assert set(REQUESTS) == {"pt", "en", "es", "fr", "de", "it"}
    assert {len(forms) for forms in REQUESTS.values()} == {4}
