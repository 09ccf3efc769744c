import errno
import os

import pytest

from gabarito.core.disk import disk_errors
from gabarito.core.errors import AccessError, DataError, GabaritoError, ServiceError


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
