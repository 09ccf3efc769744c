"""A model's files for another program's server: as they are, whatever opens them.

s3://… | hub id  ->  a local folder
"""

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError

from gabarito.artifacts.cache import Cache
from gabarito.core.base_config import MIRROR
from gabarito.core.errors import MissingError, SettingsError
from gabarito.core.http_url import hub_endpoint
from gabarito.core.settings import BUCKET, is_path
from gabarito.models.base_model import (
    FILES,
    NOTES,
    download_prefix,
    hub_allowed,
    hub_error,
    hub_errors,
)
from gabarito.store.base import Store, is_key
from gabarito.store.disk import disk_errors


def fetch_model(reference: str, folder: Path, store: Store, names: Sequence[str] = ()) -> None:
    """Copy a model's files of these names, such as ``*-Q4_K_M.gguf``, into a folder.

    Without names all that lies at a bucket's prefix is copied, and of the hub what transformers
    opens. What the hub gave is kept in ``store``: it is asked once, also by pods
    that begin together.

    Raises:
        MissingError: if there is no such model, or no file of these names.
        DataError: if a file of a bucket is not what its ``SHA256SUMS`` says.
        AccessError: if the hub asks for permission.
        ServiceError: if bucket or hub do not answer, or the disk is full.
        SettingsError: if the reference is none.
    """
    if is_path(reference) and not reference.startswith(BUCKET):
        raise SettingsError(
            f"model {reference!r}: a folder of this machine is used where it lies; give "
            "s3://bucket/prefix, or an id of the model hub (org/name), which begins with no . / ~"
        )
    if reference.startswith(BUCKET):
        download_prefix(reference, folder, names or ("*",))
    else:
        _from_hub(reference, folder, Cache(store, MIRROR), names or FILES)
    if not any(path.is_file() for path in folder.rglob("*")):
        which = f"no file called {' or '.join(names)}" if names else "no file"
        cure = "give the prefix that the model's files lie below, and names that they have"
        raise MissingError(f"{reference}: {which} in it; {cure}")


def _from_hub(reference: str, folder: Path, cache: Cache, names: Sequence[str]) -> None:
    where, (name, _, revision) = f"model {reference!r}", reference.partition("@")
    which = hashlib.sha256(json.dumps(list(names)).encode()).hexdigest()[:16]
    key = f"files/{reference}/{which}"
    if not is_key(key):
        raise hub_error(where, HFValidationError())
    with (
        closing(cache.claims(time.sleep)) as claims,
        claims.hold(key, lambda: cache.load_folder(key, folder) or None) as kept,
    ):
        if kept:
            return
        with disk_errors(str(folder)), hub_errors(where), hub_allowed():
            snapshot_download(
                name,
                revision=revision or None,
                local_dir=folder,
                endpoint=hub_endpoint(),
                allow_patterns=list(names),
            )
        shutil.rmtree(folder / NOTES, ignore_errors=True)
        cache.save_folder(key, folder)
