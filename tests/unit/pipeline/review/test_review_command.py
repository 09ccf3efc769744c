"""Which run and which file the command takes, told by the page that it writes."""

from pathlib import Path

import pytest
from tests.reviewed import Reviewed

from gabarito.cli import main


def page_of(reviewed: Reviewed, *options: str) -> str:
    page = reviewed.folder / "facts.html"
    store = ["--store", str(reviewed.folder / "store")]
    main(["--log-format", "text", "review", *options, *store, "--read-only", "--to", str(page)])
    return page.read_text()


def refused(reviewed: Reviewed, *options: str) -> int:
    with pytest.raises(SystemExit) as ended:
        page_of(reviewed, *options)
    return int(str(ended.value.code))


def test_the_run_is_that_of_the_file_or_the_one_that_is_named_or_the_last(
    reviewed: Reviewed,
) -> None:
    pages = [page_of(reviewed, *of) for of in ((str(reviewed.path),), ("--run", reviewed.run.run))]
    assert pages == [page_of(reviewed)] * 2


def test_what_curate_said_stands_until_it_has_run_with_the_new_corrections(
    reviewed: Reviewed,
) -> None:
    fact = reviewed.facts[0].id
    (reviewed.folder / "c.jsonl").write_text(f'{{"fact": "{fact}", "action": "checked"}}\n')
    reviewed.write({"corrections": "c.jsonl"})
    page = page_of(reviewed, str(reviewed.path))
    assert '"said":"two answers"' in page
    assert '"checked":1' in page


def test_a_file_of_corrections_need_not_be_there_yet(reviewed: Reviewed) -> None:
    reviewed.write({"corrections": "still-to-come.jsonl"})
    assert '"open":6' in page_of(reviewed, str(reviewed.path))


def test_two_names_of_a_run_are_one_too_many(
    reviewed: Reviewed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(reviewed, str(reviewed.path), "--run", reviewed.run.run) == 64
    assert "--run: names a run, and so does PIPELINE" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_named(
    reviewed: Reviewed, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "facts.html").mkdir()
    assert refused(reviewed) == 65
    assert "facts.html: is a folder; name a file in it" in capsys.readouterr().err
