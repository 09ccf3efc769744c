"""The study's file: two columns, a thousand rows, and what a thousand rows have in them."""

from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest
from datasets import Dataset

from gabarito.core.errors import DataError, MissingError
from gabarito.core.pair_records import Pair
from gabarito.core.reasons import PairReason
from gabarito.core.records import Document, Rejection

from .conftest import Ingest

GOOD = 950
FLAWED = {
    PairReason.REPEATED_ROW: 20,
    PairReason.TWO_ANSWERS: 10,
    PairReason.EMPTY_CELL: 10,
    PairReason.BROKEN_ENCODING: 5,
    PairReason.LONG_AS_A_PAGE: 3,
    PairReason.OTHER_CELLS: 2,
}


def row(number: int) -> str:
    return f"Quem foi o técnico do clube {number} na edição passada, afinal?;João Patrício {number}"


def study(path: Path) -> Path:
    """Write rows in two encodings, one of them over two lines."""
    lines = [row(n).encode("cp1252" if n % 4 == 0 else "utf-8") for n in range(GOOD)]
    lines[1] = '"Quem foi o técnico\ndo clube 1?";"Zé ""Um"""'.encode()
    lines += [row(n).encode() for n in range(2, 22)]
    lines += [
        f"Qual é a cor do clube {n // 2}?;{'azul' if n % 2 else 'rosa'}".encode() for n in range(10)
    ]
    lines += [f"Qual é o hino do clube {n}?;".encode() for n in range(10)]
    lines += [f"Qual é a tradi\ufffd\ufffdo do clube {n}?;x".encode() for n in range(5)]
    lines += [f"O que diz a página {n}?;{'palavra ' * 500}".encode() for n in range(3)]
    lines += [f"E o clube {n}?;este; ou outro".encode() for n in range(2)]
    path.write_bytes(b"\xef\xbb\xbfPergunta;Resposta\r\n" + b"\r\n".join(lines) + b"\r\n")
    return path


def of_pairs(path: Path, **columns: str) -> dict[str, Any]:
    named = {"question": "Pergunta", "answer": "Resposta"} | columns
    return {"sources": [{"type": "pairs", "path": str(path), **named}]}


def test_what_lies_among_tables_and_is_none_is_told(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    study(tmp_path / "set/estudo.csv")
    (tmp_path / "set/mais.xlsx").write_bytes(b"PK")
    (tmp_path / "set/README.md").write_text("what this is")
    made = ingest(**of_pairs(tmp_path / "set"))
    told = [one for one in made.records("ledger.jsonl", Rejection) if "estudo" not in one.item]
    assert [(one.item, one.reason) for one in told] == [("set/mais.xlsx", PairReason.NO_TABLE)]


def test_an_empty_folder_of_pairs_wants_tables(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(DataError, match=r"put \.?csv, tsv, jsonl, parquet files there"):
        ingest(**of_pairs(tmp_path / "set"))


def test_a_thousand_rows_become_pairs_and_each_row_that_does_not_is_told(
    ingest: Ingest, tmp_path: Path
) -> None:
    made = ingest(**of_pairs(study(tmp_path / "estudo.csv")))
    pairs = list(made.records("pairs.jsonl", Pair))
    told = Counter(one.reason for one in made.records("ledger.jsonl", Rejection))
    assert (len(pairs), told) == (GOOD, FLAWED)
    assert pairs[4].answer == "João Patrício 4"
    assert (pairs[1].questions, pairs[1].answer) == (
        ("Quem foi o técnico\ndo clube 1?",),
        'Zé "Um"',
    )
    assert {pair.language for pair in pairs} == {"pt"}
    assert made.manifest.counts["rows_of_pairs"] == 1000


def test_pairs_alone_are_no_documents(ingest: Ingest, tmp_path: Path) -> None:
    made = ingest(**of_pairs(study(tmp_path / "estudo.csv")))
    assert list(made.records("documents.jsonl", Document)) == []
    assert "documents" not in made.manifest.counts


def test_a_column_that_is_missing_is_named_with_those_that_are_there(
    ingest: Ingest, tmp_path: Path
) -> None:
    settings = of_pairs(study(tmp_path / "estudo.csv"), answer="Answer", group="Grupo")
    said = (
        r"^ingest\.sources\.0\.answer and ingest\.sources\.0\.group: estudo\.csv has no column "
        r"'Answer', 'Grupo'; its columns are 'Pergunta', 'Resposta'; name one of them, or take "
    )
    with pytest.raises(DataError, match=said):
        ingest(**settings)


def test_rows_of_which_none_is_a_pair_are_an_error_with_the_cure(
    ingest: Ingest, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text("Pergunta;Resposta\nQuem?;\n")
    with pytest.raises(
        DataError, match=r"no pair in 1 row: empty cell: 1 row \(p\.csv:2: .*fill it"
    ):
        ingest(**of_pairs(tmp_path / "p.csv"))


def test_all_tables_of_a_folder_are_read_and_nothing_else(ingest: Ingest, tmp_path: Path) -> None:
    made = tmp_path / "tables"
    made.mkdir()
    (made / "a.csv").write_text("Pergunta,Resposta\nA?,a\n")
    (made / "b.jsonl").write_text('{"Pergunta": "B?", "Resposta": "b"}\n')
    (made / "notes.md").write_text("text")
    pairs = ingest(**of_pairs(made)).records("pairs.jsonl", Pair)
    assert [pair.row for pair in pairs] == ["tables/a.csv:2", "tables/b.jsonl:1"]


def test_pairs_and_documents_are_read_in_one_run(
    ingest: Ingest, folder: Path, tmp_path: Path
) -> None:
    (folder / "page.md").write_text("A page about the club, with some text to read in it.")
    files = {"type": "files", "path": str(folder)}
    settings = of_pairs(study(tmp_path / "estudo.csv"))
    made = ingest(sources=[files, *settings["sources"]])
    counts = made.manifest.counts
    assert (counts["documents"], counts["pairs"]) == (1, GOOD)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", r"\.path: p\.csv is empty; put the pairs there"),
        (
            "Pergunta;Resposta\n",
            r"^ingest\.sources\.0: '.*p\.csv': no pair in 0 rows: nothing stands below",
        ),
        ("Pergunta;Resposta;Resposta\nA?;a;b\n", "more than one column 'Resposta'; rename one"),
    ],
)
def test_a_table_whose_columns_say_nothing_is_an_error(
    ingest: Ingest, tmp_path: Path, table: str, said: str
) -> None:
    (tmp_path / "p.csv").write_text(table)
    with pytest.raises(DataError, match=said):
        ingest(**of_pairs(tmp_path / "p.csv"))


def test_tables_of_two_kinds_in_one_folder_are_refused(ingest: Ingest, folder: Path) -> None:
    (folder / "a.csv").write_text("Pergunta;Resposta\nQuem?;Rui\n")
    (folder / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"holds 'docs/b\.parquet' and 'docs/a\.csv'; name one"):
        ingest(**of_pairs(folder))


def test_a_table_out_of_reach_or_too_large_is_an_error(ingest: Ingest, folder: Path) -> None:
    (folder / "a.csv").write_text("Pergunta;Resposta\nQuem?;Rui\n")
    with pytest.raises(DataError, match=r"docs/a\.csv: 28 bytes, at most 9 wanted; raise"):
        ingest(**of_pairs(folder), max_bytes=9)
    (folder / "b.csv").symlink_to(folder / "none.csv")
    with pytest.raises(DataError, match=r"docs/b\.csv: a link: .*; mend or remove it"):
        ingest(**of_pairs(folder))


@pytest.mark.parametrize("below", ["pares/a.csv", "pares", "pares/a.parquet"])
def test_a_table_or_a_prefix_of_a_bucket_is_read(
    bucket: str, ingest: Ingest, tmp_path: Path, below: str
) -> None:
    rows = {"Pergunta": ["Quem?", "E?"], "Resposta": ["Rui", "sim"]}
    Dataset.from_dict(rows).to_parquet(tmp_path / "a.parquet")
    table = b"Pergunta;Resposta\nQuem?;Rui\nE?;sim\n"
    data = (tmp_path / "a.parquet").read_bytes() if "parquet" in below else table
    key = below if "." in below else f"{below}/a.csv"
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=data)
    settings = of_pairs(tmp_path)
    settings["sources"][0]["path"] = f"s3://{bucket}/{below}"
    pairs = ingest(**settings).records("pairs.jsonl", Pair)
    assert [pair.answer for pair in pairs] == ["Rui", "sim"]


def test_a_path_that_is_not_there_and_a_folder_without_a_table_are_told(
    ingest: Ingest, folder: Path
) -> None:
    with pytest.raises(MissingError, match=r"ingest\.sources\.0\.path: .* no such file"):
        ingest(**of_pairs(folder / "none.csv"))
    (folder / "a.xlsx").write_text("x")
    with pytest.raises(DataError, match=r"holds no table, but 'docs/a\.xlsx'; save the pairs as"):
        ingest(**of_pairs(folder))
