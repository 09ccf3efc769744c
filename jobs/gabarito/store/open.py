"""Open the store at a URL, or the bucket of a source."""

from urllib.parse import urlsplit

from gabarito.core.errors import SettingsError
from gabarito.core.secrets import without_userinfo
from gabarito.store.base import Store

DEFAULT_STORE = "gabarito-store"
"""The folder in which a run is kept where no store is named."""


def open_bucket(url: str) -> Store:
    """Return what other people keep at ``s3://bucket/prefix``, under whatever keys.

    Our rule for keys keeps them within a folder of this machine; none of these is a path here.

    Raises:
        SettingsError: if it names no bucket.
    """
    from gabarito.store.s3 import S3Store

    return S3Store(url, any_key=True)


def open_store(url: str) -> Store:
    """Return the store at a URL.

    That is ``file:///folder``, ``file://relative``, a plain path or ``s3://bucket/prefix``.

    Raises:
        SettingsError: if the scheme is another, or it is no URL.
    """
    try:
        scheme = urlsplit(url).scheme  # in lower case, as schemes are the same in either
    except ValueError as error:
        where = f"store {without_userinfo(url)!r}"
        raise SettingsError(
            f"{where}: not a URL; write file:///folder or s3://bucket/prefix"
        ) from error
    url = scheme + url[len(scheme) :]
    if scheme == "s3":
        from gabarito.store.s3 import S3Store

        return S3Store(url)
    if scheme in ("", "file"):
        from gabarito.store.local import LocalStore

        return LocalStore(url)
    raise SettingsError(
        f"store {without_userinfo(url)!r}: scheme {scheme!r} is not one of file, s3; write "
        "s3://bucket/prefix or file:///folder, or ./ before a folder's name that has a colon"
    )


def place_of(store: Store) -> str:
    """Return a store's URL for a message about what it lacks: most often the path is wrong."""
    from gabarito.store.local import LocalStore

    is_absent = isinstance(store, LocalStore) and not store.root.exists()
    return f"{store.url} (no such folder)" if is_absent else store.url
