from pathlib import Path
from typing import get_args

import pytest
from lingua import IsoCode639_1
from tests.sources import only_source

from gabarito.artifacts.fingerprint import content_settings, input_digests
from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig, Language
from gabarito.ingest.sources import FilesSource


def settings(**source: object) -> IngestConfig:
    fields = {"sources": [{"type": "files", "path": "here", **source}]}
    return parse(IngestConfig, fields, "pipeline.yaml")


def test_the_languages_are_those_that_the_detector_knows() -> None:
    known = {name.lower() for name in dir(IsoCode639_1) if name.isupper()}
    assert set(get_args(Language)) == known


def test_an_unknown_type_of_source_is_refused_with_those_that_exist() -> None:
    with pytest.raises(SettingsError, match=r"sources\.0\.type: must be one of 'files', 'urls'"):
        settings(type="gopher")


def test_a_source_without_its_type_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"sources\.0\.type: missing"):
        parse(IngestConfig, {"sources": [{"path": "here"}]}, "pipeline.yaml")


def test_a_mistyped_setting_of_a_source_is_suggested() -> None:
    with pytest.raises(SettingsError, match="did you mean include"):
        settings(inclde=["*.md"])


@pytest.mark.parametrize("encoding", ["no-such", "hex"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    with pytest.raises(SettingsError, match="must be an encoding such as"):
        settings(encoding=encoding)


def test_an_encoding_is_stored_by_its_usual_name() -> None:
    assert only_source(settings(encoding="Latin1"), FilesSource).encoding == "iso8859-1"


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="sources"):
        parse(IngestConfig, {"sources": []}, "pipeline.yaml")


def test_the_content_of_a_folder_and_not_its_place_decides(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text("same")
    here, there = (settings(path=str(tmp_path / name)) for name in ("a", "b"))
    assert content_settings(here, input_digests(here, "stage")) == content_settings(
        there, input_digests(there, "stage")
    )


def test_pictures_are_read_in_named_languages_only_and_that_decides_the_result() -> None:
    silent = settings()
    reading = silent.model_copy(update={"ocr": ("pt",)})
    assert (silent.reads(".png"), reading.reads(".png"), reading.reads(".doc")) == (
        False, True, False,
    )  # fmt: skip
    digests = {"here": ""}
    assert content_settings(silent, digests) != content_settings(reading, digests)


def test_a_language_that_tesseract_has_no_data_for_is_refused() -> None:
    fields = {"sources": [{"type": "files", "path": "here"}], "ocr": ["pt", "xh"]}
    with pytest.raises(SettingsError, match="ocr: Tesseract has no data for 'xh'"):
        parse(IngestConfig, fields, "pipeline.yaml")
