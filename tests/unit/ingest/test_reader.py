"""What a file gives: a document, or the record of why it gives none."""

import io
import zipfile
from contextlib import closing
from pathlib import Path

import docx
import pytest

from gabarito.core.errors import MissingError
from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.outcomes import Dropped, FileResult
from gabarito.ingest.reading.reader import Reader, read_all
from gabarito.ingest.sources import FilesSource

WORD = b"wordprocessingml.document.main+xml"
SHEET = b"spreadsheetml.sheet.main+xml"


def results(folder: Path, max_bytes: int = 50_000_000) -> list[FileResult]:
    source = FilesSource(type="files", path=str(folder))
    config = IngestConfig(sources=(source,), max_bytes=max_bytes)
    with closing(Reader(config)) as reader:
        return list(read_all(find_files([source]), reader))


def spreadsheet() -> bytes:
    """A Word file whose parts say that it is one of Excel: what renaming its file gives."""
    word, sheet = io.BytesIO(), io.BytesIO()
    docx.Document().save(word)
    with zipfile.ZipFile(word) as given, zipfile.ZipFile(sheet, "w") as made:
        for name in given.namelist():
            made.writestr(name, given.read(name).replace(WORD, SHEET))
    return sheet.getvalue()


def test_a_file_gives_a_document_or_the_record_of_why_it_gives_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A final foi disputada em Munique. " * 9)
    (tmp_path / "b.txt").write_text("curto")
    kept, dropped = results(tmp_path)
    assert kept.document
    assert (kept.rejection, kept.outcome.document) == (None, kept.document.id)
    assert dropped.rejection
    assert (dropped.document, dropped.outcome.outcome) == (None, dropped.rejection.reason)


def test_what_was_left_out_of_a_text_that_is_too_short_is_told(tmp_path: Path) -> None:
    links = "".join(f"<li><a href='{word}'>{word}</a>" for word in ("Rooms", "Hours", "Fees"))
    page = f"<body><nav><ul>{links}</ul></nav><h1>The museum</h1><p>It is open."
    (tmp_path / "a.html").write_text(page)
    (dropped,) = results(tmp_path)
    assert dropped.rejection
    told = "at least 200 wanted; left out: 3 words, navigation"
    assert dropped.rejection.detail.endswith(told)


def test_a_file_is_dropped_before_the_next_one_is_read(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("curto")
    source = FilesSource(type="files", path=str(tmp_path))
    config = IngestConfig(sources=(source,))
    with closing(Reader(config)) as reader:
        found = read_all(find_files([source]), reader)
        (tmp_path / "b.txt").unlink()
        assert next(found).rejection
        with pytest.raises(MissingError, match="gone since the folder was listed"):
            next(found)


@pytest.mark.parametrize("said", ["{} is bad", "it is {}", "bad: " + "x" * 180 + " {}"])
def test_no_address_of_an_object_is_left_in_what_a_library_said(said: str) -> None:
    why = Dropped.by_library(ValueError(said.format(repr(io.BytesIO())))).about("a.pdf")
    assert why.reason is IngestReason.UNREADABLE
    assert "0x" not in why.detail


def test_a_small_file_with_more_text_than_wanted_is_too_large(tmp_path: Path) -> None:
    packed, made = io.BytesIO(), docx.Document()
    made.add_paragraph("the same words again " * 20_000)
    made.save(packed)
    (tmp_path / "a.docx").write_bytes(packed.getvalue())
    (dropped,) = results(tmp_path, max_bytes=200_000)
    assert dropped.rejection
    assert dropped.outcome.outcome == IngestReason.TOO_LARGE
    assert "characters of text, at most 200000 wanted" in dropped.rejection.detail
