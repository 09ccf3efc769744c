"""What the command says, without a store and without a service."""

import pytest

from gabarito.cli import main


def test_a_long_message_is_cut_and_shows_what_a_terminal_would_obey(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", "\x1b[2J" + "a" * 1_000_000])
    said = capsys.readouterr().err
    assert ended.value.code == 64
    assert "\x1b" not in said
    assert r"\x1b[2J" in said
    assert len(said) < 10_000


def test_an_empty_question_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", "ask", "  "])
    assert ended.value.code == 64
    assert "QUESTION: empty; write a question" in capsys.readouterr().err


def test_a_command_under_its_old_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", "conduct"])
    assert ended.value.code == 64
    assert "No such command 'conduct'; it is called controller now" in capsys.readouterr().err
