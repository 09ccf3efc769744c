"""Settings of the ingest stage."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gabarito.core.settings import Operational, Settings, StageSettings
from gabarito.core.stage import Stage
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.ingest.sources import FilesSource, Source
from gabarito.ingest.web_sources.manners import WebManners, WebSource

FORMATS = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), "markdown"),
    **dict.fromkeys((".txt", ".text"), "plain"),
    **dict.fromkeys((".html", ".htm", ".xhtml", ".mhtml", ".mht"), "html"),
    ".pdf": "pdf",
    **dict.fromkeys((".docx", ".docm", ".dotx"), "word"),
    **dict.fromkeys((".odt", ".ott"), "odt"),
    ".pptx": "slides",
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv"), "sheets"),
    ".epub": "epub",
    ".eml": "mail",
}
"""File endings that can be read, and the format of each."""

READABLE = "md, txt, html, pdf, docx, odt, pptx, xlsx, csv, epub or eml"
"""The formats as people are told of them; each stands for those like it."""

REFUSED = {
    ".doc": "Word before 2007; open it in Word or LibreOffice and save it as docx",
    ".dot": "Word before 2007; open it in Word or LibreOffice and save it as docx",
    ".rtf": "rich text; open it in Word or LibreOffice and save it as docx",
    ".wps": "Works or WPS; open it in WPS Office or LibreOffice and save it as docx",
    ".ppt": "PowerPoint before 2007; open it in PowerPoint or LibreOffice and save it as pptx",
    ".odp": "slides of LibreOffice; open it in LibreOffice and save it as pptx",
    ".msg": "a message of Outlook; open it in Outlook or Thunderbird and save it as eml or html",
    ".pages": "a document of Pages; open it in Pages and export it as Word (docx)",
    ".key": "slides of Keynote; open it in Keynote and export it as PowerPoint (pptx)",
    ".numbers": "a table of Numbers; open it in Numbers and export it as Excel (xlsx) or csv",
}
"""Endings of documents that cannot be read here, and what to do about each."""

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
"""Endings of pictures, of which text can be read where ``ingest.ocr`` asks for it."""

REFUSED |= dict.fromkeys(
    PICTURES, "a picture; set ingest.ocr to the languages of its text, such as [en], to read it"
)

Language = Literal[
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo",
    "es", "et", "eu", "fa", "fi", "fr", "ga", "gu", "he", "hi", "hr", "hu", "hy", "id", "is",
    "it", "ja", "ka", "kk", "ko", "la", "lg", "lt", "lv", "mi", "mk", "mn", "mr", "ms", "nb",
    "nl", "nn", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "sn", "so", "sq", "sr", "st", "sv",
    "sw", "ta", "te", "th", "tl", "tn", "tr", "ts", "uk", "ur", "vi", "xh", "yo", "zh", "zu",
]  # fmt: skip
"""ISO 639-1 codes of the languages that can be told apart."""

TESSERACT_DATA = {
    "af": "afr", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos",
    "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "eo": "epo", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra",
    "ga": "gle", "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye",
    "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ka": "kat", "kk": "kaz", "ko": "kor",
    "la": "lat", "lt": "lit", "lv": "lav", "mi": "mri", "mk": "mkd", "mn": "mon", "mr": "mar",
    "ms": "msa", "nb": "nor", "nl": "nld", "nn": "nor", "pa": "pan", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe",
    "sw": "swa", "ta": "tam", "te": "tel", "th": "tha", "tl": "fil", "tr": "tur", "uk": "ukr",
    "ur": "urd", "vi": "vie", "yo": "yor", "zh": "chi_sim",
}  # fmt: skip
"""Languages that Tesseract has data for, and the name of each."""

KeptVersions = Literal["newest", "all"]


def _readable_in_pictures(languages: tuple[Language, ...]) -> tuple[Language, ...]:
    for language in languages:
        if language not in TESSERACT_DATA:
            raise ValueError(f"Tesseract has no data for {language!r}; leave it out")
    return languages


class ReadingLimits(Settings):
    """What the reading of one file may take."""

    memory_mb: int = Field(
        default=1500,
        ge=256,
        description=(
            "Memory of the process that reads files, in MB: enough for 50 MB of plain text, 40 MB "
            "of HTML or 20 MB of Markdown."
        ),
    )
    cpu_s: int = Field(
        default=300,
        ge=1,
        description=("Seconds of processor time for one file: 500 pages of a PDF take 20 of them."),
    )
    wall_s: float = Field(
        default=1800,
        gt=0,
        description="Seconds that may pass until one file is read, on a machine that is busy.",
    )


class IngestConfig(StageSettings):
    """What to read and what to keep of it."""

    sources: tuple[Source, ...] = Field(
        min_length=1,
        description="Where documents come from, the preferred first among those that say the same.",
    )
    web: Annotated[WebManners, Operational()] = Field(
        default_factory=WebManners, description="How pages of the web are asked for."
    )
    min_chars: int = Field(
        default=200, ge=1, description="Documents with fewer characters of text are dropped."
    )
    max_bytes: int = Field(
        default=50_000_000,
        ge=1,
        description=(
            "Files with more bytes are dropped unread, as are texts with more characters; the "
            "stage itself takes about four times as much memory."
        ),
    )
    limits: ReadingLimits = Field(
        default_factory=ReadingLimits,
        description="What the reading of one file may take; one that takes more is dropped.",
    )
    implausible: Literal["flag", "drop"] = Field(
        default="flag",
        description=(
            "What is done with a document whose text looks garbled (words run together, wrongly "
            "decoded letters): flag keeps it and says so, drop leaves it out."
        ),
    )
    detect: tuple[Language, ...] = Field(
        default=("pt", "en", "es", "fr", "de", "it"),
        min_length=2,
        description="Languages that may occur, as ISO 639-1 codes; a document gets the likeliest.",
    )
    languages: tuple[Language, ...] = Field(
        default=(), description="Languages to keep; empty keeps all."
    )
    ocr: Annotated[tuple[Language, ...], AfterValidator(_readable_in_pictures)] = Field(
        default=(),
        description=(
            "Languages of the text in pictures and scanned pages, the commonest first: they are "
            "read with the program Tesseract, which has to be installed with its data for each; "
            "empty reads none."
        ),
    )
    near_duplicate: float = Field(
        default=0.8,
        ge=0.5,
        le=1,
        description=(
            "Share of the words of both, in the same order, from which two documents are versions "
            "of one another."
        ),
    )
    versions: KeptVersions = Field(
        default="newest",
        description=(
            "Of versions that differ in anything: newest keeps the newest by the date in the text, "
            "in its properties or its name, by the order of sources or the file's time, and both "
            "where none of these tells; all keeps all."
        ),
    )

    @property
    def files(self) -> tuple[FilesSource, ...]:
        """The sources of documents that are files."""
        return tuple(source for source in self.sources if isinstance(source, FilesSource))

    @property
    def pages(self) -> tuple[WebSource, ...]:
        """The sources of documents that are pages of the web."""
        return tuple(source for source in self.sources if isinstance(source, WebSource))

    @property
    def is_of_pairs_alone(self) -> bool:
        """Tell whether people wrote all questions and answers: no teacher is needed."""
        return all(isinstance(source, PairsSource) for source in self.sources)

    @property
    def known_languages(self) -> tuple[str, ...]:
        """All languages that detection chooses from."""
        return tuple(dict.fromkeys((*self.detect, *self.languages)))

    def reads(self, ending: str) -> bool:
        """Tell whether files with this ending are read."""
        return ending in FORMATS or (bool(self.ocr) and ending in PICTURES)


STAGE = Stage("ingest", IngestConfig, reads=(), revision=9, image="ingest", is_sharded=True)
