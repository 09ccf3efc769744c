import io

import pytest
from rich.console import Console
from rich.table import Table

from gabarito.answer_match import AnswerKey
from gabarito.chat.ask import EndpointReply
from gabarito.core.coverage import Coverage, Part
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.demo.interview import _Examiner, _InterviewRow, _marked, _print_rows


def test_an_answer_is_shown_and_not_obeyed() -> None:
    reply = EndpointReply(text="[/] [red]a\x1b[2J", probability=0.5, known=True)
    question = FreeQuestion(question="Who?", answer="a")
    table = Table(*(["answer"] * 2))
    row = _InterviewRow(question=question, base=reply, tuned=reply)
    table.add_row(*_marked(row, _Examiner(AnswerKey(), "short")))
    page = io.StringIO()
    Console(file=page, width=120).print(table)
    shown = page.getvalue()
    assert shown.count(r"[/] [red]a\x1b[2J (0.50)") == 2


def test_a_sentence_is_right_where_sentences_were_taught() -> None:
    reply = EndpointReply(text="The winner was Ana.", probability=0.5, known=True)
    question = FreeQuestion(question="Who won?", answer="Ana")
    assert _Examiner(AnswerKey(), "sentence").is_right(question, reply)
    assert not _Examiner(AnswerKey(), "short").is_right(question, reply)


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        (20, "coverage: 43.5% of the documents' 453 sentences support a fact"),
        (0, "coverage: people gave all of the facts, no document did"),
    ],
)
def test_beside_the_headline_stands_how_much_of_the_documents_it_is_of(
    documents: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    part = Part(count=197, total=453)
    whole = Part(count=documents, total=documents)
    found = Coverage(
        documents=whole, passages=whole, sentences=part, figures=part, names=part, by_document=()
    )
    reply = EndpointReply(text="Ana", probability=0.5, known=True)
    question = FreeQuestion(question="Who won?", answer="Ana")
    row = _InterviewRow(question=question, base=reply, tuned=reply)
    _print_rows([row], _Examiner(AnswerKey(), "short"), found)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"right before: 1 of 1, after: 1 of 1 {said}" in shown
