"""Fetchers of tests, whose connections are closed after each."""

from collections.abc import Callable, Iterator

from gabarito.ingest.web_sources.fetcher import Fetcher
from gabarito.ingest.web_sources.kept_pages import KeptPages, NothingKept, PageStore
from gabarito.ingest.web_sources.manners import UrlsSource, WebManners, WebSource
from gabarito.ingest.web_sources.pages import WebPage

_opened: list[Fetcher] = []

ANYWHERE = UrlsSource(type="urls", urls=("http://example.org/",), allow_private=True)


def fetcher(
    store: PageStore | None = None,
    rerun: int = 0,
    source: WebSource = ANYWHERE,
    fresh: set[tuple[bool, str]] | None = None,
    **changes: object,
) -> Fetcher:
    """Make a fetcher in a hurry."""
    manners = WebManners.model_validate({"delay_s": 0, "retries": 1, "timeout_s": 5, **changes})
    kept = KeptPages(NothingKept() if store is None else store)
    _opened.append(Fetcher(source, manners, 200_000, kept, rerun))
    _opened[-1].fresh = set() if fresh is None else fresh
    return _opened[-1]


def closed_at_the_end() -> Iterator[None]:
    """Let a test run, then close what it opened."""
    yield
    while _opened:
        _opened.pop().close()


class GivenPages:
    """Fetches by a function, and keeps nothing."""

    def __init__(self, page_of: Callable[[str], WebPage]) -> None:
        self._page_of = page_of

    def __call__(self, url: str) -> WebPage:
        return self._page_of(url)

    def forget(self, url: str) -> None:
        """Forget nothing: nothing is kept."""
