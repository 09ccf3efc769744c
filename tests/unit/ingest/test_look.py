"""`gabarito ingest FOLDER`: what is said of each file, without anything being written."""

import contextlib
import json
import logging
import os
import pty
import sys
from pathlib import Path
from typing import Any

import pytest

from gabarito.cli import main
from gabarito.core.errors import Interrupted
from gabarito.ingest import look
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.look import Preview, config_for, sample_of
from gabarito.ingest.sources import FilesSource

OPENING = "The library opens at nine and closes at six, except on Sundays. " * 6
PAGE = f"<html><body><h1>Hours</h1><p>{OPENING}</p></body></html>"


def run(*arguments: str) -> int:
    """Run the command and return its exit code."""
    try:
        main(["--log-format", "text", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def files_in(folder: Path) -> list[SourceFile]:
    return find_files([FilesSource(type="files", path=str(folder))])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files, as people have them, in the folder from which the command is called."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.html").write_text(PAGE)
    (docs / "b.md").write_text(OPENING.replace("six", "seven") + "\n\nIt has nine rooms.")
    (docs / "b.pdf").write_text(OPENING.replace("nine", "ten"))
    (docs / "c.doc").write_bytes(b"anything")
    (docs / "d.txt").write_text("short")
    (docs / ".hidden").write_text("x")
    return docs


@pytest.mark.usefixtures("folder")
def test_each_file_is_listed_with_what_was_read_or_why_it_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("ingest", "docs") == 0
    said = capsys.readouterr().out
    assert "kept     docs/b.md (md): 76 words in English\n" in said
    assert "docs/c.doc (doc): unsupported format: Word before 2007; open it in Word or" in said
    assert "docs/d.txt (txt): too short: 5 characters, at least 200 wanted; lower ingest" in said
    assert ".hidden" not in said
    assert (
        said.splitlines()[-2]
        == "formats  1 of 1 html, 1 of 1 md, 0 of 1 pdf, 0 of 1 doc, 0 of 1 txt kept"
    )
    assert said.splitlines()[-1].startswith("total    6 files · ")
    assert said.splitlines()[-1].endswith(" · 1 hidden or temporary file passed over")


def test_what_was_left_out_of_a_file_is_said_by_kind_with_a_sample(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = "<nav><a href='/'>Home page</a> <a href='/x'>Contact us</a></nav>"
    (folder / "e.html").write_text(PAGE.replace("<body>", f"<body>{links}"))
    assert run("ingest", "docs/e.html") == 0
    said = capsys.readouterr().out
    assert "         left out: 4 words, navigation: “Home page Contact us”\n" in said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("e", OPENING, "(no ending): unsupported format: no ending; give it the ending of its"),
        ("e.ZIP", "PK", "(zip): unsupported format: .zip; unpack it into the folder"),
        ("e.txt", "", "(txt): no text: an empty file; fetch it again, or remove it"),
        ("e.html", "<p></p>", "(html): no text; save the page as the browser shows it"),
        ("b.txt", OPENING.replace("six", "seven"), "(txt): contained in docs/b.md\n"),
    ],
)
def test_the_cure_is_the_one_of_this_file(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str
) -> None:
    (folder / name).write_text(text)
    assert run("ingest", "docs") == 0
    assert f"docs/{name} {said}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("gone", "out of reach: a link: No such file or directory; mend the link, or remove it"),
        ("../secret", "that leads out of the source is not followed; copy what it leads to into"),
    ],
)
def test_a_link_is_mended_otherwise_than_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str], target: str, said: str
) -> None:
    (folder.parent / "secret").write_text(OPENING)
    (folder / "e.txt").symlink_to(target)
    assert run("ingest", "docs") == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".hidden", "PATH: no document in 'few': 1 hidden or temporary ('few/.hidden'); give it a"),
        ("", "PATH: 'few' holds no files; put md, txt, html, pdf"),
    ],
)
def test_a_folder_with_nothing_to_read_is_told_as_the_argument_that_named_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few").mkdir()
    if name:
        (tmp_path / "few" / name).write_text("x")
    assert run("ingest", "few") == 65
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.usefixtures("folder")
def test_on_a_terminal_a_line_says_which_file_is_being_read() -> None:
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-m", "gabarito", "ingest", "docs"])
    said = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while read := os.read(terminal, 1000):
            said += read
    os.waitpid(child, 0)
    os.close(terminal)
    shown = said.decode()
    assert "docs/" in shown.partition("kept     docs/a.html")[0]  # small files are read at once
    assert "progress" not in shown


def test_of_two_versions_of_a_text_the_older_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = "Employees have {} days of leave a year and ask for them by {}. " + OPENING
    (folder / "policy-2024.txt").write_text(rules.format(25, "letter"))
    (folder / "policy-2025.txt").write_text(rules.format(28, "form"))
    assert run("ingest", "docs") == 0
    said = capsys.readouterr().out
    assert "kept     docs/policy-2025.txt" in said
    assert "dropped  docs/policy-2024.txt (txt): " in said


@pytest.mark.usefixtures("folder")
def test_looking_writes_nothing_and_warns_of_nothing_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run("ingest", "docs") == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.usefixtures("folder")
def test_machines_get_the_same_as_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ingest", "docs", "--json") == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    files = {file["source"]: file for file in said["files"]}
    assert files["docs/b.md"]["words_kept"] == 76
    assert files["docs/d.txt"]["cure"] == "lower ingest.min_chars"
    assert said["totals"]["files"] == 6
    assert said["totals"]["rejected.too short"] == 1


def test_what_looks_wrong_is_said_below_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "e.txt").write_text(PAGE.replace("six", "eight"))
    assert run("ingest", "docs/e.txt") == 0
    assert "         look at:  its content is that of .html" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["docs/c.doc"], 65, "PATH: no document in 'docs/c.doc': 1 unsupported format"),
        (["nowhere"], 65, "PATH: no such file or folder, got 'nowhere'; correct it"),
        (["pipeline.yaml"], 64, "run gabarito run pipeline.yaml --until ingest"),
        ([], 64, "PATH: give a file or folder to look at, or a run's id with --run"),
        (["docs", "--run", "1"], 64, "PATH: give a file or folder to look at, or a run's id"),
        (["--run", "1", "--json"], 64, "--json: needs PATH; leave it out with --run"),
        (["docs", "--ocr", "pt,xx"], 64, "--ocr: must be codes of languages that Tesseract has"),
        (["docs", "--ocr", ""], 64, "such as pt,en, got ''"),
        (["http://example.org:x"], 78, "must be a web address, such as"),
        (["ftp://example.org/a"], 78, "scheme 'ftp' is not read here"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run("ingest", *arguments) == code
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("languages", ["pt,en", "pt, en", "por eng", "POR+eng", "pt;en;pt"])
def test_languages_of_pictures_are_read_as_people_write_them(
    languages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def kept(path: str, setting: str, ocr: tuple[str, ...]) -> IngestConfig:
        given.append(ocr)
        return config_for(path, setting)

    monkeypatch.setattr("gabarito.ingest.look.config_for", kept)
    run("ingest", "docs", "--ocr", languages)
    assert given == [("pt", "en")]


def test_a_name_cannot_write_lines_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x\nkept  \x1b[2J.txt").write_text("short")
    assert run("ingest", "docs") == 0
    said = capsys.readouterr().out
    assert r"docs/x\nkept  \x1b[2J.txt (txt): too short" in said
    assert "\x1b" not in said


def test_a_sample_is_spread_over_the_files_that_can_be_read(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number:03}.{'md' if number % 2 else 'png'}").write_text("x")
    read_first = [file.below for file in sample_of(files_in(tmp_path))]
    names = sorted(read_first)
    assert len(names) == look.SAMPLE_FILES
    assert (names[0], names[1], names[-1]) == ("001.md", "005.md", "197.md")
    assert read_first[:4] == ["001.md", "129.md", "065.md", "193.md"]


def test_a_sample_is_read_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(OPENING)
    monkeypatch.setattr(look, "SAMPLE_S", 0)
    results = Preview(config_for(str(tmp_path), "PATH")).read_some(files_in(tmp_path))
    assert len(results) == 1


@pytest.mark.usefixtures("folder")
def test_a_look_that_is_stopped_promises_nothing_that_is_saved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt("stopped by SIGINT; what is finished is saved, start again")

    monkeypatch.setattr("gabarito.ingest.look.Preview.read", stopped)
    assert run("ingest", "docs") == Interrupted.exit_code
    said = capsys.readouterr().err
    assert "docs: stopped; a look saves nothing, start again" in said
