"""What a person decides is in the file at once, and the file never contradicts itself."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gabarito.core.errors import AccessError, ConflictError, DataError
from gabarito.curate.corrections import Action, Correction
from gabarito.pipeline.review.corrections_file import CorrectionsFile, open_corrections


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "corrections.jsonl"


@pytest.fixture
def file(path: Path) -> Iterator[CorrectionsFile]:
    with open_corrections(path) as opened:
        yield opened


def said(action: Action, value: str = "", fact: str = "f") -> Correction:
    return Correction(fact=fact, action=action, value=value)


def lines_of(path: Path) -> list[tuple[str, str, str]]:
    read = map(Correction.model_validate_json, path.read_text().splitlines())
    return [(one.fact, one.action, one.value) for one in read]


def test_a_decision_is_a_line_at_once(file: CorrectionsFile, path: Path) -> None:
    file.add(said("answer", "9"))
    assert path.read_text() == '{"fact":"f","action":"answer","value":"9"}\n'
    file.add(said("checked", fact="g"))
    assert lines_of(path) == [("f", "answer", "9"), ("g", "checked", "")]


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [
        (("answer", "9"), ("answer", "8"), ["answer"]),
        (("answer", "9"), ("statement", "S."), ["answer", "statement"]),
        (("answer", "9"), ("alias", "nine"), ["answer", "alias"]),
        (("answer", "9"), ("strike", ""), ["strike"]),
        (("strike", ""), ("answer", "9"), ["answer"]),
        (("strike", ""), ("checked", ""), ["checked"]),
        (("checked", ""), ("checked", ""), ["checked"]),
        (("alias", "nine"), ("alias", "nine"), ["alias"]),
    ],
)
def test_a_later_decision_takes_the_place_of_what_it_contradicts(
    file: CorrectionsFile,
    path: Path,
    first: tuple[Action, str],
    then: tuple[Action, str],
    left: list[str],
) -> None:
    file.add(said(*first))
    file.add(said(*then))
    assert [action for _, action, _ in lines_of(path)] == left


def of_wording(question: str, value: str = "") -> Correction:
    return Correction(fact="f", action="wording", question=question, value=value)


def test_a_later_decision_about_a_wording_takes_the_place_of_the_earlier_about_the_same(
    file: CorrectionsFile, path: Path
) -> None:
    for one in (of_wording("A?", "a?"), of_wording("B?"), of_wording("A?"), of_wording("B?")):
        file.add(one)
    read = map(Correction.model_validate_json, path.read_text().splitlines())
    assert [(one.question, one.value) for one in read] == [("A?", ""), ("B?", "")]
    file.add(said("strike"))
    assert lines_of(path) == [("f", "strike", "")]
    file.add(of_wording("A?"))
    assert lines_of(path) == [("f", "wording", "")]


def test_what_is_said_of_other_facts_stays_byte_for_byte(path: Path) -> None:
    theirs = '{"action": "strike",  "fact": "g"}'
    path.write_text(f'\n{theirs}\n{{"fact": "f", "action": "answer", "value": "7"}}')
    with open_corrections(path) as file:
        file.add(said("answer", "9"))
        file.clear("f")
    assert path.read_text() == f"\n{theirs}\n"


def test_a_last_line_without_an_end_is_not_run_together_with_the_next(path: Path) -> None:
    path.write_text('{"fact": "g", "action": "strike"}')
    with open_corrections(path) as file:
        file.add(said("checked"))
    assert lines_of(path) == [("g", "strike", ""), ("f", "checked", "")]


def test_undo_takes_back_one_decision_after_the_other(file: CorrectionsFile, path: Path) -> None:
    for one in (said("answer", "9"), said("alias", "nine"), said("strike"), said("checked")):
        file.add(one)
    undone = []
    while file.undo():
        undone.append([action for _, action, _ in lines_of(path)])
    assert undone == [["strike"], ["answer", "alias"], ["answer"], []]


def test_what_was_said_on_an_earlier_day_can_be_cleared_and_that_undone(path: Path) -> None:
    with open_corrections(path) as file:
        file.add(said("answer", "9"))
    with open_corrections(path) as file:
        assert file.undo() == ""
        file.clear("f")
        assert lines_of(path) == []
        assert file.undo() == "f"
    assert lines_of(path) == [("f", "answer", "9")]


def test_what_somebody_else_wrote_meanwhile_is_kept(file: CorrectionsFile, path: Path) -> None:
    file.add(said("answer", "9"))
    with path.open("a") as editor:
        editor.write('{"fact": "g", "action": "strike"}\n')
    file.add(said("answer", "8"))
    assert lines_of(path) == [("g", "strike", ""), ("f", "answer", "8")]


def test_a_line_that_somebody_broke_meanwhile_is_named_and_nothing_lost(
    file: CorrectionsFile, path: Path
) -> None:
    file.add(said("answer", "9"))
    with path.open("a") as editor:
        editor.write("nonsense\n")
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"corrections\.jsonl:2: not JSON from character 2 on"):
        file.add(said("strike"))
    assert path.read_bytes() == before


def test_a_second_one_on_the_same_file_is_refused(file: CorrectionsFile, path: Path) -> None:
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    for same in (path, link):
        with (
            pytest.raises(ConflictError, match=r"another gabarito review writes to it.*--to"),
            open_corrections(same),
        ):
            pass


def test_a_killed_process_leaves_every_decision_and_no_lock(path: Path) -> None:
    script = f"""
import os, pathlib
from gabarito.curate.corrections import Correction
from gabarito.pipeline.review.corrections_file import open_corrections
with open_corrections(pathlib.Path({str(path)!r})) as file:
    for n in range(20):
        file.add(Correction(fact="f", action="alias", value=str(n)))
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with open_corrections(path) as file:
        assert len(file.about("f")) == 20


def test_an_error_of_what_is_done_with_the_file_is_not_taken_for_the_disk_s(path: Path) -> None:
    with pytest.raises(BrokenPipeError), open_corrections(path):
        raise BrokenPipeError


def test_a_file_in_which_nothing_was_decided_is_not_left_behind(path: Path) -> None:
    with open_corrections(path) as file:
        file.add(said("strike"))
        file.undo()
    assert list(path.parent.iterdir()) == []
    path.touch()
    with open_corrections(path):
        pass
    assert path.exists()


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    with open_corrections(path) as file:
        file.add(said("strike"))
        file.add(said("checked"))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("folder", DataError, "folder: a folder; name a file in it"),
        ("folder/gone/c.jsonl", DataError, "no such file; check the path"),
        ("/proc/c.jsonl", (AccessError, DataError), r"c\.jsonl"),
        (
            "broken.jsonl",
            DataError,
            r"broken\.jsonl:2: answer needs a value, got '', in '{.*; correct that line, or remove",
        ),
        ("bytes.jsonl", DataError, r"bytes\.jsonl: not a UTF-8 text file.*save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    (tmp_path / "broken.jsonl").write_text('\n{"fact": "f", "action": "answer"}\n')
    with pytest.raises(error, match=message), open_corrections(tmp_path / name):
        pass
