"""The store in an S3 bucket, at Amazon's or at any server that speaks its protocol."""

import base64
import hashlib
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from urllib.parse import urlsplit

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from gabarito.core.errors import MissingError, ServiceError, SettingsError
from gabarito.store.base import (
    Entry,
    FileInfo,
    PartialUpload,
    Stored,
    checked_key,
    checked_prefix,
    conflict,
    is_key,
)
from gabarito.store.disk import atomic_write, disk_errors
from gabarito.store.s3_client import code_of, connect, no_s3, s3_errors, status_of

PART_BYTES = 16 * 2**20
"""Size of a part of a larger file; S3 allows 10,000 of them."""

PAGE = 1000
"""Most names in one answer to a listing."""

_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""What botocore takes for the name of a bucket; its own refusal of others quotes its patterns."""

_OF_LISTINGS = frozenset({"Contents", "IsTruncated", "KeyCount", "Name"})
"""Of these S3 says at least one in each listing, an empty one, too."""

_CONCURRENCY = 4
_TRANSFER = TransferConfig(
    multipart_threshold=PART_BYTES,
    multipart_chunksize=PART_BYTES,
    max_concurrency=_CONCURRENCY,
    preferred_transfer_client="classic",  # the other one ignores the endpoint
)
_READS = 3
_RACE_WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8)


class S3Store:
    """A store in a bucket, below a prefix."""

    def __init__(self, url: str, *, any_key: bool = False) -> None:
        """Open the store at ``s3://bucket/prefix``; nothing is sent yet.

        With ``any_key`` objects are listed and read that a store of ours cannot hold, those
        whose keys have an empty part, ``.`` or ``..``.

        Raises:
            SettingsError: if the URL names no bucket, or the AWS settings make no sense.
        """
        if {"@", ":"} & set(urlsplit(url).netloc):
            cure = "give credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise SettingsError(f"store: an s3:// URL with a user name, password or port; {cure}")
        self._bucket, _, prefix = url.removeprefix("s3://").rstrip("/").partition("/")
        is_bucket = url.startswith("s3://") and _BUCKET.fullmatch(self._bucket)
        if not is_bucket or (prefix and not any_key and not is_key(prefix)):
            raise SettingsError(
                f"store {url!r}: names no place in a bucket; write s3://bucket/prefix"
            )
        self._above = f"{prefix}/" if prefix else ""
        self._any_key = any_key
        self.url = f"s3://{self._bucket}/{prefix}".rstrip("/")
        self._client = connect(self.url)

    def read(self, key: str) -> Stored:
        """Return an object; its version is the ETag."""
        return self._get(key)

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        """Write an object and return its version."""
        conditions: dict[str, Any] = {"IfNoneMatch": "*"} if if_absent else {}
        if if_match is not None:
            conditions["IfMatch"] = if_match
        with self._errors(key):
            for wait_s in _RACE_WAITS_S:
                try:
                    stored = self._client.put_object(**self._at(key), Body=data, **conditions)
                    return stored["ETag"]
                except ClientError as error:
                    if not _lost_race(error, conditions):
                        raise
                    if status_of(error) != 409:  # 409 is a race that has no winner yet
                        break
                time.sleep(wait_s * random.uniform(0.5, 1.5))
        return self._ours(key, data)

    def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        whole = self._at(key)["Key"]
        with self._errors(key):  # a HEAD would not tell a missing bucket from a missing key
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=whole, MaxKeys=1)
        return any(item["Key"] == whole for item in self._listed(page, key))

    def list(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects whose keys begin with ``prefix``, in the order of their keys."""
        whole = self._above + checked_prefix(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=whole, PaginationConfig={"PageSize": PAGE}
        )
        with self._errors(prefix):
            for page in pages:
                for item in self._listed(page, prefix):
                    key = item["Key"].removeprefix(self._above)
                    is_marker = item["Key"].endswith("/") and not item["Size"]  # by consoles
                    if not is_marker if self._any_key else is_key(key):
                        modified = item["LastModified"].timestamp()
                        yield Entry(key, item["Size"], item["ETag"], modified)

    def upload(self, path: Path, key: str) -> FileInfo:
        """Write a file's content as an object and return its size and digest."""
        with disk_errors(str(path)), self._errors(key):
            try:
                return self._send(path, key)
            except ClientError as error:
                if code_of(error) != "NoSuchUpload":
                    raise
                return self._send(path, key)  # the answer to the last request was lost

    def download(self, key: str, path: Path, expected: FileInfo | int) -> None:
        """Write an object's content to ``path``, which appears only when it is whole."""
        with atomic_write(path, expected, self._name(key)) as file:
            size = expected if isinstance(expected, int) else expected.size
            if size <= PART_BYTES:
                file.write(self._get(key).data)
                return
            fetch = partial(self._fetch, key, Path(file.name), size)
            with ThreadPoolExecutor(_CONCURRENCY) as pool:
                list(pool.map(fetch, range(0, size, PART_BYTES)))

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        with suppress(MissingError), self._errors(key):
            self._client.delete_object(**self._at(key))

    def partial_uploads(self) -> Iterator[PartialUpload]:
        """Yield the multipart uploads that are not finished, on servers that can list them."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._above
        )
        with self._errors(""):
            try:
                for page in pages:
                    for item in page.get("Uploads", ()):
                        key = item["Key"].removeprefix(self._above)
                        yield PartialUpload(key, item["UploadId"], item["Initiated"].timestamp())
            except ClientError as error:
                if code_of(error) != "NotImplemented":
                    raise

    def abort(self, upload: PartialUpload) -> None:
        """Delete the parts of an upload; one that is finished or aborted is no error."""
        with suppress(MissingError), self._errors(upload.key):
            self._client.abort_multipart_upload(**self._at(upload.key), UploadId=upload.id)

    def refuses_wrong_digest(self, key: str) -> bool:
        """Tell whether the server compares a content with the SHA-256 that comes with it."""
        wrong = base64.b64encode(bytes(32)).decode()
        checksum: dict[str, Any] = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": wrong}
        with self._errors(key):
            try:
                self._client.put_object(**self._at(key), Body=b"x", **checksum)
            except ClientError as error:
                if status_of(error) == 400:
                    return True
                raise
        return False

    def _send(self, path: Path, key: str) -> FileInfo:
        with path.open("rb") as file:
            reader = _DigestingReader(file)
            body = cast("IO[bytes]", reader)
            self._client.upload_fileobj(body, **self._at(key), Config=_TRANSFER)
        return reader.info

    def _fetch(self, key: str, path: Path, size: int, start: int) -> None:
        end = start + PART_BYTES
        wanted = f"bytes={start}-{end - 1}" if end < size else f"bytes={start}-"
        part = self._get(key, wanted).data
        with path.open("r+b") as file:
            file.seek(start)
            file.write(part)

    def _get(self, key: str, wanted: str = "") -> Stored:
        extra: dict[str, Any] = {"Range": wanted} if wanted else {}
        broken: Exception | None = None
        for _ in range(_READS):
            with self._errors(key):
                response = self._client.get_object(**self._at(key), **extra)
                version = response["ETag"]
            try:
                with closing(response["Body"]) as body:
                    return Stored(body.read(), version)
            except (BotoCoreError, HTTPError) as error:
                broken = error
        raise ServiceError(
            f"{self._name(key)}: content was cut off {_READS} times; try again later"
        ) from broken

    def _ours(self, key: str, data: bytes) -> str:
        """Return the version of what is there if it is ours: a lost answer looks like a loss."""
        with suppress(MissingError):
            stored = self._get(key)
            if stored.data == data:
                return stored.version
        raise conflict(self._name(key))

    def _listed(self, page: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
        """Return the objects of a listing; a page of the web would be an empty one."""
        if not _OF_LISTINGS & page.keys():
            raise no_s3(self._name(key), self._client.meta.endpoint_url)
        found: Sequence[Mapping[str, Any]] = page.get("Contents", ())
        return found

    def _at(self, key: str) -> dict[str, Any]:
        return {
            "Bucket": self._bucket,
            "Key": self._above + (key if self._any_key else checked_key(key)),
        }

    def _name(self, key: str) -> str:
        return f"{self.url}/{key}"

    def _errors(self, key: str) -> AbstractContextManager[None]:
        return s3_errors(self._name(key), self._client.meta.endpoint_url)


class _DigestingReader:
    """Computes size and digest of what is read through it, in the order of reading.

    It has no ``seek``, so that it is read once and in order.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._file.read(size)
        self._digest.update(data)
        self._size += len(data)
        return data

    @property
    def info(self) -> FileInfo:
        """Size and digest of what was read so far."""
        return FileInfo(size=self._size, sha256=self._digest.hexdigest())


def _lost_race(error: ClientError, conditions: dict[str, Any]) -> bool:
    """Tell whether a condition did not hold; a version of what is gone is refused with 404."""
    return status_of(error) in (409, 412) or (status_of(error) == 404 and "IfMatch" in conditions)
