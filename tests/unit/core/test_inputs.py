from pathlib import Path
from typing import Annotated

import pytest

from gabarito.core.config import InputPath, ModelReference, Operational, Settings
from gabarito.core.errors import MissingError
from gabarito.core.inputs import content_settings, digest_of_path, input_digests


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
    assert set(input_digests(settings)) == {str(one), str(two), "org/model"}


def test_the_content_of_a_file_stands_for_its_place(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for path in (here, there):
        path.write_text("same")
    settings = [Stage(exam=str(path)) for path in (here, there)]
    first, second = (content_settings(item, input_digests(item)) for item in settings)
    assert first == second


def test_operational_settings_do_not_decide_a_result() -> None:
    settings = Stage(url="http://127.0.0.1:2")
    assert "url" not in content_settings(settings, input_digests(settings))


def test_a_missing_path_is_named() -> None:
    with pytest.raises(MissingError, match="/nowhere/at/all: no such file or folder"):
        digest_of_path("/nowhere/at/all")
