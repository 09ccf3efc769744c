"""The kinds of sources that the ingest stage reads."""

from typing import Annotated, Literal

from pydantic import Field

from gabarito.core.settings import InputPath, Settings
from gabarito.ingest.encoding_name import EncodingName
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.ingest.web_sources.manners import (
    FeedSource,
    SitemapSource,
    UrlsSource,
    matches_any,
)
from gabarito.ingest.web_sources.sites.site_settings import ListingSource, WikipediaSource


class FilesSource(Settings):
    """Files of a folder, of this package or of a bucket."""

    type: Literal["files"] = Field(description="The kind of source.")
    path: InputPath = Field(
        description="A file or folder; also gabarito:… (inside the package) or s3://bucket/prefix."
    )
    include: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns of names below path, of which one must match; * also matches /.",
    )
    exclude: tuple[str, ...] = Field(
        default=(".*", "*/.*", "~$*", "*/~$*"),
        description="Patterns of names below path, of which none may match.",
    )
    encoding: EncodingName | None = Field(
        default=None,
        description="Encoding of files of text; by default each file's own is found out.",
    )

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return self.path

    def is_wanted(self, below: str) -> bool:
        """Tell whether the patterns let a file through, by its path below the source's."""
        return matches_any(below, self.include) and not self.is_excluded(below)

    def is_excluded(self, below: str) -> bool:
        """Tell whether the patterns keep a file out."""
        return matches_any(below, self.exclude)


Source = Annotated[
    FilesSource
    | UrlsSource
    | WikipediaSource
    | ListingSource
    | SitemapSource
    | FeedSource
    | PairsSource,
    Field(discriminator="type"),
]
"""Every kind of source there is, told apart by ``type``."""
