"""What all sources hold, in their order: files, and pages of the web as they are fetched."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from gabarito.core.shard import WHOLE, Shard
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import FileResult
from gabarito.ingest.sources import FilesSource
from gabarito.ingest.web_sources.fetcher import Fetcher
from gabarito.ingest.web_sources.kept_pages import PageStore
from gabarito.ingest.web_sources.manners import WebSource
from gabarito.ingest.web_sources.web_files import web_files


def find_all(
    config: IngestConfig, files: Sequence[SourceFile], kept: PageStore, shard: Shard = WHOLE
) -> Iterator[SourceFile | FileResult]:
    """Yield the files that were found, and the pages of the sources on the web between them.

    Pages are ``kept`` as they come: what is there is not asked for again. A shard's are the pages
    of some hosts, so that no host is asked by two; ``files`` are those that are to be read.

    Raises:
        DataError: if a source names what cannot be.
        ServiceError: if a host does not answer any more.
    """
    fresh: set[tuple[bool, str]] = set()
    for place, source in enumerate(config.sources):
        if isinstance(source, FilesSource):
            yield from (file for file in files if file.source is source)
        elif isinstance(source, WebSource) and source.is_partly_of(shard):
            with closing(Fetcher.of(source, config, kept, fresh)) as fetch:
                yield from pages_of(source, fetch, place, shard)


def pages_of(
    source: WebSource, fetch: Fetcher, place: int, shard: Shard = WHOLE
) -> Iterator[SourceFile | FileResult]:
    """Yield the pages of one source on the web, which stands at this place of the settings.

    Raises:
        DataError: if it names what cannot be.
        ServiceError: if a host does not answer any more.
    """
    yield from web_files(source, fetch, place, shard)
    fetch.refuse_silence()
