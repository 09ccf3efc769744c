"""Keys that change under a store that is open: a server takes the old ones back."""

import threading
import time
from pathlib import Path

import pytest
from botocore.session import Session

from gabarito.core.errors import AccessError
from gabarito.store import s3_credentials
from gabarito.store.open import open_store

from .conftest import BUCKET, KeyedServer

URL = f"s3://{BUCKET}/place"
ROTATION_S = 0.3
OLD, NEW = ("key-of-before", "secret-of-before"), ("key-of-today", "secret-of-today")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_credentials, "FILE_CHECK_S", 0.05)
    monkeypatch.setattr(s3_credentials, "ROTATION_S", ROTATION_S)


class Keys:
    """A Secret as a pod mounts it: one file for each of its keys."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self._files = [folder / "id", folder / "secret"]
        for name, path in zip(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"), self._files, strict=True):
            monkeypatch.setenv(f"AWS_{name}_FILE", str(path))

    def write(self, keys: tuple[str, str]) -> None:
        for path, text in zip(self._files, keys, strict=True):
            path.write_text(text)

    def remove(self) -> None:
        for path in self._files:
            path.unlink()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keys:
    keys = Keys(tmp_path / "mounted", monkeypatch)
    keys.write(OLD)
    return keys


def test_a_store_takes_keys_that_were_written_since(keyed: KeyedServer, keys: Keys) -> None:
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    keys.write(NEW)
    keyed.accept(*NEW)
    assert store.read("a").data == b"1"


def test_a_store_waits_for_keys_that_are_not_written_yet(
    keyed: KeyedServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_credentials, "ROTATION_S", 30.0)
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    keyed.accept(*NEW)
    later = threading.Timer(1.0, keys.write, (NEW,))
    later.start()
    store.write("b", b"2")
    later.join()
    assert [entry.key for entry in store.list("")] == ["a", "b"]


def test_keys_that_never_come_are_waited_for_once(keyed: KeyedServer, keys: Keys) -> None:
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    keyed.accept(*NEW)
    with pytest.raises(AccessError, match="check the credentials"):
        store.read("a")
    began = time.monotonic()
    with pytest.raises(AccessError):
        store.read("a")
    assert time.monotonic() - began < ROTATION_S
    keys.write(NEW)
    assert store.read("a").data == b"1"


def test_keys_that_were_never_right_are_not_waited_for(
    keyed: KeyedServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_credentials, "ROTATION_S", 60.0)
    keyed.accept(*NEW)
    began = time.monotonic()
    with pytest.raises(AccessError):
        open_store(URL).read("a")
    assert time.monotonic() - began < 30


def test_keys_of_a_shared_file_are_read_anew(
    keyed: KeyedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))

    def write(keys: tuple[str, str]) -> None:
        key, secret = keys
        path.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")

    write(OLD)
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    write(NEW)
    keyed.accept(*NEW)
    assert store.read("a").data == b"1"


def test_files_that_are_gone_bring_no_earlier_keys_back(
    keyed: KeyedServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Secret that is deleted and created again is away for a while."""
    for name, text in zip(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"), OLD, strict=True):
        monkeypatch.setenv(f"AWS_{name}", text)
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    keys.write(NEW)
    keyed.accept(*NEW)
    assert store.read("a").data == b"1"
    keys.remove()
    assert store.read("a").data == b"1"


@pytest.mark.parametrize(("variable", "token"), [("of-a-role", "of-a-role"), (None, None)])
def test_a_token_of_the_environment_goes_with_keys_of_files(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, variable: str | None, token: str | None
) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    if variable:
        monkeypatch.setenv("AWS_SESSION_TOKEN", variable)
    session = Session()
    s3_credentials.reread_files(session)
    found = session.get_credentials()
    assert found
    assert (found.access_key, found.token) == (OLD[0], token)


def test_half_a_rotation_keeps_the_keys_of_before(
    keyed: KeyedServer, keys: Keys, tmp_path: Path
) -> None:
    keyed.accept(*OLD)
    store = open_store(URL)
    store.write("a", b"1")
    (tmp_path / "mounted/secret").write_text("")
    assert store.read("a").data == b"1"
