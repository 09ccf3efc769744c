from collections.abc import Callable

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document
from gabarito.generate.config import GenerateConfig
from gabarito.generate.open_questions import OpenQuestionFilter
from gabarito.generate.passages import Passage, passages_of
from gabarito.generate.replies import read_reply
from gabarito.generate.teachers.second_opinion import answer_found, opinions_of

GOOD = "Quem apitou a final do Paris em Munique?"


def asked(passage: Passage, *texts: object, language: str = "pt") -> OpenQuestionFilter:
    settings = {"language": language, "teacher": {"model": "m"}, "open_questions": 3}
    found = OpenQuestionFilter(passage, language, GenerateConfig.model_validate(settings))
    found.accept([{"question": text} for text in texts])
    return found


def kept(found: OpenQuestionFilter) -> list[str]:
    return [question.text for question in found.questions]


def test_questions_that_pass_are_of_the_passage(passage: Passage) -> None:
    found = asked(passage, GOOD, "allianz arena ano de construção")
    assert kept(found) == [GOOD, "allianz arena ano de construção"]
    assert {(one.passage, one.document) for one in found.questions} == {
        (passage.id, passage.document.id)
    }
    assert (found.missing, found.is_enough) == (1, True)
    assert not found.rejections


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, GenerateReason.NO_FIELD),
        (f"{GOOD} " * 20, GenerateReason.TOO_LONG),
        ("Who was the referee of the final in Munich?", GenerateReason.OTHER_LANGUAGE),
        ("Segundo o texto, quem apitou a final?", GenerateReason.DEICTIC),
        ("quem apitou a final do paris em munique", GenerateReason.OPEN_AGAIN),
        ("Quanto custa um café?", GenerateReason.NO_SUBJECT),
    ],
)
def test_what_is_wrong_with_a_question_is_told(
    passage: Passage, text: object, reason: GenerateReason
) -> None:
    found = asked(passage, GOOD, text)
    assert kept(found) == [GOOD]
    assert [(one.reason, one.item) for one in found.rejections] == [(reason, f"{passage.id}-open")]


def test_more_than_were_asked_for_are_left(passage: Passage) -> None:
    found = asked(passage, *(f"Quem vestiu a camisa {n} na final?" for n in range(5)))
    assert len(found.questions) == 3
    assert {one.reason for one in found.rejections} == {GenerateReason.EXCESS_QUESTION}


def test_in_another_language_nothing_is_known_of_the_words(passage: Passage) -> None:
    assert kept(asked(passage, "Which ball was used?", language="en")) == ["Which ball was used?"]


def test_where_no_spaces_tell_the_words_nothing_is_known_of_them(
    document_of: Callable[..., Document],
) -> None:
    [page] = passages_of(document_of("巴黎赢得了决赛。", "决赛", "zh"), 3000)
    assert kept(asked(page, "裁判是谁?", language="zh")) == ["裁判是谁?"]


def test_replies_are_read_however_they_are_written(passage: Passage) -> None:
    labelled = f"Claro! Aqui estão:\n\n1. Pergunta: {GOOD}\n2. **Pergunta**: Qual a bola da final?"
    array = f'```json\n{{"questions": [{{"pergunta": "{GOOD}"}}]}}\n```'
    for reply, count in ((labelled, 2), (array, 1)):
        texts = [one["question"] for one in read_reply(reply, "stop").objects]
        assert len(kept(asked(passage, *texts))) == count


def test_what_a_second_opinion_answers_is_dropped(passage: Passage) -> None:
    found = asked(passage, GOOD, "Quem treinava o Paris?", "Qual a bola da final?")
    ids = [one.id for one in found.questions]
    said = [
        {"n": 1, "answer": "", "subject": "yes"},
        {"n": 2, "answer": "Luis Enrique", "subject": "yes"},
        {"n": 3, "answer": "azul", "subject": "não, a da semifinal"},
    ]
    answers = {n: answer_found(one) for n, one in opinions_of(said, range(1, 4)).items()}
    found.drop_answered({ids[n - 1]: answer for n, answer in answers.items()})
    assert kept(found) == [GOOD, "Qual a bola da final?"]
    [dropped] = found.rejections
    assert (dropped.reason, dropped.detail) == (GenerateReason.ANSWERED, "Luis Enrique")
