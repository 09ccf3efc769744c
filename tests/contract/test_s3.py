"""What holds for buckets only."""

import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.artifacts.garbage import stale_uploads
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.errors import MissingError
from gabarito.curate.general_prompts import GeneralPrompt
from gabarito.store import s3
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.store.s3_client import connect

from .proxy import Proxy


def test_a_listing_goes_on_after_a_page(
    far: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PAGE", 2)
    keys = ["a", "b", "c", "d", "e"]
    for key in keys:
        far.write(key, b"")
    assert [entry.key for entry in far.list("")] == keys
    assert sum("list-type=2" in request for request in proxy.seen) == 3


def test_markers_of_folders_are_no_objects(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    place = str(uuid.uuid4())
    client = boto3.client("s3", region_name="us-east-1")
    for key in (f"{place}/", f"{place}/folder/"):
        client.put_object(Bucket="bucket", Key=key)
    client.close()
    assert list(open_store(f"s3://bucket/{place}").list("")) == []


@pytest.mark.parametrize("kind", ["ministack", "moto"])
def test_an_upload_that_was_interrupted_is_found_and_aborted(
    request: pytest.FixtureRequest, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue(kind))
    place = str(uuid.uuid4())
    store = open_store(f"s3://bucket/{place}")
    ours = f"artifacts/merge/{'f' * 64}/attempts/20260101T000000Z-0123abcd/model.safetensors"
    with closing(boto3.client("s3", region_name="us-east-1")) as client:
        for key in (f"{place}/{ours}", f"{place}/of somebody else"):
            client.create_multipart_upload(Bucket="bucket", Key=key)
    assert stale_uploads(store, 0) == []
    (upload,) = stale_uploads(store, time.time() + 3600)
    assert upload.key == ours
    store.abort(upload)
    store.abort(upload)
    assert stale_uploads(store, time.time() + 3600) == []


def test_other_servers_get_paths_and_no_checksums(far: Store, proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    far.write("key", b"x", if_absent=True)
    info = far.upload(tmp_path / "file", "file")
    far.download("file", tmp_path / "back", info)
    assert all(request.split()[1].startswith("/bucket/") for request in proxy.seen)
    assert not {name for name in proxy.headers if "checksum" in name or "trailer" in name}
    assert "if-none-match" in proxy.headers


@pytest.mark.parametrize(
    ("settings", "style"), [("", "path"), ("s3 =\n  addressing_style = virtual\n", "virtual")]
)
def test_other_servers_get_paths_unless_the_aws_settings_say_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, style: str
) -> None:
    (tmp_path / "config").write_text(f"[default]\n{settings}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.internal")
    config: Any = connect("s3://bucket").meta.config
    assert config.s3["addressing_style"] == style


def test_amazon_keeps_its_own_defaults() -> None:
    config: Any = connect("s3://bucket").meta.config
    assert config.request_checksum_calculation == "when_supported"
    assert "addressing_style" not in (config.s3 or {})


def test_an_object_can_be_an_input(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    store = open_store(f"s3://bucket/{uuid.uuid4()}")
    store.write("exam/free.jsonl", b'{"text": "one"}\n')
    url = f"{store.url}/exam/free.jsonl"
    assert [line.text for line in read_lines(url, GeneralPrompt)] == ["one"]
    before = digest_of_path(url)
    store.write("exam/free.jsonl", b'{"text": "two"}\n')
    assert digest_of_path(url) != before
    for missing in (f"{store.url}/none.jsonl", f"{store.url}/exam/none"):
        with pytest.raises(MissingError, match="no objects there; check the bucket and the key"):
            digest_of_path(missing)


@pytest.mark.parametrize("key", ["exam//free.jsonl", "../free.jsonl", "exam/./free.jsonl"])
def test_an_input_may_have_a_key_that_is_none_of_ours(
    moto: str, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    place = str(uuid.uuid4())
    with closing(boto3.client("s3", region_name="us-east-1")) as client:
        client.put_object(Bucket="bucket", Key=f"{place}/{key}", Body=b'{"text": "one"}\n')
    url = f"s3://bucket/{place}/{key}"
    assert [line.text for line in read_lines(url, GeneralPrompt)] == ["one"]
    assert digest_of_path(url)
