"""What a document's account says of what is in it, what is not, and what looks wrong."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gabarito.core.account_records import Account, OcrShare
from gabarito.core.records import Document
from gabarito.ingest.blocks import LeftOut, Omission, ReadByOcr
from gabarito.ingest.files import find_files
from gabarito.ingest.outcomes import FileResult, Outcomes
from gabarito.ingest.reading.account import account_of
from gabarito.ingest.reading.worker_main import FileReading
from gabarito.ingest.sources import FilesSource
from gabarito.ingest.versions.origin import Origin

TEXT = "word " * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def made(
    folder: Path,
    left_out: Sequence[LeftOut] = (),
    name: str = "a.html",
    ending: str = ".html",
    **read: object,
) -> tuple[Document, Account]:
    (folder / name).write_text(TEXT)
    file = find_files([FilesSource(type="files", path=str(folder))])[-1]
    fields = {"source": name, "url": "", "title": "A", "language": "en"}
    document = Document.of(text=TEXT, fetched_at=file.modified, **fields)
    reading = FileReading.model_validate(
        {"text": TEXT, "ending": ending, "left_out": tuple(left_out), **read}
    )
    return document, account_of(document, reading, [], file, "tesseract 5")


def kinds(account: Account) -> list[str]:
    return [finding.kind for finding in account.findings]


def test_what_was_left_out_is_summed_up_by_reason_with_the_largest_sample(folder: Path) -> None:
    left_out = [
        LeftOut.of(Omission.HIDDEN, "a b"),
        LeftOut.of(Omission.NAVIGATION, "home"),
        LeftOut.of(Omission.HIDDEN, "c d e"),
    ]
    _, account = made(folder, left_out)
    found = [(one.why, one.count, one.sample) for one in account.left_out]
    assert found == [("hidden", 5, "c d e"), ("navigation", 1, "home")]
    assert (account.words_kept, account.findings) == (100, ())


@pytest.mark.parametrize(
    ("words", "ending", "found"),
    [
        (80, ".html", ["much left out"]),
        (60, ".html", []),
        (60, ".pdf", ["much left out"]),
        (20, ".pdf", []),
        (900, ".eml", []),
    ],
)
def test_much_left_out_around_a_text_is_flagged(
    folder: Path, words: int, ending: str, found: list[str]
) -> None:
    left_out = [LeftOut.of(Omission.AROUND, "x " * words)]
    _, account = made(folder, left_out, f"a{ending}", ending)
    assert kinds(account) == found


@pytest.mark.parametrize("why", [Omission.SCANNED, Omission.OCR_FAILED, Omission.DAMAGED])
def test_what_is_missing_is_flagged_with_the_cure(folder: Path, why: Omission) -> None:
    _, account = made(folder, [LeftOut(why, 3, "page 2")])
    (finding,) = account.findings
    assert finding.kind == why
    assert finding.said.startswith(f"3 {why} (page 2); ")


def test_what_was_read_by_ocr_is_told_and_what_is_doubtful_is_flagged(folder: Path) -> None:
    read = ReadByOcr().with_one("page 1", 300, 0.9, is_doubtful=False)
    read = read.with_one("page 2", 100, 0.7, is_doubtful=True)
    document, account = made(folder, by_ocr=read)
    assert account.by_ocr == OcrShare(pieces=2, words=400, confidence=0.85, engine="tesseract 5")
    assert "1 of 2 pages or pictures were read by OCR with doubt (page 2)" in (
        account.findings[0].said
    )
    outcomes = Outcomes()
    outcomes.add(FileResult.kept(document, account, Origin("a.html")))
    assert outcomes.figures["read_by_ocr"] == 2


def test_letters_that_were_told_by_their_order_are_to_be_looked_at(folder: Path) -> None:
    _, account = made(folder, fonts_by_order=("ABCDEF+Sans",))
    assert "(ABCDEF+Sans)" in account.findings[0].said


def test_a_wrong_ending_is_flagged_with_the_right_one(folder: Path) -> None:
    _, account = made(folder, name="a.txt", ending=".pdf")
    assert "its content is that of .pdf" in account.findings[0].said


def test_the_figures_tell_words_from_parts(folder: Path) -> None:
    left_out = [LeftOut.of(Omission.HIDDEN, "a b"), LeftOut(Omission.SCANNED, 4)]
    outcomes = Outcomes()
    outcomes.add(FileResult.kept(*made(folder, left_out), Origin("a.md")))
    figures = {name: n for name, n in outcomes.figures.items() if "." in name or "_" in name}
    assert figures == {
        "language.en": 1,
        "words_kept": 100,
        "words_left_out": 2,
        "words_left_out.hidden": 2,
        "parts_not_read": 4,
        "parts_not_read.pages without a text layer": 4,
        "flagged.pages without a text layer": 1,
    }
    assert outcomes.all[0].left_out == "4 pages without a text layer; 2 words, hidden"
