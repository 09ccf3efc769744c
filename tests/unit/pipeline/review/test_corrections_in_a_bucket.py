"""Decisions that are written to a bucket: two people at once lose nothing."""

import os
import uuid
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.reviewed import Reviewed

from gabarito.artifacts.jsonl import read_lines
from gabarito.commands.review import _planned
from gabarito.core.errors import ConflictError, DataError, SettingsError
from gabarito.curate.corrections import Action, Correction
from gabarito.pipeline.review import corrections_place
from gabarito.pipeline.review.corrections_file import open_corrections
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.s3 import S3Store


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("NO_PROXY", "*")
    bucket = f"decisions-{uuid.uuid4().hex[:8]}"  # the servers of a process share what they hold
    boto3.client("s3").create_bucket(Bucket=bucket)
    yield f"s3://{bucket}/handbook/corrections.jsonl"
    server.stop()


def said(action: Action, fact: str = "f", value: str = "") -> Correction:
    return Correction(fact=fact, action=action, value=value)


def lines(url: str) -> list[tuple[str, str]]:
    return [(one.fact, one.action) for one in read_lines(url, Correction)]


def test_a_decision_is_in_the_bucket_at_once_as_curate_reads_it(url: str) -> None:
    with open_corrections(url) as file:
        file.add(said("answer", value="9"))
        file.add(said("checked", "g"))
        assert lines(url) == [("f", "answer"), ("g", "checked")]
        assert file.undo() == "g"
        file.add(said("strike"))
    assert lines(url) == [("f", "strike")]
    listed = boto3.client("s3").list_objects_v2(Bucket=url.split("/")[2])["Contents"]
    assert [one["Key"] for one in listed] == ["handbook/corrections.jsonl"]


def test_two_reviews_at_once_lose_nothing(url: str) -> None:
    with open_corrections(url) as here, open_corrections(url) as there:
        for n in range(3):
            here.add(said("checked", f"a{n}"))
            there.add(said("checked", f"b{n}"))
        there.add(said("strike", "a0"))
        here.clear("b1")
    assert sorted(lines(url)) == [
        ("a0", "strike"),
        *((fact, "checked") for fact in ("a1", "a2", "b0", "b2")),
    ]


def test_what_somebody_else_writes_is_seen_after_a_while(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections_place, "LOOK_S", 0.0)
    with open_corrections(url) as here, open_corrections(url) as there:
        there.add(said("checked", "b"))
        assert here.read()
        assert list(here.facts) == ["b"]


def test_who_is_always_overtaken_is_told_that_nothing_was_written(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object, **__: object) -> str:
        raise ConflictError("s3: somebody else wrote it first")

    with open_corrections(url) as file:
        monkeypatch.setattr(S3Store, "write", overtaken)
        with pytest.raises(ConflictError, match="others write to it all the time; nothing was"):
            file.add(said("strike"))


def test_a_broken_line_is_named_at_every_try_and_stays(url: str) -> None:
    bucket, key = url.split("/")[2], "handbook/corrections.jsonl"
    with open_corrections(url) as file:
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"nonsense")
        for _ in range(2):
            with pytest.raises(DataError, match=r"corrections\.jsonl:1: not JSON"):
                file.add(said("strike"))
    found = boto3.client("s3").get_object(Bucket=bucket, Key=key)
    assert found["Body"].read() == b"nonsense"


def test_a_bucket_that_ignores_conditions_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = S3Store.write
    monkeypatch.setattr(S3Store, "write", lambda self, key, data, **_: write(self, key, data))
    with pytest.raises(SettingsError, match=r"one could be lost; .*--to"), open_corrections(url):
        pass


@pytest.mark.parametrize("wrong", ["s3://decisions", "s3://decisions/folder/"])
def test_an_address_without_a_key_is_refused(url: str, wrong: str) -> None:
    with pytest.raises(DataError, match="names no object"), open_corrections(wrong):
        pass


def test_an_object_of_corrections_need_not_be_there_yet(url: str, reviewed: Reviewed) -> None:
    reviewed.write({"corrections": url})
    planned = _planned(read_pipeline(reviewed.path, last="generate"))
    assert planned.pipeline.curate.corrections == url
