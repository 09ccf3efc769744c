"""A model folder as a repository of the model hub: uploaded, fetched back, and merged only then.

model folder  ->  a pull request of org/name  ->  org/name at a commit
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, ModelInfo, RepoFile, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # not named

from gabarito import __version__
from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.core.http_url import hub_endpoint
from gabarito.core.secrets import without_userinfo
from gabarito.models.base_model import hub_allowed
from gabarito.store.disk import disk_errors, info_of
from gabarito.store.scratch import temporary_folder
from gabarito.store.whole_folder import MARK, other_names

log = logging.getLogger("gabarito.exports")

_REFUSED = (401, 403)
_NO_PULL_REQUESTS = (403, 404, 405, 410, 501)
"""What a hub says that knows none, that takes none there, or none from this token."""
_CLIENT_FOLDER = ".cache/"
"""Where the client keeps what it knows of a download."""


GIT_FILE = ".gitattributes"
"""The hub's own: it is in every repository, whatever is uploaded."""


@dataclass(frozen=True)
class HubRepository:
    """A repository that may be written; ``commit`` is its newest, None where it is not there.

    ``pull_request`` is the number of the one that ``commit`` stands in, and nowhere else.
    """

    name: str
    commit: str | None
    pull_request: int | None = None


def check_name(name: str) -> None:
    """Do nothing if a name is one of the model hub.

    Raises:
        UsageError: if it is none.
    """
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise _no_name(name) from error
    if "/" not in name:
        raise _no_name(name)


def _no_name(name: str) -> UsageError:
    return UsageError(f"--to {name}: not a name of the model hub; write org/name")


def open_repository(name: str, *, is_public: bool) -> HubRepository:
    """Look at a repository before anything is uploaded: a new one, or of an earlier export.

    Raises:
        UsageError: if anybody can read it unasked, or it holds files of others.
        AccessError: if the hub refuses the token.
        ServiceError: if it does not answer.
    """
    check_name(name)
    found = _found(name)
    if found is None:
        return HubRepository(name, None)
    if not (found.private or is_public):
        raise UsageError(
            f"--to {name}: is there, and anybody can read it; give --public, or the name of a "
            "private or a new repository"
        )
    others = _files_of_others(name, found)
    if others:
        raise UsageError(
            f"--to {name}: holds something else, such as {others[0]!r}, which an export would "
            "delete; give the name of a new repository, or delete its files there"
        )
    return HubRepository(name, found.sha)


def _found(name: str) -> ModelInfo | None:
    with _hub_errors(name):
        try:
            return _api().model_info(name)
        except RepositoryNotFoundError as error:
            if error.response.status_code in _REFUSED:
                raise
            return None


def _files_of_others(name: str, found: ModelInfo) -> list[str]:
    names = [one.rfilename for one in found.siblings or () if one.rfilename != GIT_FILE]
    with temporary_folder("export") as folder:
        if MARK in names:
            _download(HubRepository(name, found.sha), folder, [MARK])
        return other_names(names, folder)


def upload_folder(
    folder: Path, to: HubRepository, *, is_public: bool, is_aside: bool
) -> HubRepository:
    """Upload a folder's files, beside which nothing else is left.

    A new repository is private unless ``is_public``; one that is there stays as it is. ``is_aside``
    uploads to a pull request, where the hub takes one: who reads the repository sees none of it.

    Raises:
        AccessError: if the hub refuses the token.
        ServiceError: if it does not answer.
    """
    title = f"gabarito {__version__}: {folder.name}"
    with _hub_errors(to.name):
        if to.commit is None:
            _api().create_repo(to.name, private=not is_public)
        number = _opened(to.name, title) if is_aside else None
        done = _api().upload_folder(
            repo_id=to.name,
            folder_path=folder,
            commit_message=title,
            revision=f"refs/pr/{number}" if number else None,
            parent_commit=to.commit,
            delete_patterns="*",
        )
    return HubRepository(to.name, str(done.oid), number)


def _opened(name: str, title: str) -> int | None:
    """Open a pull request, and return its number; None of a hub that takes none."""
    try:
        return _api().create_pull_request(name, title).num
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status not in _NO_PULL_REQUESTS:
            raise
        log.warning(
            "the hub takes no pull request; what is uploaded is seen before it is read back",
            extra={"repository": name, "status": status},
        )
        return None


def merge(uploaded: HubRepository) -> HubRepository:
    """Put what was read back in the place of what the repository held.

    Raises:
        AccessError: if the hub refuses the token.
        DataError: if somebody else has changed the repository meanwhile.
        ServiceError: if it does not answer.
    """
    number = uploaded.pull_request
    if number is None:
        return uploaded
    name, api = uploaded.name, _api()
    with _hub_errors(f"{name}, pull request {number}"):
        before = api.model_info(name).sha
        if before == uploaded.commit:  # it held just this
            withdraw(uploaded)
            return HubRepository(name, before)
        api.change_discussion_status(name, number, "open")  # it is a draft until then
        api.merge_pull_request(name, number)
        merged = api.model_info(name).sha
        if _blobs(name, merged) != _blobs(name, uploaded.commit):
            raise DataError(
                f"hub:{name}: commit {merged} holds something else than pull request {number}, "
                "which was read back; export again"
            )
    return HubRepository(name, merged)


def withdraw(uploaded: HubRepository) -> None:
    """Close the pull request of what was not read back as it should, if there is one."""
    if uploaded.pull_request is not None:
        with suppress(AccessError, ServiceError), _hub_errors(uploaded.name):
            _api().change_discussion_status(uploaded.name, uploaded.pull_request, "closed")


def _blobs(name: str, commit: str | None) -> dict[str, str]:
    tree = _api().list_repo_tree(name, recursive=True, revision=commit)
    return {one.path: one.blob_id for one in tree if isinstance(one, RepoFile)}


def fetch_back(uploaded: HubRepository, folder: Path, to: Path) -> None:
    """Download a commit whole, and compare it with the folder that was uploaded.

    Raises:
        DataError: if a file is not what was uploaded.
    """
    _download(uploaded, to, None)
    names = {path.name for path in folder.iterdir()}
    there = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
    fetched = {name for name in there if name != GIT_FILE and not name.startswith(_CLIENT_FOLDER)}
    for name in sorted(names | fetched):
        is_same = name in names & fetched and info_of(to / name) == info_of(folder / name)
        if not is_same:
            stays = "stays there; delete the repository there, and export again"
            if uploaded.pull_request is not None:
                stays = f"is left in pull request {uploaded.pull_request}, unmerged; export again"
            raise DataError(
                f"hub:{uploaded.name}: commit {uploaded.commit} holds another {name} than was "
                f"uploaded, and {stays}"
            )


def _download(repository: HubRepository, to: Path, names: list[str] | None) -> None:
    with _hub_errors(repository.name), disk_errors(str(to)):
        snapshot_download(
            repository.name,
            revision=repository.commit,
            local_dir=to,
            allow_patterns=names,
            endpoint=hub_endpoint(),
        )


def _api() -> HfApi:
    return HfApi(endpoint=hub_endpoint(), library_name="gabarito")


@contextmanager
def _hub_errors(repository: str) -> Iterator[None]:
    where = f"hub:{repository}"
    try:
        with hub_allowed():
            yield
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in _REFUSED:
            raise AccessError(
                f"{where}: the model hub refuses the token ({status}); set HF_TOKEN to one that "
                "may write there"
            ) from error
        said = without_userinfo(" ".join(str(error).split()))[:200]
        raise ServiceError(f"{where}: the model hub answers {status}: {said}; try again") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = without_userinfo(str(error))
        raise ServiceError(
            f"{where}: the model hub does not answer: {said}; check HF_ENDPOINT and the network"
        ) from error
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # what the client makes of an answer that is no hub's
        said = without_userinfo(f"{type(error).__name__} {error}")[:200]
        raise ServiceError(
            f"{where}: no answer of a model hub: {said}; check HF_ENDPOINT"
        ) from error
