import io
import os
import pty
import sys

import pytest
from rich.console import Console

from gabarito.commands.options import wrapped
from gabarito.pipeline.plan import Step
from gabarito.pipeline.view import LineView, TableView, open_view

PROGRESS = {
    "event": "progress",
    "what": "steps",
    "done": 3,
    "total": 10,
    "loss": 0.25,
    "speed": 8254.7,
}


def drawn(view: TableView) -> str:
    page = io.StringIO()
    Console(file=page, width=120).print(view)
    return page.getvalue()


def test_a_table_shows_each_stage_as_it_is() -> None:
    view = TableView(["ingest", "train", "merge"])
    view.ended("ingest", "kept", "26 documents")
    view.started("train")
    view.event("train", PROGRESS)
    text = drawn(view)
    assert "26 documents" in text
    assert "3/10 steps · loss 0.25 · speed 8,255" in text
    assert "merge" in text


def test_warnings_stay_below_the_table() -> None:
    view = TableView(["ingest"])
    view.started("ingest")
    view.event("ingest", {"level": "warning", "event": "file dropped", "path": "a.pdf"})
    assert "! ingest: file dropped path=a.pdf" in drawn(view)


def test_a_warning_about_a_file_is_a_sentence() -> None:
    view = TableView(["ingest"])
    about: dict[str, object] = {"level": "warning", "event": "file dropped"}
    about |= {"file": "a.pdf", "reason": "no text", "detail": ""}
    view.event("ingest", about)
    assert "! ingest: file dropped: a.pdf: no text\n" in drawn(view).replace(" \n", "\n")


def test_what_others_wrote_is_shown_and_not_obeyed() -> None:
    view = TableView(["ingest"])
    warning: dict[str, object] = {"level": "warning", "event": "file dropped"}
    warning["path"] = "\x1b]0;a\x07[/]" + "b" * 9000
    view.event("ingest", warning)
    text = drawn(view)
    assert "path=\\x1b]0;a\\x07[/]" in text
    assert len(text) < 3000


def test_a_summary_is_no_markup() -> None:
    view = TableView(["ingest"])
    view.ended("ingest", "done", "1 in [/] [red]")
    assert "1 in [/] [red]" in drawn(view)


def test_a_stage_that_was_asked_to_stop_says_so() -> None:
    view = TableView(["train"])
    view.started("train")
    view.stopping("train")
    assert "stopping, once what is in hand is saved" in drawn(view)


ECHO = """
import sys, termios
from gabarito.pipeline.view import _without_echo
echoes = lambda: bool(termios.tcgetattr(sys.stdin)[3] & termios.ECHO)
with _without_echo():
    during = echoes()
print("echo", during, echoes())
"""


def test_no_sign_of_a_key_is_written_into_the_table() -> None:
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-c", ECHO])
    said = b""
    while b"echo" not in said or not said.endswith(b"\n"):
        said += os.read(terminal, 1000)
    os.waitpid(child, 0)
    os.close(terminal)
    assert b"echo False True" in said


def test_a_line_is_broken_between_words_only() -> None:
    line = "  ingest    done  superseded 1, exact duplicate 1"
    lines = wrapped(line, 12, width=36).splitlines()
    assert lines == ["  ingest    done  superseded 1,", "            exact duplicate 1"]
    assert wrapped(line, 12, width=80) == line


def test_elsewhere_each_event_is_a_line() -> None:
    page = io.StringIO()
    view = LineView(Console(file=page, width=120), every_s=0)
    view.started("train")
    view.event("train", PROGRESS)
    view.ended("train", "done", "10 steps")
    lines = page.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["started", "3/10", "done"]


def test_the_view_suits_where_the_output_goes() -> None:
    steps = [Step("ingest", "f", "missing")]
    with open_view(Console(file=io.StringIO()), steps) as view:
        assert isinstance(view, LineView)
    with open_view(Console(file=io.StringIO(), force_terminal=True), steps) as view:
        assert isinstance(view, TableView)


def test_a_table_needs_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with open_view(Console(file=io.StringIO(), force_terminal=True), []) as view:
        assert isinstance(view, TableView)
