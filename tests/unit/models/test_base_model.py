"""Where a base comes from: a folder, a bucket, or the hub, which is asked once."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.store.full import full_beyond

from gabarito.artifacts.cache import Cache
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.cli import cli
from gabarito.core.errors import (
    AccessError,
    DataError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)
from gabarito.core.model_records import TrainedBase
from gabarito.models import check_base, hub_commit, load_base, open_base
from gabarito.models.base_model import _sums
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .hub import COMMIT, Hub, running
from .tiny import save_tiny


def test_a_folder_is_used_where_it_lies(folder: Path, store: Store) -> None:
    with open_base(str(folder), store) as found:
        assert found == folder


def test_a_base_is_the_one_that_was_trained_on_or_is_refused(folder: Path, tmp_path: Path) -> None:
    trained = TrainedBase(
        reference="org/name", sha256=digest_of_path(str(folder)), method="lora", commit=None
    )
    check_base(folder, trained)
    other = save_tiny(tmp_path, seed=1)
    with pytest.raises(DataError, match=r"^base 'org/name': not the one .* run the pipeline again"):
        check_base(other, trained)


def test_a_folder_that_is_not_there_is_named_with_the_cure(store: Store) -> None:
    with (
        pytest.raises(MissingError, match=r"^/nowhere/llama: no such folder; give the path of a"),
        open_base("/nowhere/llama", store),
    ):
        pass


def fill(url: str, folder: Path) -> Store:
    there = open_store(url)
    for path in folder.iterdir():
        there.upload(path, path.name)
    return there


def test_a_base_in_a_bucket_is_copied_for_a_while(bucket: str, folder: Path, store: Store) -> None:
    fill(bucket, folder).write("pytorch_model.bin", b"another format of the same weights")
    with open_base(bucket, store) as found:
        assert {p.name for p in found.iterdir()} == {p.name for p in folder.iterdir()}
        load_base(found)
    assert not found.exists()


def test_a_bucket_with_checksums_is_verified(bucket: str, folder: Path, store: Store) -> None:
    fill(bucket, folder).write("SHA256SUMS", f"{'0' * 64}  config.json\n".encode())
    with pytest.raises(DataError, match=r"config\.json"), open_base(bucket, store):
        pass


def test_a_full_disk_is_told_of_a_bucket(bucket: str, folder: Path, store: Store) -> None:
    fill(bucket, folder)
    full = pytest.raises(ServiceError, match="disk is full")
    with full_beyond(100), full, open_base(bucket, store):
        pass


def test_an_empty_prefix_is_no_model(bucket: str, store: Store) -> None:
    with pytest.raises(MissingError) as caught, open_base(bucket, store):
        pass
    assert str(caught.value).startswith(f"{bucket}: no config.json in it; give the path of a model")


def test_the_hub_is_asked_once_and_the_store_afterwards(
    hub: Hub, folder: Path, store: Store
) -> None:
    with open_base("org/tiny@main", store) as found:
        load_base(found)
    asked = len(hub.asked)
    with open_base("org/tiny@main", store) as found:
        assert (found / "model.safetensors").read_bytes() == (
            folder / "model.safetensors"
        ).read_bytes()
    assert len(hub.asked) == asked > 0
    assert not any(".cache" in entry.key for entry in store.list("cache/"))


def test_the_commit_of_a_hub_id_without_revision_is_known(hub: Hub, store: Store) -> None:
    assert hub_commit("org/tiny", store) is None
    with open_base("org/tiny", store):
        assert hub_commit("org/tiny", store) == COMMIT
    hub.refuses = (503, "")
    with open_base("org/tiny", store):
        assert hub_commit("org/tiny", store) == COMMIT


def test_a_base_that_cannot_be_used_is_not_downloaded(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    quantised = Path(shutil.copytree(folder, tmp_path / "quantised"))
    config = json.loads((quantised / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (quantised / "config.json").write_text(json.dumps(config))
    with running(quantised) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("NO_PROXY", "*")
        with pytest.raises(DataError, match=r"^org/tiny/config\.json: .*gptq"):
            open_base("org/tiny", store).__enter__()
    assert not any("safetensors" in path for path in hub.asked)


def test_a_full_disk_is_told_of_the_hub(hub: Hub, store: Store) -> None:
    full = pytest.raises(ServiceError, match="disk is full")
    with full_beyond(1000), full, open_base("org/tiny", store):
        pass


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "RepoNotFound", MissingError),
        (404, "RevisionNotFound", MissingError),
        (403, "GatedRepo", AccessError),
        (401, "", AccessError),
        (403, "", AccessError),
    ],
)
def test_what_the_hub_refuses_is_told_apart(
    hub: Hub, store: Store, status: int, code: str, error: type[GabaritoError]
) -> None:
    hub.refuses = (status, code)
    with pytest.raises(error, match="org/tiny"), open_base("org/tiny", store):
        pass
    assert not list(store.list(""))


def test_a_hub_that_is_down_is_a_service_that_did_not_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    said = "does not answer; check HF_ENDPOINT"
    with pytest.raises(ServiceError, match=said), open_base("org/tiny", store):
        pass


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9", "localhost:9/", "ftp://127.0.0.1", "http://::1:9"]
)
def test_what_is_no_address_of_a_hub_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    said = "^HF_ENDPOINT: not an http or https URL; correct it, or unset it$"
    with pytest.raises(SettingsError, match=said), open_base("org/tiny", store):
        pass


def test_a_hub_that_leads_in_a_circle_is_told(hub: Hub, store: Store) -> None:
    hub.leads_to = "/api/models/org/tiny/revision/main"
    said = r"org/tiny.*does not answer: .*redirects; check HF_ENDPOINT and the network"
    with pytest.raises(ServiceError, match=said), open_base("org/tiny", store):
        pass


def model_info(*siblings: object) -> bytes:
    return json.dumps({"id": "a/b", "sha": "c" * 40, "siblings": siblings}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[1]",
        b"{}",
        model_info(7),
        model_info({"rfilename": 7}),
        model_info({"rfilename": "../x.json"}),
        model_info({"rfilename": "/x.json"}),
    ],
)
def test_a_mirror_that_is_no_hub_is_told(hub: Hub, store: Store, answer: bytes) -> None:
    hub.says = answer
    with pytest.raises(ServiceError, match=r"org/tiny.*HF_ENDPOINT"), open_base("org/tiny", store):
        pass


@pytest.mark.parametrize("reference", ["a//b", "org/..", "org/../../x", "org/a@/../x"])
def test_an_id_that_is_no_key_is_refused(store: Store, reference: str) -> None:
    with (
        pytest.raises(SettingsError, match="neither a path nor an id"),
        open_base(reference, store),
    ):
        pass


def test_a_reference_that_is_nothing_is_refused(store: Store) -> None:
    with (
        pytest.raises(SettingsError, match="neither a path nor an id"),
        open_base("no such/model/anywhere", store),
    ):
        pass


def test_libraries_are_kept_from_asking_the_hub() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_sums_that_are_none_name_their_line(tmp_path: Path) -> None:
    bucket = open_store(f"file://{tmp_path}/bucket")
    bucket.write("SHA256SUMS", b"0123  config.json\n")
    with pytest.raises(DataError, match=r"SHA256SUMS:1: not a SHA-256 and a name"):
        _sums(bucket)


def test_a_base_of_the_hub_is_taken_from_the_cache_near_the_pod(
    folder: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cache(store, "weights").save_folder("hub/org/name", folder)
    monkeypatch.setenv("GABARITO_MODEL_CACHE", str(tmp_path / "near"))
    with open_base("org/name", store) as first:
        assert first.is_relative_to(tmp_path / "near")
        assert digest_of_path(str(first)) == digest_of_path(str(folder))
    for entry in list(store.list("cache/weights/hub/org/name.files/")):
        store.delete(entry.key)  # what is there is not fetched
    with open_base("org/name", store) as second:
        assert second == first


def test_a_cache_is_filled_by_a_command(folder: Path, store: Store, tmp_path: Path) -> None:
    Cache(store, "weights").save_folder("hub/org/name", folder)
    arguments = ["cache", "--store", store.url, "--base", "org/name", "--to", f"{tmp_path}/near"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GABARITO_MODEL_CACHE", "")
        said = CliRunner().invoke(cli, arguments).output
    (made,) = (tmp_path / "near").iterdir()
    assert said.startswith("base org/name: 0.0 GB in ")
    assert digest_of_path(str(made)) == digest_of_path(str(folder))
