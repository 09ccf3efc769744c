"""Where a base model comes from: a folder, a bucket, or the model hub through a mirror.

folder | gabarito:… | s3://… | hub id  ->  a local folder
"""

import fnmatch
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx2
from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from pydantic import StringConstraints, TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.base_config import (
    CONFIG_FILE,
    MIRROR,
    TOKENIZER_FILE,
    mirror_key,
    read_base_config,
)
from gabarito.core.errors import (
    AccessError,
    DataError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)
from gabarito.core.http_url import hub_endpoint
from gabarito.core.model_records import TrainedBase
from gabarito.core.secrets import without_userinfo
from gabarito.core.settings import BUCKET, is_path, local_path
from gabarito.store.base import Entry, FileInfo, Store, is_key
from gabarito.store.disk import disk_errors
from gabarito.store.model_cache import Fill, model_folder
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder

FILES = ("*.json", "*.jinja", "*.model", "*.safetensors", "*.txt")
"""What a model needs; other formats of the same weights are not copied."""

_COMMIT = TypeAdapter(Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")])

NOTES = ".cache"
"""Where the hub's client writes notes for itself."""

SUMS_FILE = "SHA256SUMS"
_SUM = re.compile(r"(?P<digest>[0-9a-fA-F]{64})\s+\*?(?:\./)?(?P<name>.+)")


@contextmanager
def open_base(reference: str, store: Store) -> Iterator[Path]:
    """Give a local folder that holds the base model.

    A base from a bucket or from the hub lies there until the block ends. A hub id, such as
    ``org/name`` or ``org/name@revision``, is fetched from the hub once and kept in ``store``: a
    branch that moves afterwards changes nothing.

    Raises:
        MissingError: if there is no such model.
        DataError: if it is none that can be trained, or a file of a bucket is not what its
            ``SHA256SUMS`` says.
        AccessError: if the hub asks for permission.
        ServiceError: if the hub does not answer, or the disk is full.
    """
    if is_path(reference) and not reference.startswith(BUCKET):
        folder = local_path(reference)
        read_base_config(folder, reference)
        yield folder
        return
    of_bucket = reference.startswith(BUCKET)
    files = _files_of_bucket(reference) if of_bucket else _mirrored(reference, store)
    fill: Fill = partial(_copied, reference, store, files)
    if of_bucket:
        fill = partial(download_prefix, reference, names=FILES)
    if files:
        with model_folder(files, fill, "base") as folder:
            read_base_config(folder, reference)
            yield folder
        return
    with temporary_folder("base") as folder:
        if of_bucket:
            download_prefix(reference, folder, FILES)
        else:
            _from_mirror(reference, Cache(store, MIRROR), folder)
        read_base_config(folder, reference)
        yield folder


def hub_commit(reference: str, store: Store) -> str | None:
    """Return the commit of the hub that a mirrored base was fetched at, None of any other."""
    return Cache(store, MIRROR).get_json(_commit_key(reference), _COMMIT)


def check_base(folder: Path, trained: TrainedBase) -> None:
    """Refuse a base that is not the very one that an adapter was trained on.

    Raises:
        DataError: if it is another base.
    """
    found = digest_of_path(str(folder))
    if found != trained.sha256:
        raise DataError(
            f"base {trained.reference!r}: not the one that the adapter was trained on, "
            f"{found[:12]} instead of {trained.sha256[:12]}; run the pipeline again to train on "
            "this one"
        )


def download_prefix(url: str, folder: Path, names: Sequence[str]) -> None:
    """Copy files of these names that lie below a prefix; those in its ``SHA256SUMS`` are verified.

    Raises:
        DataError: if a file is not what ``SHA256SUMS`` says, or changes meanwhile.
        ServiceError: if the bucket does not answer, or the disk is full.
    """
    store = open_store(url)
    entries = {entry.key: entry for entry in store.list("")}
    sums = _sums(store) if SUMS_FILE in entries else {}
    for key, entry in entries.items():
        if not _is_wanted(key, names):
            continue
        if key in sums:
            store.download(key, folder / key, FileInfo(size=entry.size, sha256=sums[key]))
        else:
            _copy(store, entry, folder / key)


def _files_of_bucket(url: str) -> dict[str, FileInfo]:
    """Return the files of a base in a bucket, if its ``SHA256SUMS`` tells the digests of all."""
    store = open_store(url)
    entries = {entry.key: entry for entry in store.list("")}
    wanted = {key: entry for key, entry in entries.items() if _is_wanted(key, FILES)}
    sums = _sums(store) if SUMS_FILE in entries else {}
    if wanted.keys() - sums.keys():
        return {}
    return {key: FileInfo(size=one.size, sha256=sums[key]) for key, one in wanted.items()}


def _is_wanted(key: str, names: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(key, pattern) for pattern in names)


def _copy(store: Store, entry: Entry, path: Path) -> None:
    store.download(entry.key, path, entry.size)
    now = next((one for one in store.list(entry.key) if one.key == entry.key), None)
    if now is None or now.version != entry.version:
        raise DataError(f"{store.url}/{entry.key}: changed since the bucket was listed; run again")


def _sums(store: Store) -> dict[str, str]:
    text = store.read(SUMS_FILE).data.decode(errors="replace")
    sums = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _SUM.fullmatch(line)
        if found is None:
            raise DataError(
                f"{store.url}/{SUMS_FILE}:{number}: not a SHA-256 and a name, got {line[:80]!r}; "
                "write it with sha256sum, or delete it"
            )
        sums[found["name"]] = found["digest"].lower()
    return sums


def _mirrored(reference: str, store: Store) -> dict[str, FileInfo]:
    """Return the files of a base of the hub that the store has a copy of, or nothing."""
    key = mirror_key(reference)
    return Cache(store, MIRROR).files_of(key) if is_key(key) else {}


def _copied(reference: str, store: Store, files: dict[str, FileInfo], folder: Path) -> None:
    cache, key = Cache(store, MIRROR), mirror_key(reference)
    if not cache.load_folder(key, folder) or cache.files_of(key) != files:
        raise ServiceError(f"base {reference!r}: its copy in the store was replaced; run again")


def _from_mirror(reference: str, cache: Cache, folder: Path) -> None:
    key = mirror_key(reference)
    if not is_key(key):
        raise hub_error(f"base {reference!r}", HFValidationError())
    if cache.load_folder(key, folder):
        return
    with disk_errors(str(folder)):
        commit = _fetch(reference, folder)
    shutil.rmtree(folder / NOTES, ignore_errors=True)
    cache.put(_commit_key(reference), json.dumps(commit).encode())
    cache.save_folder(key, folder)


def _fetch(reference: str, folder: Path) -> str:
    """Download a model of the hub, its settings first, and return the commit it has there."""
    name, _, revision = reference.partition("@")
    ask = partial(snapshot_download, name, local_dir=folder, endpoint=hub_endpoint())
    with hub_errors(f"base {reference!r}"), hub_allowed():
        settings = [CONFIG_FILE, TOKENIZER_FILE]
        ask(revision=revision or None, allow_patterns=settings)
        read_base_config(folder, reference)  # before gigabytes are fetched in vain
        commit = _commit_of(folder)
        ask(revision=commit, allow_patterns=list(FILES))
    return commit


def _commit_of(folder: Path) -> str:
    """Return the commit that the hub's client notes beside each file: the note's first line."""
    notes = folder / NOTES / "huggingface" / "download" / f"{CONFIG_FILE}.metadata"
    return notes.read_text(encoding="utf-8").splitlines()[0]


def _commit_key(reference: str) -> str:
    return f"commits/{reference}"


@contextmanager
def hub_allowed() -> Iterator[None]:
    """Let the hub's client speak to it for once: gabarito.models keeps it offline."""
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def hub_errors(where: str) -> Iterator[None]:
    """Say of what is fetched what the errors of the hub's client mean.

    Raises:
        GabaritoError: in their place.
    """
    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError) as error:
        raise hub_error(where, error) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = without_userinfo(str(error))[:200].rstrip(".")
        raise ServiceError(
            f"{where}: the model hub does not answer: {said}; check HF_ENDPOINT and the network, "
            "or give a folder or an s3:// prefix"
        ) from error
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # what the client makes of an answer that is no hub's, or of a file name that leads out
        said = without_userinfo(str(error))[:200]
        raise ServiceError(
            f"{where}: no answer of a model hub: {said}; check HF_ENDPOINT"
        ) from error


def hub_error(where: str, error: Exception) -> GabaritoError:
    """Return what an error of the hub's client means for what is fetched."""
    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, HfHubHTTPError):
        error = error.__cause__  # the client hides the hub's answer in it
    if isinstance(error, GatedRepoError):
        return AccessError(f"{where}: its authors ask for consent; accept them and set HF_TOKEN")
    if isinstance(error, HFValidationError):
        return SettingsError(f"{where}: neither a path nor an id of the model hub; write org/name")
    if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
        cure = "check the id and its revision, or set HF_TOKEN if it is private"
        return MissingError(f"{where}: not on the model hub; {cure}")
    if isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403):
        return AccessError(f"{where}: the model hub refuses the token; set HF_TOKEN")
    cure = "check HF_ENDPOINT and the network, or give a folder or an s3:// prefix"
    return ServiceError(f"{where}: the model hub does not answer; {cure}")
