import io

from rich.console import Console
from rich.table import Table

from gabarito.answer_match import AnswerKey
from gabarito.chat.ask import EndpointReply
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.demo.interview import _Examiner, _InterviewRow, _marked


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
