"""What a file is, where its name's ending says something else."""

import io
import zipfile

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import FORMATS, PICTURES, REFUSED
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.reading.content import format_of, true_ending

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def archive(**entries: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


WORD = archive(word__document="<w/>")
SHEET = archive(xl__workbook="<w/>")
BOOK = archive(mimetype="application/epub+zip")
LETTER = archive(mimetype="application/vnd.oasis.opendocument.text-template")


@pytest.mark.parametrize(
    ("ending", "data", "true"),
    [
        (".txt", b"%PDF-1.7\n", ".pdf"),
        (".html", b"\r\n%PDF-1.4", ".pdf"),
        (".pdf", b"<html><body>moved</body></html>\n%PDF-1.4", ".pdf"),
        (".html", b"<html><p>A PDF begins with %PDF-1.4", ".html"),
        (".txt", b"{\\rtf1\\ansi Ola}", ".rtf"),
        (".doc", b"{\\rtf1\\ansi Ola}", ".rtf"),
        (".doc", WORD, ".docx"),
        (".docm", WORD, ".docm"),
        (".docx", SHEET, ".xlsx"),
        (".zip", BOOK, ".epub"),
        (".doc", LETTER, ".odt"),
        (".xls", b"\xef\xbb\xbf<html><table><tr><td>1</table>", ".html"),
        (".pdf", b"<!DOCTYPE html><title>Not found</title>", ".html"),
        (".xhtml", b"<html xmlns='x'>", ".xhtml"),
        (".doc", b"MIME-Version: 1.0\r\nContent-Type: multipart/related", ".mht"),
        (".eml", b"MIME-Version: 1.0\r\n", ".eml"),
        (".txt", b"A page begins with <html>.", ".txt"),
        (".docx", OLE + "WordDocument".encode("utf-16-le"), ".doc"),
        (".xls", OLE + "WordDocument Workbook".encode("utf-16-le"), ".xls"),
        (".wps", OLE + "CONTENTS".encode("utf-16-le"), ".wps"),
        (".docx", b"PK\x03\x04 cut off", ".docx"),
    ],
)
def test_what_a_file_begins_with_goes_before_its_ending(
    ending: str, data: bytes, true: str
) -> None:
    assert true_ending(ending, data) == true


def test_an_office_file_with_a_password_is_named() -> None:
    with pytest.raises(Dropped) as caught:
        true_ending(".docx", OLE + "EncryptedPackage".encode("utf-16-le"))
    assert caught.value.reason is IngestReason.ENCRYPTED


def test_an_archive_of_files_is_named_with_the_cure() -> None:
    with pytest.raises(Dropped, match="an archive; unpack it"):
        true_ending(".txt", archive(a="b"))


@pytest.mark.parametrize("ending", REFUSED)
def test_a_format_that_is_not_read_has_a_cure_of_its_own(ending: str) -> None:
    cure = r"unsupported format: .*; (open it in .* as |set ingest\.ocr )"
    with pytest.raises(Dropped, match=cure) as caught:
        format_of(ending)
    assert caught.value.reason is IngestReason.UNSUPPORTED
    assert ending not in FORMATS


def test_pictures_have_a_reader_where_they_are_to_be_read() -> None:
    assert {format_of(ending, with_pictures=True) for ending in PICTURES} == {"picture"}
