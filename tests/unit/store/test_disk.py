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
from gabarito.store.disk import disk_errors


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, ServiceError, "disk is full"),
        (errno.EDQUOT, ServiceError, "disk is full"),
        (errno.EACCES, AccessError, "may not be read or written"),
        (errno.EROFS, AccessError, "may not be read or written"),
        (errno.ENOENT, DataError, "no such file"),
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


@pytest.mark.parametrize("error", [ValueError("of another kind"), DataError("a row (os error 28)")])
def test_what_is_not_of_the_disk_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, disk_errors("a place"):
        raise error
    assert caught.value is error
