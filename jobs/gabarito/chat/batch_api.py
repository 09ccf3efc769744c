"""The batch protocol of the OpenAI API: a file of requests, a batch of it, files of replies.

    POST /files               multipart, purpose "batch": lines {custom_id, method, url, body}
    POST /batches             {input_file_id, endpoint, completion_window}
    GET  /batches/ID          status, output_file_id, error_file_id, request_counts, errors
    GET  /batches?limit=100   all of them, the newest first
    GET  /files/ID            what is known of a file, or 404
    GET  /files/ID/content    lines {custom_id, response: {status_code, body}, error}, in any order

As documented at https://platform.openai.com/docs/api-reference/batch; others speak it too.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlsplit

import urllib3
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from gabarito import __version__
from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.foreign_text import shown, text_of_body
from gabarito.chat.http import Response, download, open_pool, reason_of, send
from gabarito.chat.protocol import (
    BAD_REQUEST,
    BUSY,
    NOT_FOUND,
    OK,
    SERVER_ERRORS,
    UNAUTHORISED,
    CallFailure,
    read_response,
)
from gabarito.core.errors import AccessError, GabaritoError, ServiceError, SettingsError
from gabarito.core.secrets import FILE_CHECK_S

ENDPOINT = "/v1/chat/completions"
WINDOW = "24h"
"""The only one that is documented."""

REDIRECTS = 300

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
TRIES = 8

FILE_S = 3600.0
"""Seconds that a file may take at least: one of replies has hundreds of megabytes."""

_PENDING = re.compile(r"\bpending\b|not (?:yet )?(?:ready|processed)", re.IGNORECASE)
"""How a file is refused that was stored just now."""

TOO_MUCH_AT_ONCE = "token_limit_exceeded"
"""Why a batch fails that is too large for what one may have waiting."""


class MissingBatchError(SettingsError):
    """The provider does not know a batch, or a file of requests or replies, any more."""


class _Problem(BaseModel):
    code: str | None = None
    message: str | None = None
    line: int | None = None


class _Problems(BaseModel):
    data: list[_Problem] | None = None


class _Counts(BaseModel):
    total: int = 0
    completed: int = 0
    failed: int = 0


def _plain_status(status: str) -> str:
    """Return a status as the protocol spells it."""
    return status.lower().replace("canceled", "cancelled")


class Batch(BaseModel):
    """What the provider says of a batch; there is more in it."""

    id: str = Field(min_length=1)
    status: Annotated[str, AfterValidator(_plain_status)]
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: _Counts | None = None
    errors: _Problems | None = None

    @property
    def is_too_much(self) -> bool:
        """Whether it failed for its size alone, beside what else waits."""
        found = (self.errors and self.errors.data) or []
        return self.status == "failed" and any(one.code == TOO_MUCH_AT_ONCE for one in found)

    @property
    def problem(self) -> str:
        """Why it failed, in the provider's words."""
        found = (self.errors and self.errors.data) or [_Problem(message="it does not say why")]
        place = f"line {found[0].line}: " if found[0].line is not None else ""
        return shown(f"{place}{found[0].code or ''} {found[0].message or ''}")


class _BatchList(BaseModel):
    data: list[Batch]


class _StoredFile(BaseModel):
    id: str = Field(min_length=1)


class BatchApi:
    """Calls the batch protocol of one endpoint; ``pause`` waits, and raises to stop."""

    def __init__(self, endpoint: ChatEndpoint, pause: Callable[[float], None]) -> None:
        parts = urlsplit(endpoint.completions)
        self._base = parts._replace(path=parts.path.removesuffix("/chat/completions"))
        self._where = f"teacher {endpoint.url}"
        self._endpoint = endpoint
        self._was_answered = False
        self._pause = pause
        self._pool = open_pool(self._base.geturl(), endpoint.timeout_s)
        self._files = open_pool(self._base.geturl(), max(endpoint.timeout_s, FILE_S))
        self._last = ""

    def upload(self, requests: Mapping[str, Mapping[str, Any]]) -> str:
        """Store a file of requests by their ids, and return its own."""
        lines = (
            {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}
            for name, body in requests.items()
        )
        data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        body, kind = urllib3.encode_multipart_formdata(
            {"purpose": "batch", "file": ("requests.jsonl", data.encode())}
        )
        response = self._call("POST", "/files", body, kind)
        try:
            return _StoredFile.model_validate_json(response.body).id
        except ValidationError as error:
            said = shown(text_of_body(response.body), self._endpoint.secret)
            raise self._error(f"answered what is no file: {said!r}") from error

    def create(self, file: str) -> Batch:
        """Begin the batch of a file; one that is there already is returned.

        An answer that is lost does not tell whether it was made, so it is looked for first.
        """
        body = {"input_file_id": file, "endpoint": ENDPOINT, "completion_window": WINDOW}
        data = json.dumps(body).encode()
        for number in range(TRIES):
            found = self.find(file)
            if found:
                return found
            response = self._once("POST", "/batches", data, "application/json")
            if isinstance(response, Response):
                return self._batch(response)
            self._wait(number, response)
        raise self._error("does not begin a batch")

    def find(self, file: str) -> Batch | None:
        """Return the batch that was made of a file, if it is listed among the newest hundred."""
        with suppress(SettingsError, ValidationError):  # some do not list them
            listed = _BatchList.model_validate_json(self._call("GET", "/batches?limit=100").body)
            return next((one for one in listed.data if one.input_file_id == file), None)
        return None

    def refuse_missing(self, file: str) -> None:
        """Do nothing if a file is still stored.

        Raises:
            MissingBatchError: if the provider does not know it any more.
        """
        self._call("GET", f"/files/{file}")

    def state(self, batch: str) -> Batch:
        """Return how far a batch is."""
        return self._batch(self._call("GET", f"/batches/{batch}"))

    def lines(self, file: str) -> Iterator[dict[str, Any]]:
        """Yield the lines of a file of replies that can be read."""
        for line in self._call("GET", f"/files/{file}/content").body.splitlines():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):  # asked for again, as what is missing
                continue
            if isinstance(value, dict):
                yield value

    def _batch(self, response: Response) -> Batch:
        try:
            return Batch.model_validate_json(response.body)
        except ValidationError as error:
            said = shown(text_of_body(response.body), self._endpoint.secret)
            raise self._error(f"answered what is no batch: {said!r}") from error

    def _call(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Response:
        """Return a good response, after as many tries as it takes and is worth."""
        for number in range(TRIES):
            response = self._once(method, path, body, kind)
            if isinstance(response, Response):
                return response
            self._wait(number, response)
        raise self._error(f"{method} {path} is not answered")

    def _once(self, method: str, path: str, body: bytes | None, kind: str) -> Response | float:
        """Return a good response, or the seconds to wait where another try may help.

        Raises:
            GabaritoError: if no other try will help.
        """
        headers = {"User-Agent": f"gabarito/{__version__}", **self._endpoint.authorization}
        headers |= {"Content-Type": kind} if kind else {}
        name, _, query = path.partition("?")
        both = "&".join(filter(None, (self._base.query, query)))
        url = self._base._replace(path=self._base.path + name, query=both).geturl()
        try:
            if path.endswith("/content"):
                response = download(self._files, url, headers)
            else:
                pool = self._files if name == "/files" else self._pool
                response = send(pool, method, url, headers, body)
        except TimeoutError:
            self._last = "no whole answer in time"
            return 0.0
        except urllib3.exceptions.HTTPError as error:
            self._last = shown(reason_of(error), self._endpoint.secret)
            return 0.0
        is_good = OK <= response.status < REDIRECTS
        self._was_answered = self._was_answered or is_good
        return response if is_good else self._pause_after(response, method, path)

    def _pause_after(self, response: Response, method: str, path: str) -> float:
        """Return the seconds to wait after a refusal that may pass.

        Raises:
            GabaritoError: what it means, if it will not.
        """
        failure = read_response(response, 0, self._endpoint.secret)
        if not isinstance(failure, CallFailure):
            failure = CallFailure(f"answered {response.status}")
        self._last = failure.what
        if failure.error is ServiceError:
            raise ServiceError(f"{self._where}: {failure.what}; {failure.cure}")
        is_pending = response.status == BAD_REQUEST and _PENDING.search(self._last)
        is_key_replaced = self._was_answered and self._endpoint.can_key_change
        if response.status == UNAUTHORISED and is_key_replaced:
            return FILE_CHECK_S
        if is_pending or response.status in BUSY or response.status >= SERVER_ERRORS:
            return failure.pause_s
        if response.status == NOT_FOUND and method == "GET":
            raise MissingBatchError(f"{self._where}: {path}: {self._last}; send its requests anew")
        raise self._refusal(response.status, self._last)

    def _wait(self, number: int, seconds: float) -> None:
        self._pause(max(seconds, min(FIRST_PAUSE_S * 2.0**number, MAX_PAUSE_S)))

    def _refusal(self, status: int, said: str) -> GabaritoError:
        if status in (401, 403):
            return AccessError(
                f"{self._where}: {said}; set {self._endpoint.key_name} to a valid key"
            )
        return SettingsError(
            f"{self._where}: {said}; it takes no batches so, set teacher.batch to false"
        )

    def _error(self, what: str) -> ServiceError:
        said = f": {self._last}" if self._last else ""
        return ServiceError(
            f"{self._where}: {what}{said}; start again later, what was sent is remembered"
        )
