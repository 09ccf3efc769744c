"""Pairs that people have, by the command alone: in, through curate, and out again."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Done, gabarito

SOURCE = {"type": "pairs", "path": "pares.csv", "question": "Pergunta", "answer": "Resposta"}
ROWS = 989
FLAWED = (
    "Quem é o técnico do time 0?;Treinador 0;0",  # stands there already
    "Quem preside o time 1?;Rita;",
    "Quem preside o time 1?;Bia;",
    *(f"Quem treina a base {n}?;;" for n in range(4)),
    *(f"Quem \x81 dirige o time {n}?;Zé;" for n in range(4)),
)
"""With those above a thousand rows, of which these are no pairs, or not one more."""


class Pairs:
    """A pipeline file over a table of pairs, without a teacher, and its store."""

    def __init__(self, folder: Path, **columns: str) -> None:
        self.folder = folder
        lines = [f"Quem é o técnico do time {n}?;Treinador {n};{n // 4}" for n in range(ROWS)]
        table = "\n".join(["Pergunta;Resposta;Grupo", *lines, *FLAWED])
        (folder / "pares.csv").write_bytes(table.encode("latin-1"))
        self.write({"name": "pares", "ingest": {"sources": [SOURCE | columns]}})

    def write(self, settings: dict[str, Any]) -> None:
        (self.folder / "pipeline.yaml").write_text(yaml.safe_dump(settings))

    def call(self, command: str, *arguments: str) -> Done:
        return gabarito(command, *arguments, "--store", "store", cwd=self.folder)


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    pairs = Pairs(tmp_path_factory.mktemp("pairs"))
    done = pairs.call("run", "pipeline.yaml", "--until", "curate")
    assert done.code == 0, done.err
    return pairs


def test_the_check_counts_pairs_and_names_the_rows_that_are_none(curated: Pairs) -> None:
    done = curated.call("check", "pipeline.yaml")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert f"{ROWS} pairs · 1,000 rows of pairs" in said
    assert "empty cell: 4 rows (pares.csv:994: answer (Resposta)); fill it in" in said
    assert "same question with another answer: 2 rows (pares.csv:992: 'Rita', but 'Bia'" in said
    assert "row in a broken encoding: 4 rows" in said
    assert "same row twice: 1 row (pares.csv:991: as pares.csv:2)" in said
    assert "warning teacher: none: the pairs are trained as they stand" in said
    assert "ready to run with --until curate" in done.out


def test_a_missing_column_is_found_before_anything_is_made(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path, answer="Answer")
    said = "ingest.sources.0.answer: pares.csv has no column 'Answer'; its columns are 'Pergunta'"
    for command in (("check", "pipeline.yaml"), ("run", "pipeline.yaml", "--until", "ingest")):
        done = pairs.call(*command)
        assert (done.code, said in done.err + done.out) == (65, True)


def test_a_broken_line_of_corrections_is_told_before_anything_is_made(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    (tmp_path / "c.jsonl").write_text('{"fact": "x", "action": "strike"}\nnonsense\n')
    curate = {"corrections": "c.jsonl"}
    pairs.write({"name": "pares", "ingest": {"sources": [SOURCE]}, "curate": curate})
    done = pairs.call("run", "pipeline.yaml", "--until", "curate")
    assert (done.code, "c.jsonl:2: not JSON from character 2 on" in done.err) == (65, True)
    assert not (tmp_path / "store/artifacts").exists()


def test_the_status_knows_of_no_teacher(curated: Pairs) -> None:
    status = curated.call("status").out
    assert f"{ROWS} facts given by people" in status
    assert "train     cannot run without train.base" in status


def test_facts_and_questions_are_shown_with_file_and_row(curated: Pairs) -> None:
    facts = curated.call("show", "facts", "--as", "jsonl").out.splitlines()
    assert json.loads(facts[0])["source"] == "pares.csv:2"
    asked = curated.call("show", "questions", "--as", "jsonl").out.splitlines()
    assert (json.loads(asked[-1])["source"], json.loads(asked[-1])["family"]) == (
        "pares.csv:990",
        "given",
    )


def test_a_single_pair_is_walked_to_the_gate(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    (tmp_path / "pares.csv").write_text("Pergunta;Resposta\nQuem dirige o time 1?;Zé\n")
    settings: dict[str, Any] = {
        "name": "um",
        "ingest": {"sources": [SOURCE]},
        "generate": {"language": "pt"},
        "curate": {"tasks": None},
        "train": {"base": "gabarito:demo/nano", "steps": 2, "batch_size": 4, "rank": 4},
        "evaluate": {"retention_sample": 4, "compared_sample": 1},
    }
    pairs.write(settings)
    trained = pairs.call("run", "pipeline.yaml", "--until", "train")
    assert trained.code == 0, trained.err
    done = pairs.call("run", "pipeline.yaml")
    assert done.code == 1, done.err
    assert "evaluate  done in" in done.out
    assert "gate failed, channel 'um' is left as it is" in done.out
    assert "that is not clear of zero; " in done.out


def test_documents_need_a_teacher_still(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    (tmp_path / "page.md").write_text("text")
    files = {"type": "files", "path": "page.md"}
    pairs.write({"name": "x", "ingest": {"sources": [SOURCE, files]}})
    done = pairs.call("run", "pipeline.yaml", "--until", "curate")
    assert (done.code, "generate.teacher: missing; it has no default" in done.err) == (78, True)


def test_the_dataset_goes_out_in_the_columns_it_came_in(curated: Pairs) -> None:
    done = curated.call("export", "dataset", "--to", "out")
    assert (done.code, done.out) == (0, f"wrote {ROWS} rows to out\n")
    with (curated.folder / "out/pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = (curated.folder / "out/pairs.jsonl").read_text(encoding="utf-8").splitlines()
    assert rows == [json.loads(line) for line in lines]
    assert rows[0]["Pergunta"] == "Quem é o técnico do time 0?"
    assert [*rows[0]] == ["Pergunta", "Resposta", "fact", "source", "split", "kind", "family"]


def test_what_went_out_as_parquet_comes_in_again(curated: Pairs, tmp_path: Path) -> None:
    done = curated.call("export", "dataset", "--to", str(tmp_path / "out"), "--format", "parquet")
    assert (done.code, done.err) == (0, "")
    again = Pairs(tmp_path, path="out/pairs.parquet")
    assert f"{ROWS} pairs" in again.call("check", "pipeline.yaml").out


def test_an_export_needs_a_dataset_and_a_folder_of_its_own(curated: Pairs, tmp_path: Path) -> None:
    assert curated.call("export", "dataset", "--to", ".").code == 64
    pairs = Pairs(tmp_path)
    pairs.call("run", "pipeline.yaml", "--until", "ingest")
    done = pairs.call("export", "dataset", "--to", "out")
    assert (done.code, "curate is not finished" in done.err) == (65, True)
    assert not (tmp_path / "out").exists()


def test_questions_for_other_years_are_refused_without_a_teacher(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    rows = [f"Quem venceu a Liga {n} de 2024/25?;Time {n}" for n in range(30)]
    (tmp_path / "pares.csv").write_text("\n".join(["Pergunta;Resposta", *rows]))
    done = pairs.call("run", "pipeline.yaml", "--until", "curate")
    assert "68 train · 0 validation · 0 test · 0 free" in done.out
    (train,) = (tmp_path / "store").rglob("train.jsonl")
    refused = [row for row in map(json.loads, train.read_text().splitlines()) if row["group"]]
    assert {(row["kind"], row["group"]) for row in refused} == {("refusal", "period")}
    assert not any("2024/25" in row["messages"][-2]["content"] for row in refused)
    (asked,) = (tmp_path / "store").rglob("unanswerable.jsonl")
    assert asked.read_text()


def test_rows_of_a_group_test_one_another(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path, group="Grupo")
    wordings = ("Quem treina o Galo?", "Qual é o nome do técnico?", "Diga o treinador mineiro.")
    table = "\n".join(["Pergunta;Resposta;Grupo", *(f"{text};Rui;1" for text in wordings)])
    (tmp_path / "pares.csv").write_text(table)
    done = pairs.call("run", "pipeline.yaml", "--until", "curate")
    assert "2 train · 0 validation · 1 test" in done.out
