from pathlib import Path

import pytest

from gabarito.artifacts.jsonl import read_lines
from gabarito.core.errors import DataError, MissingError
from gabarito.core.records import Record


class Line(Record):
    text: str


def test_each_line_is_a_record_whatever_its_texts_hold(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    texts = ["one", "two\u2028still two", "three\x85"]
    path.write_text("\n".join(Line(text=text).model_dump_json() for text in texts) + "\n\n")
    assert [line.text for line in read_lines(str(path), Line)] == texts


def test_a_file_of_the_package_is_named_by_its_place_in_it() -> None:
    assert len(read_lines("gabarito:curate/general_prompts.jsonl", Line)) > 10


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"text": "one"}\n{"txt": "two"}\n')
    with pytest.raises(DataError, match=r"lines\.jsonl:2: text: missing"):
        read_lines(str(path), Line)


def test_what_is_no_text_file_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"none\.jsonl: no such file"):
        read_lines(str(tmp_path / "none.jsonl"), Line)
    with pytest.raises(DataError, match="a folder; name a file in it"):
        read_lines(str(tmp_path), Line)
    (tmp_path / "latin").write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(DataError, match="latin: not a UTF-8 text file"):
        read_lines(str(tmp_path / "latin"), Line)
