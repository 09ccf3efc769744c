"""Sentences that say the answer, and those that say another one."""

import pytest

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.records import Fact


def fact(subject: str, relation: str, answer: str, statement: str, *aliases: str) -> Fact:
    return Fact.of(
        document="d",
        quote=statement,
        statement=statement,
        subject=subject,
        relation=relation,
        answer=answer,
        aliases=aliases,
    )


SLOT = fact("Liverpool", "técnico", "Arne Slot", "Arne Slot treinava o Liverpool em 2024/25.")
FLICK = fact("Barcelona", "técnico", "Hansi Flick", "O Barcelona tinha Hansi Flick.", "Flick")
INTER = fact("final", "vice-campeão", "Inter de Milão", "A Inter de Milão perdeu a final.", "Inter")
MILAN = fact("Itália", "vice-campeão", "Milan", "O Milan foi vice da Itália.")
VALIDATE = fact(
    "validate button",
    "what it leaves out",
    "the hidden tests",
    "The validate button does not take the hidden tests into account.",
    "hidden tests",
)
FORMATS = fact("export", "format", "PDF, HTML and LaTeX", "Grades leave as PDF, HTML and LaTeX.")
WORD = fact("import", "format", "Word", "Texts come in as Word.")
ONE = fact("final", "partidas", "uma", "A final tem uma partida.")
PORT = fact("serve", "port", "8000", "The port is 8000, and is not open to others.")
LEFT_OUT = fact("reader", "not read", "YAML, JSON and TOML", "It never reads YAML, JSON and TOML.")
KEY = AnswerKey([PORT, LEFT_OUT, SLOT, FLICK, INTER, MILAN, VALIDATE, FORMATS, WORD, ONE])


def expected(of: Fact, question: str = "?", style: str = "sentence") -> Expected:
    return Expected(
        answer=of.answer,
        aliases=of.aliases,
        style="sentence" if style == "sentence" else "short",
        taught=of.statement,
        question=question,
        fact=of.id,
    )


RIGHT = [
    (SLOT, "Arne Slot"),
    (SLOT, "Em 2024/25 o técnico do Liverpool era Arne Slot."),
    (SLOT, "O Liverpool era treinado pelo holandês ARNE SLOT, que chegou em 2024"),
    (INTER, "A vice-campeã foi a Inter de Milão."),
    (SLOT, "Em 2024/25 era Arne Slot, que não tinha treinado na Inglaterra."),
    (INTER, "Foi a Inter que perdeu."),
    (VALIDATE, "It does not look at the hidden tests."),
    (FORMATS, "It writes LaTeX, PDF and HTML."),
    (FORMATS, "Grades can be had in HTML, LaTeX, and PDF, as you like."),
    (FORMATS, "html; pdf; latex"),
    (ONE, "A final tem 1 partida."),
    (PORT, "It is 8000, which is not open."),
    (FORMATS, "It writes PDF, HTML and LaTeX, but does not print."),
    (LEFT_OUT, "It does not read YAML, JSON and TOML."),
]
WRONG = [
    (SLOT, "O técnico do Liverpool era Hansi Flick."),
    (SLOT, "Arne Slot ou Hansi Flick."),
    (SLOT, "O técnico era Arne Slot e antes Flick."),
    (SLOT, "O técnico não era Arne Slot."),
    (SLOT, "The coach was not Arne Slot."),
    (SLOT, "El técnico no era Arne Slot."),
    (SLOT, "L'entraîneur n'était pas Arne Slot."),
    (SLOT, "Der Trainer war nicht Arne Slot."),
    (SLOT, "L'allenatore non era Arne Slot."),
    (SLOT, "Arne Slot nunca treinou o Liverpool."),
    (SLOT, f"Arne Slot {'muito ' * 30}"),
    (MILAN, "O vice foi a Inter de Milão."),
    (INTER, "Foi o Milan, e não a Inter de Milão."),
    (FORMATS, "It writes PDF and HTML."),
    (FORMATS, "It writes PDF, HTML, LaTeX and Markdown."),
    (FORMATS, "It writes Markdown, PDF, HTML and LaTeX."),
    (FORMATS, "It writes PDF, HTML and LaTeX and Markdown."),
    (ONE, "A final foi uma festa."),
    (PORT, "The port is not 8000."),
    (FORMATS, "It does not write PDF, HTML and LaTeX."),
    (FORMATS, "PDF, HTML and LaTeX are not written."),
]


@pytest.mark.parametrize(("of", "reply"), RIGHT)
def test_a_sentence_that_says_the_answer_is_right(of: Fact, reply: str) -> None:
    assert KEY.is_right(reply, expected(of))


@pytest.mark.parametrize(("of", "reply"), WRONG)
def test_a_rival_a_denial_or_too_many_words_are_wrong(of: Fact, reply: str) -> None:
    assert not KEY.is_right(reply, expected(of))


def test_where_a_short_answer_is_taught_a_sentence_is_wrong() -> None:
    said = "O técnico do Liverpool era Arne Slot."
    assert not KEY.is_right(said, expected(SLOT, style="short"))
    assert KEY.is_right("arne slot", expected(SLOT, style="short"))
    assert KEY.says(said, expected(SLOT, style="short"))


def test_what_the_question_names_is_no_rival() -> None:
    asked = expected(SLOT, question="Quem treinava o Liverpool que enfrentou o de Hansi Flick?")
    assert KEY.is_right("O Liverpool que enfrentou o de Hansi Flick era de Arne Slot.", asked)


def test_what_the_question_asks_with_a_denial_may_be_answered_with_it() -> None:
    free = Expected("hidden tests", style="sentence", question="Which tests are not run?")
    assert KEY.is_right("The hidden tests are not run.", free)


def test_of_a_question_that_people_wrote_the_answer_tells_the_rivals() -> None:
    free = Expected("Arne Slot", style="sentence", question="quem treina o liverpool")
    assert KEY.is_right("é o Arne Slot", free)
    assert not KEY.is_right("é o Arne Slot, ou Hansi Flick", free)
    assert AnswerKey().is_right("é o Arne Slot, ou Hansi Flick", free)


def test_another_name_of_the_answer_is_no_rival_of_a_question_that_people_wrote() -> None:
    told = fact("quiz", "command", "prepare", "It begins with prepare.", "prepare command")
    rival = fact("quiz", "command", "collect", "It ends with collect.")
    free, key = Expected("prepare", question="how does a quiz begin?"), AnswerKey([told, rival])
    assert key.says("It begins with the prepare command.", free)
    assert not key.says("It begins with the prepare command, or with collect.", free)


def test_as_long_as_the_sentence_that_was_taught_a_reply_may_be() -> None:
    long = f"Arne Slot treinava {'muito ' * 50}."
    told = Expected("Arne Slot", style="sentence", taught=long)
    assert KEY.is_right(long, told)
