import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.unit.store.full import full_beyond
from tokenizers import Tokenizer
from tokenizers.models import BPE

from gabarito.core.errors import AccessError, DataError, GabaritoError, ServiceError
from gabarito.store.disk import disk_errors, whole_file


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, ServiceError, "disk is full"),
        (errno.EDQUOT, ServiceError, "disk is full"),
        (errno.EACCES, AccessError, "may not be read or written"),
        (errno.EROFS, AccessError, "may not be read or written"),
        (errno.ENOENT, DataError, "no such file"),
        (errno.ENOTDIR, DataError, "a part of the path is no folder"),
        (errno.EISDIR, DataError, "is a folder"),
        (errno.ENAMETOOLONG, DataError, "no path can be so"),
        (errno.ELOOP, DataError, "no path can be so"),
        (errno.EIO, ServiceError, "disk does not work"),
    ],
)
def test_an_error_of_the_disk_is_named_with_its_place(
    number: int, kind: type[GabaritoError], said: str
) -> None:
    said = rf"^a place: {said}.*; "
    with pytest.raises(GabaritoError, match=said) as caught, disk_errors("a place"):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is kind


def test_an_error_that_names_a_file_keeps_it() -> None:
    with pytest.raises(AccessError, match=r"^/a/file: "), disk_errors("a place"):
        raise PermissionError(errno.EACCES, "Permission denied", "/a/file")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: save_file({"zeros": torch.zeros(10**4)}, path),
        lambda path: Tokenizer(BPE()).save(str(path)),
    ],
    ids=["safetensors", "tokenizers"],
)
def test_a_full_disk_is_one_to_libraries_in_rust_too(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    said = r"^a place: disk is full"
    with full_beyond(100), pytest.raises(ServiceError, match=said), disk_errors("a place"):
        write(tmp_path / "file")


def test_a_file_for_people_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("before")
    (tmp_path / "page.html").chmod(0o640)
    (tmp_path / "link.html").symlink_to("page.html")
    with (
        pytest.raises(ServiceError, match=r"link.html: disk is full"),
        full_beyond(100),
        whole_file(tmp_path / "link.html") as file,
    ):
        file.write(bytes(1000))
    assert (tmp_path / "page.html").read_text() == "before"
    with whole_file(tmp_path / "link.html") as file:
        file.write(b"after")
    assert (tmp_path / "page.html").read_text() == "after"
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "page.html"]


def test_a_place_that_cannot_be_a_file_is_named_as_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = {"none/a": "no such file", "file/a": "a part of the path is no", ".": "is a folder"}
    for name, message in said.items():
        path = tmp_path / name
        with pytest.raises(DataError, match=f"^{path}: {message}"), whole_file(path) as file:
            file.write(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(tmp_path / "pipe") as file:
        file.write(b"rows")
    assert os.read(reader, 10) == b"rows"
    os.close(reader)


@pytest.mark.parametrize("error", [ValueError("of another kind"), DataError("a row (os error 28)")])
def test_what_is_not_of_the_disk_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, disk_errors("a place"):
        raise error
    assert caught.value is error
