"""Answers of a sentence or more: right if most of their key points are said."""

import pytest

from gabarito.answer_match import AnswerKey, Expected
from gabarito.answer_match.explanations import is_explanation, key_points, share_said

THREADS = (
    "Because sqlite is not threadsafe, several people who grade at the same time may lose data "
    "that the others have written"
)
PRAZO = (
    "O servidor envia a notificação por e-mail, espera 15 dias pela resposta e, se ela não chega, "
    "arquiva o pedido"
)
SAUVER = (
    "On arrête le service, on copie le dossier des données sur un autre disque, puis on redémarre "
    "le service"
)
CHINESE = "因为数据库不支持多线程写入所以多人同时评分时可能会丢失其他人已经写入的数据"


@pytest.mark.parametrize("text", [THREADS, PRAZO, SAUVER, CHINESE])
def test_long_answers_are_explanations(text: str) -> None:
    assert is_explanation(text)
    assert share_said(text, key_points(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "it is not threadsafe",
        "a kernel inside a Docker container",
        "Liverpool, Barcelona, Arsenal, Inter de Milão, Lille, Benfica, Celtic, Bologna e Girona",
        "国际米兰足球俱乐部",
        "Donaudampfschifffahrtsgesellschaft",
    ],
)
def test_names_and_lists_are_none(text: str) -> None:
    assert not is_explanation(text)


RIGHT = [
    (THREADS, "sqlite is not threadsafe: people grading at the same time may lose written data."),
    (PRAZO, "Notifica por e-mail o servidor, esperando a resposta 15 dias. Não chegando, arquiva."),
    (SAUVER, "Arrêter le service, copier le dossier de données sur un autre disque, redémarrer."),
]
WRONG = [
    (THREADS, "sqlite is threadsafe, and several people who grade at the same time lose nothing."),
    (THREADS, "Because sqlite is slow."),
    (PRAZO, "O servidor envia a notificação por e-mail e espera 30 dias pela resposta."),
    (PRAZO, "Não tenho essa informação."),
    (SAUVER, "On arrête le service."),
    (SAUVER, f"{SAUVER} {'et cetera ' * 40}"),
    (SAUVER, ""),
]


@pytest.mark.parametrize(("answer", "reply"), RIGHT)
def test_other_words_for_the_same_points_are_right(answer: str, reply: str) -> None:
    assert AnswerKey().is_right(reply, Expected(answer))


@pytest.mark.parametrize(("answer", "reply"), WRONG)
def test_missing_points_other_figures_and_denials_are_wrong(answer: str, reply: str) -> None:
    assert not AnswerKey().is_right(reply, Expected(answer))


def test_points_that_a_teacher_gave_decide() -> None:
    told = Expected(THREADS, points=("not threadsafe", "lost data"))
    assert AnswerKey().is_right("It is not threadsafe, so data gets lost.", told)
    assert not AnswerKey().is_right("Data gets lost.", told)
    assert share_said("Data gets lost.", told.key_points) == 0.5


@pytest.mark.parametrize(
    ("reply", "share"),
    [
        ("It is not true that sqlite is not threadsafe.", 0),
        ("It isn't so that sqlite isn't threadsafe.", 0),
        ("Sqlite is neither quick nor threadsafe.", 1),
    ],
)
def test_who_denies_twice_does_not_deny(reply: str, share: float) -> None:
    assert share_said(reply, ["sqlite is not threadsafe"]) == share


def test_a_denial_that_goes_on_denies_once() -> None:
    assert share_said("Não grava nem envia arquivos.", ["não envia arquivos"]) == 1


def test_a_long_explanation_has_at_most_eight_points() -> None:
    text = ". ".join(f"Step number {n} opens window {n}" for n in range(12))
    assert len(key_points(text)) == 8
    assert share_said(text, key_points(text)) == 1
