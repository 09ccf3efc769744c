"""What the command says, without a store and without a service."""

from pathlib import Path

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


@pytest.mark.parametrize("number", ["nan", "inf"])
@pytest.mark.parametrize(
    "command",
    [
        ["wait", "http://127.0.0.1:1/v1", "--seconds"],
        ["gc", "--older-than"],
        ["teacher", "--replies", "none", "--latency"],
        ["teacher", "--replies", "none", "--rate-429"],
    ],
)
def test_a_number_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], command: list[str], number: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", *command, number])
    assert ended.value.code == 64
    assert f"Invalid value for '{command[-1]}': " in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["report", "--run"],
        ["report", "--channel"],
        ["rollback", "--channel"],
        ["runs", "--pipeline"],
        ["serve", "--model-digest"],
        ["serve", "--model"],
        ["serve", "--host"],
        ["cache", "--to", "cache", "--base"],
        ["cache", "--to"],
        ["export", "folder", "--to", "model", "--digest"],
        ["export", "hub", "--to"],
        ["show", "facts", "--run"],
        ["review", "--to"],
        ["status", "--release"],
        ["fetch", "org/name", "--to"],
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_taken_as_left_out(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", *command, ""])
    assert ended.value.code == 64
    assert f"Invalid value for '{command[-1]}': empty; give" in capsys.readouterr().err


def test_an_empty_folder_is_not_the_current_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", "init", ""])
    assert ended.value.code == 64
    assert "FOLDER: empty; give a folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["handbok", "pipeline.yaml", "", "../x"])
def test_no_refresh_is_asked_of_a_pipeline_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--log-format", "text", "refresh", name, "--store", str(tmp_path)])
    assert ended.value.code == 65
    assert "no run" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
