"""Stores that cannot be used: each is named, with what to do about it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import HTTPClientError
from tests.loopback import QuietHandler, served

from gabarito.core.errors import AccessError, ServiceError, SettingsError
from gabarito.store.base import FileInfo, Store
from gabarito.store.conformance import probe
from gabarito.store.open import open_store
from gabarito.store.s3_client import s3_errors

from .proxy import Proxy

NOTHING = FileInfo(size=0, sha256="")


@pytest.mark.parametrize("kind", ["ministack", "moto"])
def test_a_bucket_that_does_not_exist_is_named(
    request: pytest.FixtureRequest, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue(kind))
    store = open_store("s3://no-such-bucket/place")
    (tmp_path / "file").touch()
    uses: list[Callable[[], object]] = [
        lambda: store.read("key"),
        lambda: store.write("key", b"x"),
        lambda: store.write("key", b"x", if_match='"0"'),
        lambda: store.exists("key"),
        lambda: list(store.list("")),
        lambda: store.upload(tmp_path / "file", "key"),
        lambda: store.download("key", tmp_path / "back", NOTHING),
        lambda: list(probe(store)),
    ]
    said = r"s3://no-such-bucket/place/.*: no such bucket; create"
    for use in uses:
        with pytest.raises(SettingsError, match=said):
            use()


def test_a_store_that_cannot_be_reached_is_reported_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"s3://b/key: store does not answer: .*127\.0\.0\.1:9"):
        open_store("s3://b").read("key")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (200, b""),
        (200, b"<html>log in</html>"),
        (200, b"<!doctype html><br>log in"),
        (301, b""),  # such as to https
    ],
)
def test_a_page_of_the_web_is_no_empty_store(
    status: int, page: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Console(QuietHandler):
        def answer(self) -> None:
            self.send(status, {"Content-Type": "text/html", "Location": self.path}, page)

    with served(Console) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{address}")
        store = open_store("s3://bucket/place")
        uses: list[Callable[[], object]] = [
            lambda: store.read("key"),
            lambda: store.write("key", b"x"),
            lambda: store.exists("key"),
            lambda: list(store.list("")),
            lambda: store.download("key", tmp_path / "back", NOTHING),
        ]
        for use in uses:
            with pytest.raises(
                ServiceError, match=r"S3 server; check AWS_|AWS_\w+ is an S3 server"
            ):
                use()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDenied"),
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (401, "Unauthorized"),
        (400, "ExpiredToken"),
    ],
)
def test_refused_credentials_are_reported(far: Store, proxy: Proxy, status: int, code: str) -> None:
    proxy.fail("instead", "PUT", times=99, status=status, code=code)
    said = rf"key: access refused: .*{code}.*; check the credentials"
    with pytest.raises(AccessError, match=said):
        far.write("key", b"x")
    assert len(proxy.seen) == 1


@pytest.mark.parametrize("url", ["s3://user:pw@bucket", "s3://user:p#w@bucket", "s3://user:p/w@b"])
def test_a_store_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY") as refused:
        open_store(url)
    assert "user" not in str(refused.value).replace("a user name", "")


@pytest.mark.parametrize("endpoint", ["http://me:pw@127.0.0.1:9", "http://me:p#w@h", "me:pw@h"])
def test_an_endpoint_with_a_password_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(SettingsError, match="AWS_") as refused:
        open_store("s3://bucket").read("key")
    assert "me:" not in str(refused.value)


def test_missing_credentials_are_reported(monkeypatch: pytest.MonkeyPatch, ministack: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccessError, match=r"no credentials: .*; set AWS_ACCESS_KEY_ID"):
        open_store("s3://bucket").read("key")


@pytest.mark.parametrize(("status", "code"), [(507, "InsufficientStorage"), (403, "QuotaExceeded")])
def test_a_full_bucket_is_reported(far: Store, proxy: Proxy, status: int, code: str) -> None:
    proxy.fail("instead", "PUT", times=99, status=status, code=code)
    with pytest.raises(ServiceError, match=f"key: store is full: .*{code}.*; free space"):
        far.write("key", b"x")


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://bucket/a/../b", "s3://B@d!/x"])
def test_a_url_that_names_no_bucket_is_refused(
    url: str, ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    with pytest.raises(SettingsError, match=r"s3://"):
        open_store(url).read("key")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "none"), ("AWS_ENDPOINT_URL", "not a url")]
)
def test_aws_settings_without_sense_are_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"s3://bucket: bad AWS settings: .*{value}"):
        open_store("s3://bucket")


def test_a_store_that_ignores_conditions_is_noticed(
    rclone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", rclone)
    broken = {
        result.promise: result.said
        for result in probe(open_store("s3://bucket/place"))
        if not result.is_kept
    }
    assert broken["race"].startswith("16 of 16 writers at once won; ignored: two attempts")
    assert {"write if absent", "race", "write if unchanged"} <= set(broken)


def test_a_server_that_accepts_a_wrong_digest_is_noticed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {}
    for kind in ("ministack", "moto"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue(kind))
        said[kind] = list(probe(open_store("s3://bucket/place")))[-1]
    assert [said[kind].is_kept for kind in ("ministack", "moto")] == [True, False]


def test_a_circle_is_no_s3_server_wherever_it_is_noticed() -> None:
    """In botocore's own sender it is one of its errors, as anything is."""
    found = HTTPClientError(error=RecursionError())
    found.__context__ = RecursionError()
    with (
        pytest.raises(ServiceError, match="not as an S3 server"),
        s3_errors("s3://b/k", "http://h"),
    ):
        raise found
