"""The S3 client: how it is set up, and its errors translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import botocore.session
from boto3.session import Session
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from gabarito.core.errors import (
    AccessError,
    DataError,
    GabaritoError,
    ServiceError,
    SettingsError,
)
from gabarito.core.secrets import without_userinfo
from gabarito.store.base import missing
from gabarito.store.s3_credentials import reread_files, wait_for_successor

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIMITS = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=16,
)
"""A store that nothing reaches is reported after four tries, some 15 seconds."""

_ACCESS_CODES = frozenset({
    "AccessDenied", "AccountProblem", "AllAccessDisabled", "ExpiredToken", "InvalidAccessKeyId",
    "InvalidToken", "NotSignedUp", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
})  # fmt: skip
_SETTINGS_CODES = frozenset({
    "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidBucketName",
    "NoSuchBucket", "PermanentRedirect",
})  # fmt: skip
_FULL_CODES = frozenset({
    "InsufficientStorage", "QuotaExceeded", "QuotaExceededException", "XMinioStorageFull",
})  # fmt: skip
_NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_BAD_SETTINGS = (
    exceptions.ConfigNotFound,
    exceptions.ConfigParseError,
    exceptions.InvalidRegionError,
    exceptions.NoRegionError,
    exceptions.ParamValidationError,
    exceptions.ProfileNotFound,
)


def connect(url: str) -> "S3Client":
    """Return a client with the credentials and the endpoint of boto3's own chain.

    Keys that lie in files are read anew when these change.

    Servers other than Amazon's refuse the checksums that boto3 adds since 1.36, and many
    know buckets by path only.

    Raises:
        SettingsError: if the AWS settings of this machine make no sense.
    """
    core = botocore.session.get_session()
    try:
        reread_files(core)
        session = Session(botocore_session=core)
        client = session.client("s3", config=LIMITS)
        if "@" in client.meta.endpoint_url:
            cure = "give credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise SettingsError(
                f"AWS_ENDPOINT_URL: holds a user name or a password; take it out and {cure}"
            )
        host = urlsplit(client.meta.endpoint_url).hostname or ""
        if not host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws")):
            style = core.get_scoped_config().get("s3", {}).get("addressing_style", "path")
            other = Config(
                s3={"addressing_style": style},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
            client = session.client("s3", config=LIMITS.merge(other))
        wait_for_successor(client, core.get_credentials())
        return client
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(
            f"{url}: bad AWS settings: {_said(error)}; correct AWS_* or ~/.aws/config"
        ) from error


@contextmanager
def s3_errors(where: str, endpoint: str) -> Iterator[None]:
    """Translate what goes wrong between us and the store; ``where`` is the object's URL."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, where) from error
    except (BotoCoreError, HTTPError) as error:
        if isinstance(error.__context__, RecursionError):  # met where botocore wraps everything
            raise no_s3(where, endpoint) from error
        raise _failure(error, where, endpoint) from error
    except (KeyError, RecursionError, ResponseParserError) as error:
        # what botocore makes of a page of the web; it follows what leads on to it without end
        raise no_s3(where, endpoint) from error


def no_s3(where: str, endpoint: str) -> ServiceError:
    """Return what to say of a server that answers, but not as S3: a console, a page to log in."""
    return ServiceError(
        f"{where}: {endpoint} answers, but not as an S3 server; check AWS_ENDPOINT_URL: http or "
        "https, host and port, and that no proxy or page to log in is before it"
    )


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an error response."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def code_of(error: ClientError) -> str:
    """Return the S3 code of an error response."""
    return error.response.get("Error", {}).get("Code", "")


def _refusal(error: ClientError, where: str) -> GabaritoError:
    code, status, said = code_of(error), status_of(error), _said(error)
    if code == "NoSuchBucket":
        return SettingsError(f"{where}: no such bucket; create it or correct the store's URL")
    if code in _SETTINGS_CODES:
        cure = "correct the store's URL, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL"
        return SettingsError(f"{where}: refused: {said}; {cure}")
    if code in _FULL_CODES or status == 507:
        return ServiceError(f"{where}: store is full: {said}; free space or raise its quota")
    if code in _ACCESS_CODES or status in (401, 403):
        cure = "check the credentials, their rights to this bucket, and the clock"
        return AccessError(f"{where}: access refused: {said}; {cure}")
    if code == "NoSuchKey" or status == 404:
        return missing(where)
    if code == "InvalidRange":
        return DataError(f"{where}: damaged: shorter than it was")
    return ServiceError(  # 500 is also what botocore makes of a page of the web
        f"{where}: store failed with status {status}: {said}; try again later, and if it goes on "
        "check that AWS_ENDPOINT_URL is an S3 server's"
    )


def _failure(error: Exception, where: str, endpoint: str) -> GabaritoError:
    said = _said(error)
    if isinstance(error, _NO_CREDENTIALS):
        cure = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod a role"
        return AccessError(f"{where}: no credentials: {said}; {cure}")
    if isinstance(error, _BAD_SETTINGS):
        return SettingsError(f"{where}: {said}; correct the store's URL or the AWS settings")
    cure = f"check that {endpoint} is up and that AWS_ENDPOINT_URL is right"
    return ServiceError(f"{where}: store does not answer: {said}; {cure}")


def _said(error: Exception) -> str:
    return without_userinfo(" ".join(str(error).split()))[:300]
