import errno
import os
import resource
from pathlib import Path

import pytest

from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.errors import DataError, MissingError

from .conftest import Ingest


def test_a_path_that_is_not_there_is_named(folder: Path, ingest: Ingest) -> None:
    with pytest.raises(MissingError, match=r"docs/nowhere': no such file or folder; correct"):
        ingest(source_path=str(folder / "nowhere"))


def test_an_empty_folder_is_named(ingest: Ingest) -> None:
    with pytest.raises(DataError, match=r"docs' holds no files; put md, txt, html, pdf, docx"):
        ingest()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pdf", b"%PDF-1.7 nothing more", "1 unreadable .*open it in the program"),
        ("a.html", b"<div id=root></div>", "1 no text .*save the page as the browser"),
        ("a.txt", b"\x01\x02" * 99, "1 not text .*ending of its real format"),
        ("a.txt", "ação".encode() * 99 + b"\xe7", "1 wrong encoding .*set encoding"),
        (
            "a.txt",
            b"curto",
            "1 too short .*5 characters, at least 20 wanted.*lower ingest.min_chars",
        ),
        ("a.zip", b"", "1 unsupported format .*unpack it"),
        ("a.png", b"\x89PNG\r\n", "1 unsupported format .*a picture; set ingest.ocr"),
    ],
)
def test_a_folder_of_which_nothing_is_kept_is_refused_with_the_cure(
    folder: Path, ingest: Ingest, name: str, content: bytes, message: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"no document in .*docs': {message}"):
        ingest()


def test_reasons_are_counted_the_most_frequent_first(folder: Path, ingest: Ingest) -> None:
    for name in ("a.zip", "b.txt", "c.txt"):
        (folder / name).write_text("x")
    with pytest.raises(DataError, match=r"2 too short \('docs/b.txt'.*1 unsupported format"):
        ingest()


def test_a_huge_file_is_refused_unread(folder: Path, ingest: Ingest) -> None:
    with (folder / "a.txt").open("wb") as file:
        os.truncate(file.fileno(), 200_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match=r"200000000 bytes, at most 50000000.*ingest\.max_bytes"):
        ingest()
    grown_bytes = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert grown_bytes < 150_000_000


def test_nothing_is_published_without_a_document(
    folder: Path, ingest: Ingest, tmp_path: Path
) -> None:
    (folder / "a.txt").write_text("x")
    with pytest.raises(DataError):
        ingest()
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_folder_with_nothing_but_a_dangling_link_is_refused_with_the_cure(
    folder: Path, ingest: Ingest
) -> None:
    (folder / "a.md").symlink_to("gone.md")
    with pytest.raises(DataError, match=r"1 out of reach \('docs/a.md': a link: .*mend the link"):
        ingest()


@pytest.fixture
def closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that not even root may list, as far as ``os.walk`` can tell."""
    (folder / "closed").mkdir()
    listed = os.scandir

    def scandir(path: str | int) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return folder / "closed"


def test_a_source_that_may_not_be_listed_is_named(closed: Path, ingest: Ingest) -> None:
    with pytest.raises(DataError, match="closed' may not be listed by this user; change its"):
        ingest(source_path=str(closed))
    with pytest.raises(DataError, match="closed: may not be read by this user; change its"):
        digest_of_path(str(closed))


@pytest.mark.usefixtures("closed")
def test_a_folder_within_that_may_not_be_listed_is_dropped(folder: Path, ingest: Ingest) -> None:
    with pytest.raises(DataError, match=r"1 out of reach \('docs/closed': Permission denied\)"):
        ingest()
    assert digest_of_path(str(folder))
