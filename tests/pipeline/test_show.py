"""`gabarito show`: what a run made and dropped, by the command alone."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

Project = Any


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory, teacher_url: str) -> Project:
    """A project that has come as far as its dataset, of four files, one of which cannot be read."""
    from tests.pipeline.conftest import Project as RealProject

    project = RealProject(tmp_path_factory.mktemp("curated"), teacher_url)
    (project.folder / "pages" / "alt.doc").write_bytes(b"anything")
    done = project.run("--until", "curate")
    assert done.code == 0, done.err
    return project


def rows(project: Project, *arguments: str) -> list[dict[str, Any]]:
    done = project.call("show", *arguments, "--as", "jsonl")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_every_document_is_shown_with_its_account(curated: Project) -> None:
    documents = rows(curated, "documents")
    assert {row["source"] for row in documents} == {
        f"pages/{name}.md" for name in ("premios", "tecnicos", "final")
    }
    assert all(row["words"] > 50 and row["text"] for row in documents)


def test_the_facts_and_questions_of_one_document_can_be_asked_for(curated: Project) -> None:
    facts = rows(curated, "facts", "--document", "tecnicos")
    assert facts
    assert {row["source"] for row in facts} == {"pages/tecnicos.md"}
    asked = rows(curated, "questions", "--document", facts[0]["document"])
    assert {row["fact"] for row in asked} == {row["fact"] for row in facts}


def test_every_drop_has_its_stage_and_reason(curated: Project) -> None:
    dropped = rows(curated, "ledger")
    assert [row["item"] for row in dropped if row["stage"] == "ingest"] == ["pages/alt.doc"]
    assert {row["stage"] for row in dropped} >= {"ingest", "generate", "curate"}
    assert all(row["reason"] for row in dropped)


def test_drops_are_found_by_reason_and_by_the_document_of_their_passage(curated: Project) -> None:
    assert {row["stage"] for row in rows(curated, "ledger", "--reason", "unsupported")} == {
        "ingest"
    }
    of_page = rows(curated, "ledger", "--document", "premios.md")
    assert {row["source"] for row in of_page} <= {"pages/premios.md"}


def test_coverage_names_what_stands_in_no_fact(curated: Project) -> None:
    shares = {row["source"]: row["percent"] for row in rows(curated, "coverage")}
    assert len(shares) == 3
    assert all(0 < share <= 100 for share in shares.values())


def test_csv_and_a_page_are_written_to_a_file(curated: Project, tmp_path: Path) -> None:
    table, page = tmp_path / "facts.csv", tmp_path / "facts.html"
    for form, path in (("csv", table), ("html", page)):
        done = curated.call("show", "facts", "--as", form, "--to", str(path))
        assert done.code == 0, done.err
    read = list(csv.DictReader(io.StringIO(table.read_text())))
    assert done.out == f"wrote {len(read)} rows of facts to {page}\n"
    assert page.read_text().count("<tr>") == len(read) + 1


def test_a_run_that_is_not_there_is_named(curated: Project, tmp_path: Path) -> None:
    done = curated.call("show", "facts", "--run", "0" * 12)
    assert (done.code, "no run '000000000000'" in done.err) == (65, True)
    empty = curated.call("show", "facts", "--store", str(tmp_path))
    assert (empty.code, "no run yet" in empty.err) == (65, True)


def test_a_stage_that_is_not_finished_is_named(project: Project) -> None:
    assert project.run("--until", "ingest").code == 0
    assert project.call("show", "documents").code == 0
    done = project.call("show", "facts")
    assert (done.code, "generate is not finished" in done.err) == (65, True)
