"""What is at hand of a base before a run: nothing large is fetched for a check."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gabarito.artifacts.cache import Cache
from gabarito.core.base_config import MIRROR, mirror_key
from gabarito.core.settings import BUCKET, is_path, local_path
from gabarito.pipeline.model_hub import fetch_config
from gabarito.store.base import Store
from gabarito.store.local import LocalStore
from gabarito.store.scratch import temporary_folder

_WEIGHTS = ".safetensors"


def is_mirrored(base: str, store: Store) -> bool:
    """Tell whether a copy of a base of the model hub lies in the store."""
    return bool(Cache(store, MIRROR).objects_of(mirror_key(base)))


def is_at_hand(base: str, store: Store) -> bool:
    """Tell whether the weights of a base are on this machine."""
    if is_path(base):
        return not base.startswith(BUCKET)
    return isinstance(store, LocalStore) and is_mirrored(base, store)


@contextmanager
def small_files(base: str, store: Store) -> Iterator[Path | None]:
    """Give a folder with the files of a base but its weights; None where it lies in a bucket.

    Of a base of the model hub that is not in the store it holds the settings alone.
    """
    if is_path(base):
        yield None if base.startswith(BUCKET) else local_path(base)
        return
    with temporary_folder("check") as folder:
        if is_mirrored(base, store):
            key = mirror_key(base)
            Cache(store, MIRROR).load_folder(key, folder, lambda name: not name.endswith(_WEIGHTS))
        else:
            fetch_config(base, folder)
        yield folder
