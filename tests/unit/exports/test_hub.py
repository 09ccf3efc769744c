"""The hub's own client, against a hub on loopback that keeps what it gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.models.hub import COMMIT

from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.exports.export_model import export_hub
from gabarito.exports.exported_model import ExportedModel

from .upload_hub import UploadHub, running


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UploadHub]:
    with running(tmp_path / "hub") as found:
        monkeypatch.setenv("HF_ENDPOINT", found.endpoint)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield found


def upload(model: ExportedModel, repository: str = "org/tiny") -> tuple[str, str | None]:
    return export_hub(model, repository, is_public=False, verify=True)


def test_what_was_uploaded_is_fetched_back_and_answers(
    model: ExportedModel, hub: UploadHub
) -> None:
    place, seen = upload(model)
    assert place == f"hub:org/tiny@{COMMIT}"
    assert seen == "answers 8 of 8 known questions as in its evaluation"
    assert "base_model: org/taught" in (hub.folder / "README.md").read_text()
    assert [one["visibility"] for one in hub.created] == ["private"]


def test_a_hub_that_keeps_something_else_is_told_of(model: ExportedModel, hub: UploadHub) -> None:
    hub.spoils = "config.json"
    with pytest.raises(DataError, match=r"holds another config.json than was uploaded; delete the"):
        upload(model)


def test_a_hub_that_refuses_names_the_token(model: ExportedModel, hub: UploadHub) -> None:
    hub.refuses = (403, "Forbidden")
    with pytest.raises(AccessError, match=r"refuses the token \(403\); set HF_TOKEN to one that"):
        upload(model)


def test_a_hub_that_is_not_there_is_told_of(
    model: ExportedModel, hub: UploadHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match=r"the model hub does not answer: .*; check HF_ENDPOINT"):
        upload(model)


def test_a_name_that_is_none_of_the_hub_is_refused(model: ExportedModel, hub: UploadHub) -> None:
    with pytest.raises(UsageError, match=r"^--to a b: not a name of the model hub; write org/name"):
        upload(model, "a b")
