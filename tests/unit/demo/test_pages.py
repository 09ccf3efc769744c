import re
from collections import Counter

import pytest

from gabarito.core.records import Document

from .files import DEMO, documents, lines, stands_in

PROPER = ("club", "person")
NAMED = re.compile(
    r"(?:eliminou o|pontos o|técnico do|posição o|gols|minuto|qual clube) (.+?) "
    r"(?:fez|na|terminou|da|marcou|jogou)\b"
)


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents("gabarito:demo/sources")


def test_there_are_pages_of_every_format() -> None:
    files = list((DEMO / "sources").iterdir())
    formats = Counter(file.suffix for file in files)
    assert len(files) >= 25
    assert min(formats[suffix] for suffix in (".md", ".html", ".pdf", ".docx")) >= 3
    assert sum(file.stat().st_size for file in files) < 1_000_000


def test_one_page_is_a_copy_and_one_nearly_so(read: dict[str, Document]) -> None:
    assert read["final-copia"].text == read["final"].text
    assert read["numeros-antigo"].text != read["numeros"].text


def test_the_clubs_and_people_of_unanswerable_questions_stand_in_no_page(
    read: dict[str, Document],
) -> None:
    text = "\n".join(page.text for page in read.values())
    asked = [one["question"] for one in lines("unanswerable.jsonl") if one["group"] in PROPER]
    named = {found[1] for one in asked if (found := NAMED.search(one))}
    assert len(named) >= 30
    assert [name for name in sorted(named) if stands_in(name, text)] == []
