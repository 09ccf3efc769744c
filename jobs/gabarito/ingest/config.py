"""Settings of the ingest stage."""

import codecs
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gabarito.core.settings import InputPath, Settings, StageSettings
from gabarito.core.stage import Stage

"""Raise it when the same settings and files would give other documents."""

FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "plain",
    ".text": "plain",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
"""File endings that can be read, and the module of ``gabarito.ingest.formats`` for each."""

Language = Literal[
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo",
    "es", "et", "eu", "fa", "fi", "fr", "ga", "gu", "he", "hi", "hr", "hu", "hy", "id", "is",
    "it", "ja", "ka", "kk", "ko", "la", "lg", "lt", "lv", "mi", "mk", "mn", "mr", "ms", "nb",
    "nl", "nn", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "sn", "so", "sq", "sr", "st", "sv",
    "sw", "ta", "te", "th", "tl", "tn", "tr", "ts", "uk", "ur", "vi", "xh", "yo", "zh", "zu",
]  # fmt: skip
"""ISO 639-1 codes of the languages that can be told apart."""


def _known_encoding(name: str) -> str:
    try:
        b"x".decode(name, "ignore")  # refuses codecs that are not for text
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError("must be an encoding such as utf-8 or cp1252") from error


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
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = Field(
        default=None,
        description="Encoding of md, txt and html files; by default each file's own is found out.",
    )

    def is_wanted(self, below: str) -> bool:
        """Tell whether the patterns let a file through, by its path below the source's."""
        return _matches(below, self.include) and not self.is_excluded(below)

    def is_excluded(self, below: str) -> bool:
        """Tell whether the patterns keep a file out."""
        return _matches(below, self.exclude)


def _matches(below: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(below, pattern) for pattern in patterns)


Source = FilesSource
"""Every kind of source there is, told apart by ``type``."""


class IngestConfig(StageSettings):
    """What to read and what to keep of it."""

    sources: tuple[Source, ...] = Field(
        min_length=1,
        description="Where documents come from, in order of preference among near duplicates.",
    )
    min_chars: int = Field(
        default=200, ge=1, description="Documents with fewer characters of text are dropped."
    )
    max_bytes: int = Field(
        default=50_000_000, ge=1, description="Files with more bytes are dropped unread."
    )
    detect: tuple[Language, ...] = Field(
        default=("pt", "en", "es", "fr", "de", "it"),
        min_length=2,
        description="Languages that may occur, as ISO 639-1 codes; a document gets the likeliest.",
    )
    languages: tuple[Language, ...] = Field(
        default=(), description="Languages to keep; empty keeps all."
    )
    near_duplicate: float = Field(
        default=0.8,
        ge=0.5,
        le=1,
        description=(
            "Share of three-word sequences in common from which the later of two documents is "
            "dropped, unless it holds a number that the first does not, or other names."
        ),
    )

    @property
    def known_languages(self) -> tuple[str, ...]:
        """All languages that detection chooses from."""
        return tuple(dict.fromkeys((*self.detect, *self.languages)))


STAGE = Stage("ingest", IngestConfig, reads=(), revision=2, image="ingest")
