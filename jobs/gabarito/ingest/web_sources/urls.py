"""Pages by their addresses: a list in the settings, or a file with one a line."""

from collections.abc import Iterator

from gabarito.artifacts.jsonl import read_object
from gabarito.core.errors import DataError
from gabarito.ingest.web_sources.addresses import flaw_of, tidied
from gabarito.ingest.web_sources.manners import UrlsSource
from gabarito.ingest.web_sources.pages import Fetch, WebItem


def items(source: UrlsSource, _fetch: Fetch) -> Iterator[WebItem]:
    """Yield the pages that a source names; an address given twice is one page.

    Raises:
        MissingError: if its file is not there.
        DataError: if a line of it is no address.
    """
    named = [*source.urls, *(_lines(source.file) if source.file else ())]
    for url in dict.fromkeys(map(tidied, named)):
        yield WebItem(url)


def _lines(path: str) -> list[str]:
    try:
        lines = read_object(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a UTF-8 text file: {error}; save it as UTF-8") from error
    found = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if flaw := flaw_of(line):
            raise DataError(f"{path}:{number}: {flaw}, got {line[:200]!r}; correct the line")
        found.append(line)
    if not found:
        raise DataError(f"{path}: no address in it; write one a line")
    return found
