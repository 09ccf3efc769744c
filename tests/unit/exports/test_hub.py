"""The hub's own client, against a hub on loopback that keeps what it gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.models.hub import COMMIT

from gabarito.artifacts.channel import ServedModel
from gabarito.commands.export import export
from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.exports.export_model import export_hub
from gabarito.exports.exported_model import ExportedModel
from gabarito.store.base import Store

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


def test_it_is_merged_once_it_was_read_back(model: ExportedModel, hub: UploadHub) -> None:
    upload(model)
    assert hub.status == "merged"
    assert (hub.folder / "model.safetensors").exists()


def test_without_reading_back_there_is_nothing_to_wait_for(
    model: ExportedModel, hub: UploadHub
) -> None:
    export_hub(model, "org/tiny", is_public=False, verify=False)
    assert hub.status == ""
    assert (hub.folder / "model.safetensors").exists()


def test_a_hub_without_pull_requests_is_said_and_uploaded_to_as_it_is(
    model: ExportedModel, hub: UploadHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.takes_pull_requests = False
    place, _ = upload(model)
    assert place == f"hub:org/tiny@{COMMIT}"
    (said,) = [one.message for one in caplog.records if one.name == "gabarito.exports"]
    assert said == (
        "the hub takes no pull request; what is uploaded is seen before it is read back"
    )
    hub.spoils = "config.json"
    (hub.folder / "config.json").write_text("{}")
    with pytest.raises(DataError, match=r"holds another config.json than was uploaded, and stays"):
        upload(model)


def test_a_hub_that_does_not_let_merge_is_told_of(model: ExportedModel, hub: UploadHub) -> None:
    hub.merges = False
    with pytest.raises(AccessError, match=r"^hub:org/tiny, pull request 1: .*refuses the token"):
        upload(model)
    assert not (hub.folder / "config.json").exists()


def test_what_somebody_else_wrote_meanwhile_is_told_of(
    model: ExportedModel, hub: UploadHub
) -> None:
    hub.meanwhile = "more.py"
    with pytest.raises(DataError, match=r"holds something else than pull request 1, which was rea"):
        upload(model)


def test_a_later_export_replaces_an_earlier_one_and_leaves_nothing_of_it(
    model: ExportedModel, hub: UploadHub
) -> None:
    upload(model)
    (hub.folder / "model-00002.safetensors").write_text("of a larger model")
    with (hub.folder / ".gabarito-export").open("a") as listed:
        listed.write("model-00002.safetensors\n")
    (hub.folder / ".gitattributes").write_text("*.safetensors filter=lfs")
    upload(model)
    assert not (hub.folder / "model-00002.safetensors").exists()
    assert (hub.folder / ".gitattributes").exists()
    assert len(hub.created) == 1


@pytest.mark.parametrize("name", ["thesis.odt", "config.json"])
def test_a_repository_that_holds_something_else_is_left_alone(
    model: ExportedModel, hub: UploadHub, name: str
) -> None:
    hub.is_there = True
    (hub.folder / name).write_text("{}")
    with pytest.raises(UsageError, match=f"holds something else, such as '{name}', which an exp"):
        upload(model)
    assert [path.name for path in hub.folder.iterdir()] == [name]


def test_what_anybody_can_read_is_written_only_where_that_is_asked_for(
    model: ExportedModel, hub: UploadHub
) -> None:
    hub.is_there, hub.is_private = True, False
    with pytest.raises(UsageError, match=r"org/tiny: is there, and anybody can read it; give --pu"):
        upload(model)
    assert [*hub.folder.iterdir()] == []
    export_hub(model, "org/tiny", is_public=True, verify=False)
    assert (hub.folder / "config.json").exists()


def test_a_file_that_was_not_uploaded_is_told_of(model: ExportedModel, hub: UploadHub) -> None:
    hub.adds = "more.py"
    with pytest.raises(DataError, match=r"holds another more.py than was uploaded, and is left"):
        upload(model)
    assert hub.status == "closed"
    assert [*hub.folder.iterdir()] == []


def test_a_hub_that_keeps_something_else_is_told_of(model: ExportedModel, hub: UploadHub) -> None:
    hub.spoils = "config.json"
    with pytest.raises(
        DataError, match=r"another config.json than was uploaded, and is left in pu"
    ):
        upload(model)
    assert [*hub.folder.iterdir()] == []


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


def test_an_answer_that_is_no_hub_s_is_told_of(model: ExportedModel, hub: UploadHub) -> None:
    hub.is_there, hub.says = True, b"<html>welcome</html>"
    with pytest.raises(ServiceError, match=r"no answer of a model hub: JSONDecode.*; check HF_END"):
        upload(model)


def test_the_command_uploads_for_all_to_see_what_is_to_be_public(
    hub: UploadHub, store: Store, record: ServedModel
) -> None:
    asked = ["hub", "--to", "hub:org/tiny", "--public", "--unverified", "--store", store.url]
    done = CliRunner().invoke(export, asked)
    assert done.output == f"wrote hub:org/tiny@{COMMIT}: not read back\n"
    assert [one["visibility"] for one in hub.created] == ["public"]
    assert record.digest in (hub.folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["a b", "tiny"])
def test_a_name_that_is_none_of_the_hub_is_refused(model: ExportedModel, name: str) -> None:
    with pytest.raises(UsageError, match=f"^--to {name}: not a name of the model hub; write org/"):
        upload(model, name)


def test_a_name_that_is_none_is_told_before_the_store_is_opened() -> None:
    done = CliRunner().invoke(export, ["hub", "--to", "a b", "--store", "/nowhere"])
    assert isinstance(done.exception, UsageError)
    assert "--to a b: not a name of the model hub" in str(done.exception)
