import time

import pytest

from gabarito.artifacts.artifact import Artifact
from gabarito.core.records import Document
from gabarito.ingest.outcomes import Outcome

from .conftest import Ingest

SAMPLE = "gabarito:demo/sources"


@pytest.fixture
def sample(ingest: Ingest) -> Artifact:
    return ingest(source_path=SAMPLE, min_chars=200)


def test_the_sample_comes_out_whole_but_for_its_two_duplicates(sample: Artifact) -> None:
    fates = [outcome.outcome for outcome in sample.records("outcomes.jsonl", Outcome)]
    assert len(fates) >= 25
    assert sorted(set(fates)) == ["exact duplicate", "kept", "superseded"]
    assert fates.count("kept") == len(fates) - 2


def test_no_page_of_the_sample_keeps_its_frame(sample: Artifact) -> None:
    texts = "\n".join(document.text for document in sample.records("documents.jsonl", Document))
    for noise in ("cookies", "Mais lidas", "Publicidade", "direitos reservados", "Tribuna"):
        assert noise not in texts


def test_the_tables_of_the_sample_are_rows(sample: Artifact) -> None:
    found = {document.source: document for document in sample.records("documents.jsonl", Document)}
    table = found["sources/tabela.html"].text
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert (rows[0][:2], rows[-1][:2]) == (["Posição", "Clube"], ["36º lugar", "Young Boys"])
    assert [len(row) for row in rows] == [9] * 37
    assert "| Salzburg | Áustria |" in found["sources/paises.docx"].text


def test_the_pages_of_the_sample_are_portuguese_and_have_titles(sample: Artifact) -> None:
    found = list(sample.records("documents.jsonl", Document))
    assert {document.language for document in found} == {"pt"}
    assert all("20" in d.title or " " in d.title for d in found)


def test_the_sample_is_read_in_seconds(ingest: Ingest) -> None:
    began = time.process_time()
    ingest(source_path=SAMPLE)
    assert time.process_time() - began < 6  # 2.6 s with all imports when it was written
