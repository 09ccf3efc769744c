import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import docx
import fpdf
import pytest

from gabarito.artifacts.artifact import Artifact
from gabarito.core.account_records import Account
from gabarito.core.records import Document, Rejection
from gabarito.ingest.outcomes import Outcome

from .conftest import Ingest

TEXT = "A final de {} foi disputada em {}, e o {} venceu diante de {} pessoas no estádio."
PARIS = TEXT.format(2025, "Munique", "Paris Saint-Germain", "64.327")
MADRID = TEXT.format(2024, "Londres", "Real Madrid", "86.212")
CITY = TEXT.format(2023, "Istambul", "Manchester City", "71.412")
ENGLISH = "The final was played in Munich, and the French club won it by a margin of five goals."


def documents(artifact: Artifact) -> list[Document]:
    return list(artifact.records("documents.jsonl", Document))


def outcomes(artifact: Artifact) -> dict[str, str]:
    found = artifact.records("outcomes.jsonl", Outcome)
    return {outcome.source: outcome.outcome for outcome in found}


def ledger(artifact: Artifact) -> dict[str, tuple[str, str]]:
    found = artifact.records("ledger.jsonl", Rejection)
    return {rejection.item: (rejection.reason, rejection.detail) for rejection in found}


def pdf(text: str, password: str = "") -> bytes:
    document = fpdf.FPDF()
    if password:
        document.set_encryption(owner_password="dono", user_password=password)
    document.add_page()
    document.set_font("helvetica", size=11)
    document.multi_cell(0, 6, text)
    return bytes(document.output())


def word(text: str) -> bytes:
    document, buffer = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(buffer)
    return buffer.getvalue()


def test_files_of_all_formats_become_documents(folder: Path, ingest: Ingest) -> None:
    (folder / "a.md").write_text(f"# Paris\n\n{PARIS}")
    (folder / "b.txt").write_bytes(MADRID.encode("cp1252"))
    (folder / "c.HTML").write_bytes(f"<title>City</title><p>{CITY}</p>".encode("utf-16"))
    (folder / "d.pdf").write_bytes(pdf(PARIS.replace("2025", "1925")))
    (folder / "e.docx").write_bytes(word(MADRID.replace("2024", "1924")))
    found = documents(ingest())
    assert [document.title for document in found] == ["Paris", "b", "City", "d", "e"]
    assert [document.text[-55:] for document in found][1:3] == [MADRID[-55:], CITY[-55:]]
    assert {document.language for document in found} == {"pt"}


def test_a_moved_file_keeps_its_document_id(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    here = documents(ingest())[0]
    (folder / "deeper").mkdir()
    (folder / "a.txt").rename(folder / "deeper" / "b.txt")
    there = documents(ingest(rerun=1))[0]
    assert (here.source, here.id) == ("docs/a.txt", there.id)


def test_a_document_has_the_time_of_its_file(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    os.utime(folder / "a.txt", (1_750_000_000, 1_750_000_000))
    assert documents(ingest())[0].fetched_at == datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)


def test_every_file_has_an_outcome_and_every_drop_a_reason(folder: Path, ingest: Ingest) -> None:
    contents = {
        "a.md": PARIS.encode(),
        "a-copy.txt": PARIS.encode(),
        "b.txt": PARIS.replace(",", "").encode(),
        "c.txt": ENGLISH.encode(),
        "d.txt": b"curto",
        "e.txt": b"\x7fELF\x02\x01\x01" + bytes(900),
        "f.txt": "ação".encode() * 20 + b"\xe7",
        "g.html": b"<script>draw()</script><div id=app></div>",
        "h.pdf": b"%PDF-1.7 garbage",
        "i.pdf": pdf(PARIS, password="segredo"),
        "j.png": b"\x89PNG",
        "k.txt": CITY.encode() * 9,
        ".l.txt": CITY.encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    settings = {"max_bytes": 10_000, "languages": ["pt"], "near_duplicate": 0.7}
    (folder / "m.txt").write_bytes(bytes(10_001))
    assert outcomes(ingest(**settings)) == {
        "docs/.l.txt": "hidden or temporary",
        "docs/a.md": "kept",
        "docs/a-copy.txt": "exact duplicate",
        "docs/b.txt": "same text in another form",
        "docs/c.txt": "other language",
        "docs/d.txt": "too short",
        "docs/e.txt": "not text",
        "docs/f.txt": "wrong encoding",
        "docs/g.html": "no text",
        "docs/h.pdf": "unreadable",
        "docs/i.pdf": "encrypted",
        "docs/j.png": "unsupported format",
        "docs/k.txt": "kept",
        "docs/m.txt": "too large",
    }


def test_the_ledger_says_what_was_wrong_with_each_file(folder: Path, ingest: Ingest) -> None:
    for name, content in {"a.md": PARIS, "b.txt": PARIS, "c.txt": "curto", "d.zip": ""}.items():
        (folder / name).write_text(content)
    assert ledger(ingest()) == {
        "docs/b.txt": ("exact duplicate", "same text as docs/a.md"),
        "docs/c.txt": ("too short", "5 characters, at least 20 wanted"),
        "docs/d.zip": ("unsupported format", ".zip"),
    }


def test_each_document_has_an_account(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    (folder / "b.txt").write_text(PARIS)
    artifact = ingest()
    (account,) = artifact.records("accounts.jsonl", Account)
    (document,) = documents(artifact)
    assert (account.document, account.words_kept) == (document.id, len(PARIS.split()))


@pytest.mark.parametrize(("implausible", "kept"), [("flag", 2), ("drop", 1)])
def test_a_garbled_text_is_flagged_or_dropped(
    folder: Path, ingest: Ingest, implausible: str, kept: int
) -> None:
    garbled = " ".join(f"{CITY} {MADRID}".lower().replace(" ", "") for _ in range(9))
    for name, text in {"a.txt": PARIS, "b.txt": garbled}.items():
        (folder / name).write_text(text)
    artifact = ingest(implausible=implausible)
    assert len(documents(artifact)) == kept
    flagged = artifact.manifest.counts.get("flagged.words run together", 0)
    dropped = artifact.manifest.counts.get("rejected.garbled text", 0)
    assert (flagged, dropped) == (kept - 1, 2 - kept)


def test_a_bomb_among_good_files_is_a_verdict_and_their_order_stays(
    folder: Path, ingest: Ingest
) -> None:
    for name, text in {"a.txt": PARIS, "b.txt": "ação " * 12_000_000, "c.txt": MADRID}.items():
        (folder / name).write_text(text)
    artifact = ingest(limits={"memory_mb": 256}, max_bytes=90_000_000)
    assert [document.source for document in documents(artifact)] == ["docs/a.txt", "docs/c.txt"]
    reason, detail = ledger(artifact)["docs/b.txt"]
    assert (reason, "needed more than 256 MB of memory" in detail) == ("unreadable", True)


def test_a_file_is_read_as_what_it_is(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_bytes(pdf(PARIS))
    (folder / "b.doc").write_bytes(f"<html><p>{MADRID}</p></html>".encode())
    (folder / "c.txt").write_bytes(b"{\\rtf1 " + CITY.encode() + b"}")
    (folder / "d.txt").write_bytes(b"")
    artifact = ingest()
    assert [document.source for document in documents(artifact)] == ["docs/a.txt", "docs/b.doc"]
    assert artifact.manifest.counts["flagged.wrong ending"] == 2
    assert ledger(artifact)["docs/c.txt"][1].startswith("rich text; open it in Word")
    assert ledger(artifact)["docs/d.txt"] == ("no text", "an empty file")


def test_a_twin_points_to_the_document_that_is_kept(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    (folder / "b.txt").write_text(PARIS)
    first, second = ingest().records("outcomes.jsonl", Outcome)
    assert first.document == second.document != ""


def test_the_newer_version_stays_and_the_older_one_is_named(folder: Path, ingest: Ingest) -> None:
    (folder / "paris-2024.txt").write_text(PARIS)
    (folder / "paris-2025.txt").write_text(PARIS.replace("no estádio", "no seu estádio"))
    artifact = ingest()
    said = (
        "superseded by docs/paris-2025.txt: 1 word differs, such as no estádio / no seu estádio; "
        "newer by its name"
    )
    assert ledger(artifact) == {"docs/paris-2024.txt": ("superseded", said)}
    assert [document.source for document in documents(artifact)] == ["docs/paris-2025.txt"]


def test_versions_of_which_none_is_known_to_be_newer_stay_and_are_flagged(
    folder: Path, ingest: Ingest
) -> None:
    (folder / "a.txt").write_text(PARIS)
    (folder / "b.txt").write_text(PARIS.replace("no estádio", "fora do estádio"))
    artifact = ingest()
    first, second = artifact.records("outcomes.jsonl", Outcome)
    assert (first.outcome, second.outcome) == ("kept", "kept")
    assert "conflicts with docs/b.txt: 2 words differ" in first.findings[0]
    assert "conflicts with docs/a.txt: 2 words differ" in second.findings[0]
    assert artifact.manifest.counts["flagged.conflicting versions"] == 2


def test_an_unreadable_file_among_good_ones_is_a_warning(
    folder: Path, ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "a.txt").write_text(PARIS)
    (folder / "b.pdf").write_bytes(pdf(MADRID)[:300])
    ingest()
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [(record.message, vars(record)["reason"]) for record in warnings] == [
        ("file dropped", "unreadable")
    ]
    assert vars(warnings[0])["file"] == str(folder / "b.pdf")


def test_what_is_out_of_reach_is_dropped_with_the_reason(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    (folder / "deep").mkdir()
    (folder / "deep" / "b.md").symlink_to("gone.md")
    (folder / "c.md").symlink_to("c.md")
    (folder / "d").symlink_to("deep")
    (folder / ".e").symlink_to("deep")
    (folder.parent / "secret.txt").write_text(PARIS)
    (folder / "f.txt").symlink_to("../secret.txt")
    assert ledger(ingest(source_include=["*.txt"])) == {
        "docs/deep/b.md": ("out of reach", "a link: No such file or directory"),
        "docs/c.md": ("out of reach", "a link: Too many levels of symbolic links"),
        "docs/d": ("out of reach", "a link to a folder is not followed"),
        "docs/f.txt": ("out of reach", "a link that leads out of the source is not followed"),
        "docs/.e": ("hidden or temporary", ""),
    }


def test_the_order_is_that_of_the_paths(folder: Path, ingest: Ingest) -> None:
    (folder / "z").mkdir()
    for name in ("z/a.txt", "plan-old.txt", "b.txt", "plan.txt"):
        (folder / name).write_text(f"{PARIS} {name} {name}")
    sources = [document.source for document in documents(ingest(near_duplicate=1))]
    assert sources == ["docs/b.txt", "docs/plan.txt", "docs/plan-old.txt", "docs/z/a.txt"]


def test_patterns_choose_files(folder: Path, ingest: Ingest) -> None:
    (folder / "drafts").mkdir()
    for name in ("a.txt", "b.md", "drafts/c.txt"):
        (folder / name).write_text(f"{PARIS} {name}")
    settings = {"source_include": ["*.txt"], "source_exclude": ["drafts/*"]}
    assert outcomes(ingest(**settings)) == {
        "docs/a.txt": "kept",
        "docs/b.md": "excluded by a pattern",
        "docs/drafts/c.txt": "excluded by a pattern",
    }


def test_the_encoding_of_a_source_can_be_set(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_bytes(PARIS.encode("cp850"))
    assert documents(ingest(source_encoding="cp850"))[0].text == PARIS


def test_a_title_of_its_own_goes_before_the_first_line(folder: Path, ingest: Ingest) -> None:
    (folder / "a.md").write_text(f"---\ntitle: Final\n---\n# Munique\n\n{PARIS}")
    assert documents(ingest())[0].title == "Final"


def test_a_single_file_is_a_source(folder: Path, ingest: Ingest) -> None:
    (folder / "a.txt").write_text(PARIS)
    assert documents(ingest(source_path=str(folder / "a.txt")))[0].source == "a.txt"


def test_a_name_that_is_no_utf8_is_read_all_the_same(folder: Path, ingest: Ingest) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xe7\xe3o.txt")).write_text(PARIS)
    assert documents(ingest())[0].source == "docs/a\\xe7\\xe3o.txt"


def test_the_manifest_counts_files_documents_and_languages(folder: Path, ingest: Ingest) -> None:
    for name, text in {"a": PARIS, "b": ENGLISH, "c": "x"}.items():
        (folder / f"{name}.txt").write_text(text)
    counts = ingest().manifest.counts
    assert counts.pop("characters") == len(PARIS) + len(ENGLISH)
    assert counts == {
        "files": 3,
        "documents": 2,
        "language.pt": 1,
        "language.en": 1,
        "words_kept": len((PARIS + " " + ENGLISH).split()),
        "rejected.too short": 1,
    }


def test_the_same_files_give_the_same_bytes(folder: Path, ingest: Ingest, tmp_path: Path) -> None:
    for name, text in {"a.md": PARIS, "b.txt": MADRID, "c.html": f"<p>{CITY}"}.items():
        (folder / name).write_text(text)
    first = ingest().read("documents.jsonl")
    (tmp_path / "store/artifacts/ingest" / ("f" * 64) / "manifest.json").unlink()
    assert ingest().read("documents.jsonl") == first
    assert [json.loads(line)["title"] for line in first.splitlines()] == ["a", "b", "c"]
