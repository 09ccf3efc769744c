"""Readers: one for each format, all of which make blocks of a file's bytes."""

from importlib import import_module
from types import ModuleType

READERS = {
    "epub": "text.epub",
    "html": "web.html",
    "mail": "text.mail",
    "markdown": "text.markdown",
    "odt": "office.odt",
    "pdf": "pdf.pdf",
    "picture": "ocr.picture",
    "plain": "text.plain",
    "sheets": "sheets.sheets",
    "slides": "office.slides",
    "word": "word.word",
}
"""The module in this package that reads each format."""


def reader_of(name: str) -> ModuleType:
    """Return the module that reads a format; its libraries are loaded with the first file."""
    return import_module(f"{__name__}.{READERS[name]}")
