import os
from pathlib import Path
from typing import Annotated

import pytest

from gabarito.artifacts.fingerprint import (
    content_settings,
    digest_of_path,
    entries_below,
    input_digests,
)
from gabarito.core.errors import MissingError
from gabarito.core.settings import InputPath, ModelReference, Operational, Settings


class Source(Settings):
    path: InputPath


class Stage(Settings):
    sources: tuple[Source, ...] = ()
    exam: InputPath | None = None
    base: ModelReference = "org/model"
    url: Annotated[str, Operational()] = "http://127.0.0.1:1"


def test_a_changed_file_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    before = digest_of_path(str(tmp_path))
    (tmp_path / "a.txt").write_text("two")
    assert digest_of_path(str(tmp_path)) != before


def test_a_renamed_file_changes_the_digest_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    before = digest_of_path(str(tmp_path))
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    assert digest_of_path(str(tmp_path)) != before


def test_paths_are_found_in_nested_and_optional_settings(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    settings = Stage(sources=(Source(path=str(one)),), exam=str(two))
    assert set(input_digests(settings, "stage")) == {str(one), str(two), "org/model"}


def test_the_content_of_a_file_stands_for_its_place(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for path in (here, there):
        path.write_text("same")
    settings = [Stage(exam=str(path)) for path in (here, there)]
    first, second = (content_settings(item, input_digests(item, "stage")) for item in settings)
    assert first == second


def test_operational_settings_do_not_decide_a_result() -> None:
    settings = Stage(url="http://127.0.0.1:2")
    assert "url" not in content_settings(settings, input_digests(settings, "stage"))


def test_a_missing_path_is_named() -> None:
    with pytest.raises(MissingError, match="/nowhere/at/all: no such file or folder"):
        digest_of_path("/nowhere/at/all")


def test_a_link_that_leads_nowhere_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    before = digest_of_path(str(tmp_path))
    (tmp_path / "b.txt").symlink_to("gone.txt")
    assert digest_of_path(str(tmp_path)) != before


def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("one")
    (tmp_path / "b.txt").symlink_to("gone.txt")
    (tmp_path / "c.txt").symlink_to("c.txt")
    (tmp_path / "d").symlink_to("deep")
    os.mkfifo(tmp_path / "e.txt")
    found = {
        str(entry.path.relative_to(tmp_path)): entry.flaw
        for entry in entries_below(tmp_path, follow_out=True)
    }
    assert found == {
        "deep/a.txt": "",
        "b.txt": "a link: No such file or directory",
        "c.txt": "a link: Too many levels of symbolic links",
        "d": "a link to a folder is not followed",
        "e.txt": "neither a file nor a folder",
    }


def test_a_link_out_of_a_source_is_not_followed(tmp_path: Path) -> None:
    source, secret = tmp_path / "source", tmp_path / "secret"
    source.mkdir()
    secret.write_text("one")
    (source / "a.txt").symlink_to(secret)
    (source / "b.txt").symlink_to("c.txt")
    (source / "c.txt").write_text("inside")
    found = {entry.path.name: entry.flaw for entry in entries_below(source, follow_out=False)}
    assert found == {
        "a.txt": "a link that leads out of the source is not followed",
        "b.txt": "",
        "c.txt": "",
    }
    before = input_digests(Stage(exam=str(source)), "stage")
    secret.write_text("two")
    assert input_digests(Stage(exam=str(source)), "stage") == before


def test_links_of_a_base_lead_where_they_may(tmp_path: Path) -> None:
    base, blob = tmp_path / "base", tmp_path / "blob"
    base.mkdir()
    blob.write_text("one")
    (base / "model.safetensors").symlink_to(blob)
    before = input_digests(Stage(base=str(base)), "stage")
    blob.write_text("two")
    assert input_digests(Stage(base=str(base)), "stage") != before


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(MissingError, match="a: no such file or folder"):
        digest_of_path(str(tmp_path / "a"))
