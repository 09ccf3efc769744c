"""Addresses of the web: what is one, and the one form in which two are compared."""

from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from urllib3.util import parse_url

SCHEMES = ("https", "http")
MAX_CHARS = 2000
"""More than browsers and servers agree on; what is longer was made by a trap."""


def flaw_of(url: str) -> str:
    """Return what is wrong with an address, or an empty text."""
    try:
        parts = urlsplit(url)
        has_user, _ = "@" in parts.netloc, parts.port
        host = host_of(tidied(url))
        host.encode("idna")  # as it is looked up: no label of it may be empty, or too long
    except ValueError:
        return "must be a web address, such as https://example.com/page"
    if parts.scheme not in SCHEMES or not host:
        return "must be a web address that begins with https:// or http://"
    if has_user:
        return "must hold no user name or password, which would be stored and shown"
    if len(url) > MAX_CHARS:
        return f"must have at most {MAX_CHARS} characters"
    return ""


def tidied(url: str) -> str:
    """Return an address in one form (RFC 3986): ``HTTP://Ex.org:80#a`` is ``http://ex.org/``.

    Raises:
        ValueError: if it is none.
    """
    parts = urlsplit(url.strip())
    netloc = parts.netloc if parts.netloc.isascii() else _ascii(parts)
    plain = parse_url(urlunsplit(parts._replace(netloc=netloc, fragment="")))
    is_usual = plain.port in (None, {"https": 443, "http": 80}.get(plain.scheme or ""))
    return plain._replace(port=None if is_usual else plain.port, path=plain.path or "/").url


def joined(base: str, link: str) -> str:
    """Return the address that a link on a page leads to, or an empty text if that is none."""
    try:
        whole = urljoin(base, link.strip())
        return "" if flaw_of(whole) else tidied(whole)
    except ValueError:
        return ""


def own_address(url: str, said: str) -> str:
    """Return the address that a page at ``url`` gives as its own, if that is of the same host.

    A site that names its first page on all others does so by mistake.
    """
    own = joined(url, said) if said else ""
    is_first_page = urlsplit(own).path == "/" != (urlsplit(url).path or "/")
    return own if own and host_of(own) == host_of(url) and not is_first_page else url


def host_of(url: str) -> str:
    """Return the host's name, in lower case."""
    return urlsplit(url).hostname or ""


def _ascii(parts: SplitResult) -> str:
    """Return a host of other letters as it is looked up."""
    host = (parts.hostname or "").encode("idna").decode()
    return f"{host}:{parts.port}" if parts.port else host
