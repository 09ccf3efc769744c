from collections.abc import Callable

import pytest

from gabarito.core.records import Document
from gabarito.core.shard import Shard
from gabarito.generate.passages import Passage, passages_of

DocumentOf = Callable[..., Document]


def words(text: str) -> list[str]:
    return text.replace("#", " ").split()


def paragraph(name: str, chars: int) -> str:
    return " ".join(f"{name}{number}" for number in range(1000))[:chars].rsplit(" ", 1)[0]


def cut(document: Document, max_chars: int) -> list[Passage]:
    return list(passages_of(document, max_chars))


def test_a_short_document_is_one_passage(document_of: DocumentOf) -> None:
    (passage,) = cut(document_of("# Um\n\nfoo\n\n## Dois\n\nbar"), 200)
    assert passage.text == "# Um\n\nfoo\n\n## Dois\n\nbar"
    assert passage.headings == ()


@pytest.mark.parametrize("max_chars", [200, 333, 1000])
def test_no_passage_is_too_long_and_no_word_is_lost(
    document_of: DocumentOf, max_chars: int
) -> None:
    parts = [f"## S{number}\n\n{paragraph(f'w{number}x', 50 + 97 * number)}" for number in range(9)]
    document = document_of("\n\n".join(parts))
    passages = cut(document, max_chars)
    assert max(len(passage.text) for passage in passages) <= max_chars
    given = [word for passage in passages for word in words(passage.text)]
    assert [word for word in given if "x" in word] == [w for w in words(document.text) if "x" in w]
    shown = {word for passage in passages for word in (*passage.headings, *words(passage.text))}
    assert shown == set(words(document.text))


def test_a_cut_falls_before_a_heading(document_of: DocumentOf) -> None:
    text = f"{paragraph('a', 150)}\n\n# Dois\n\n{paragraph('b', 60)}\n\n{paragraph('c', 90)}"
    first, second = cut(document_of(text), 260)
    assert first.text == paragraph("a", 150)
    assert second.text.startswith("# Dois")


def test_an_early_heading_is_no_reason_to_waste_a_passage(document_of: DocumentOf) -> None:
    text = (
        f"# Um\n\n{paragraph('a', 30)}\n\n# Dois\n\n{paragraph('b', 180)}\n\n{paragraph('c', 90)}"
    )
    first, second = cut(document_of(text), 260)
    assert first.text.endswith(paragraph("b", 180))
    assert second.headings == ("Dois",)


def test_no_passage_ends_in_a_heading(document_of: DocumentOf) -> None:
    text = f"{paragraph('a', 180)}\n\n# Dois\n\n## Três\n\n{paragraph('b', 180)}"
    first, second = cut(document_of(text), 200 + len("# Dois\n\n## Três\n\n"))
    assert first.text == paragraph("a", 180)
    assert second.text.startswith("# Dois\n\n## Três")


def test_a_passage_knows_the_headings_above_it(document_of: DocumentOf) -> None:
    one, two, three = (paragraph(name, 190) for name in "xyz")
    text = f"# A\n\n## B\n\n{one}\n\n{two}\n\n## C\n\n{three}"
    passages = cut(document_of(text), 220)
    assert [passage.headings for passage in passages] == [(), ("A", "B"), ("A",)]
    assert passages[1].text == two


def test_a_long_table_is_cut_between_rows_and_keeps_its_header(document_of: DocumentOf) -> None:
    rows = [f"| Clube {number} | {number} |" for number in range(40)]
    passages = cut(document_of("\n".join(["| Clube | Pontos |", "|---|---|", *rows])), 200)
    assert len(passages) > 2
    for passage in passages:
        header, rule, *body = passage.text.splitlines()
        assert (header, rule) == ("| Clube | Pontos |", "|---|---|")
        assert all(row in rows for row in body)
    assert [row for passage in passages for row in passage.text.splitlines()[2:]] == rows


def test_a_long_paragraph_is_cut_between_sentences(document_of: DocumentOf) -> None:
    sentences = [f"A frase número {number} termina aqui." for number in range(30)]
    passages = cut(document_of(" ".join(sentences)), 200)
    assert all(passage.text.endswith("aqui.") for passage in passages)


CODE = "```sh\n# install it\napt install gabarito\n\n| grep x\n```"


def test_what_stands_in_code_is_no_heading_and_no_table(document_of: DocumentOf) -> None:
    text = f"# Um\n\n{paragraph('a', 120)}\n{CODE}\n{paragraph('b', 120)}"
    first, second = cut(document_of(text), 220)
    assert first.text.endswith(f"\n\n{CODE}")
    assert (second.headings, second.text) == (("Um",), paragraph("b", 120))


def test_long_code_is_cut_between_lines_and_each_part_is_fenced(document_of: DocumentOf) -> None:
    lines = [f"    call_number_{number}()  # a call" for number in range(30)]
    passages = cut(document_of("\n".join(["```python", *lines, "```"])), 200)
    assert len(passages) > 2
    assert all(passage.text.startswith("```python\n    call") for passage in passages)
    assert all(passage.text.endswith("\n```") for passage in passages)
    assert [line for p in passages for line in p.text.splitlines()[1:-1]] == lines


def test_code_without_an_end_goes_on_to_the_end(document_of: DocumentOf) -> None:
    (passage,) = cut(document_of("foo\n\n```\n# bar"), 200)
    assert passage.text.startswith("foo\n\n```\n# bar")


def test_one_word_longer_than_a_passage_is_cut_all_the_same(document_of: DocumentOf) -> None:
    assert [len(passage.text) for passage in cut(document_of("x" * 500), 200)] == [200, 200, 100]


def test_a_heading_without_text_is_no_passage(document_of: DocumentOf) -> None:
    assert cut(document_of("# Só um título"), 200) == []


def test_ids_come_from_what_is_shown(document_of: DocumentOf) -> None:
    here, there = document_of("foo bar"), document_of("foo bar", language="en")
    assert cut(here, 200)[0].id == cut(there, 200)[0].id
    assert cut(here, 200)[0].id != cut(document_of("foo bar", title="Outro"), 200)[0].id


def test_every_passage_belongs_to_one_shard(document_of: DocumentOf) -> None:
    passages = cut(document_of("\n\n".join(paragraph(f"p{n}q", 190) for n in range(40))), 200)
    shards = [[p.id for p in passages if Shard(index, 4).has(p.id)] for index in range(4)]
    assert sorted(id_ for shard in shards for id_ in shard) == sorted(p.id for p in passages)
    assert all(len(shard) > 2 for shard in shards)
