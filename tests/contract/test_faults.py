"""Answers that are lost, late, cut off or wrong, made by a proxy before a real S3 server."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.config import Config

from gabarito.core.errors import ConflictError, DataError, ServiceError
from gabarito.store import s3_client
from gabarito.store.base import FileInfo, Store
from gabarito.store.open import open_store

from .proxy import Proxy

LARGE = 17 * 2**20


def info_of(data: bytes) -> FileInfo:
    return FileInfo(size=len(data), sha256=hashlib.sha256(data).hexdigest())


@pytest.fixture(params=["read", "download"])
def fetched(request: pytest.FixtureRequest, far: Store, tmp_path: Path) -> Callable[[], bytes]:
    """Both ways to get the content of an object."""
    far.write("object", b"the content")

    def download() -> bytes:
        far.download("object", tmp_path / "file", info_of(b"the content"))
        return (tmp_path / "file").read_bytes()

    return download if request.param == "download" else lambda: far.read("object").data


def test_our_write_whose_answer_was_lost_is_a_success(far: Store, proxy: Proxy) -> None:
    proxy.fail("swallow", "PUT")
    version = far.write("key", b"ours", if_absent=True)
    assert far.read("key").version == version
    assert [request.split()[0] for request in proxy.seen][:3] == ["PUT", "PUT", "GET"]


def test_our_swap_whose_answer_was_lost_is_a_success(far: Store, proxy: Proxy) -> None:
    old = far.write("key", b"old")
    proxy.fail("swallow", "PUT")
    version = far.write("key", b"new", if_match=old)
    assert far.read("key").version == version


def test_a_refusal_of_our_own_write_is_a_success(far: Store, proxy: Proxy) -> None:
    proxy.fail("answer", "PUT", status=412, code="PreconditionFailed")
    version = far.write("key", b"ours", if_absent=True)
    assert far.read("key").version == version


def test_somebody_elses_write_behind_a_lost_answer_is_a_conflict(far: Store, proxy: Proxy) -> None:
    far.write("key", b"theirs")
    proxy.fail("swallow", "PUT")
    with pytest.raises(ConflictError):
        far.write("key", b"ours", if_absent=True)
    assert far.read("key").data == b"theirs"


def test_a_race_in_progress_is_tried_again(far: Store, proxy: Proxy) -> None:
    proxy.fail("instead", "PUT", times=2, status=409, code="ConditionalRequestConflict")
    far.write("key", b"ours", if_absent=True)
    assert far.read("key").data == b"ours"


def test_a_race_without_end_is_a_conflict(far: Store, proxy: Proxy) -> None:
    proxy.fail("instead", "PUT", times=99, status=409, code="ConditionalRequestConflict")
    with pytest.raises(ConflictError):
        far.write("key", b"ours", if_absent=True)


def test_a_content_cut_off_is_fetched_again(fetched: Callable[[], bytes], proxy: Proxy) -> None:
    proxy.fail("cut", "GET", times=2)
    assert fetched() == b"the content"


def test_a_content_always_cut_off_is_reported(
    fetched: Callable[[], bytes], proxy: Proxy, tmp_path: Path
) -> None:
    proxy.fail("cut", "GET", times=99)
    with pytest.raises(ServiceError, match=r"object: content was cut off 3 times"):
        fetched()
    assert list(tmp_path.iterdir()) == []


def test_a_changed_content_is_refused(far: Store, proxy: Proxy, tmp_path: Path) -> None:
    far.write("object", b"the content")
    proxy.fail("flip", "GET")
    with pytest.raises(DataError, match=r"object: damaged: got 11 bytes with sha256"):
        far.download("object", tmp_path / "file", info_of(b"the content"))
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_large_file_cut_off_is_fetched_again(
    far: Store, proxy: Proxy, tmp_path: Path
) -> None:
    (tmp_path / "there").write_bytes(os.urandom(LARGE))
    info = far.upload(tmp_path / "there", "large")
    proxy.fail("cut", "GET", times=2)
    far.download("large", tmp_path / "back", info)
    assert proxy.seen.count(proxy.seen[-1]) == 4  # two parts, and again twice


@pytest.mark.parametrize(
    ("method", "word"), [("POST", "uploads"), ("PUT", "partNumber=2"), ("POST", "uploadId")]
)
def test_an_upload_survives_a_lost_answer(
    far: Store, proxy: Proxy, tmp_path: Path, method: str, word: str
) -> None:
    (tmp_path / "there").write_bytes(os.urandom(LARGE))
    proxy.fail("swallow", method, word)
    info = far.upload(tmp_path / "there", "large")
    far.download("large", tmp_path / "back", info)
    assert proxy.faults[0].times == 0


def test_an_upload_that_the_store_has_ended_already_is_sent_again(
    far: Store, proxy: Proxy, tmp_path: Path
) -> None:
    (tmp_path / "there").write_bytes(os.urandom(LARGE))
    proxy.fail("swallow", "POST", "uploadId")
    proxy.fail("instead", "POST", "uploadId", status=404, code="NoSuchUpload")
    info = far.upload(tmp_path / "there", "large")
    far.download("large", tmp_path / "back", info)


def test_a_burst_of_failures_is_waited_out(far: Store, proxy: Proxy) -> None:
    proxy.fail("instead", "PUT", times=2, status=503, code="SlowDown")
    far.write("key", b"x")
    proxy.fail("instead", "GET", times=2, status=500, code="InternalError")
    assert far.read("key").data == b"x"


def test_a_store_that_only_fails_is_reported(far: Store, proxy: Proxy) -> None:
    proxy.fail("instead", "PUT", times=99, status=503, code="SlowDown")
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"key: store failed with status 503: .*SlowDown"):
        far.write("key", b"x")
    assert time.monotonic() - began < 15


def test_a_slow_answer_is_waited_for(far: Store, proxy: Proxy) -> None:
    proxy.fail("late", "PUT", seconds=1)
    far.write("key", b"x", if_absent=True)
    assert len(proxy.seen) == 1


def test_a_store_that_never_answers_is_reported(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Config(read_timeout=0.2, retries={"total_max_attempts": 2})
    monkeypatch.setattr(s3_client, "LIMITS", s3_client.LIMITS.merge(short))
    proxy.fail("late", "PUT", times=99, seconds=1)
    with pytest.raises(ServiceError, match=r"key: store does not answer: .*imeout"):
        open_store("s3://bucket").write("key", b"x")
