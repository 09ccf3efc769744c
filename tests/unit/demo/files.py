"""The sample's files, read for tests."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from gabarito.core.records import Document
from gabarito.core.settings import local_path
from gabarito.demo.recordings import Recording
from gabarito.generate.grounding import letters
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.reading.reader import Reader
from gabarito.ingest.sources import FilesSource

DEMO = local_path("gabarito:demo")


def lines(name: str, folder: Path = DEMO) -> list[dict[str, Any]]:
    """Return the objects of a sample's file of JSON lines."""
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def documents(folder: str) -> dict[str, Document]:
    """Return what is read of each page, by its name."""
    config = IngestConfig(sources=(FilesSource(type="files", path=folder),))
    with closing(Reader(config)) as reader:
        found = [reader.read(file)[0] for file in find_files(config.sources)]
    return {Path(document.source).stem: document for document in found}


def recordings(folder: Path = DEMO) -> list[Recording]:
    """Return a sample's recorded replies."""
    return [Recording.model_validate(line) for line in lines("replies.jsonl", folder)]


def stands_in(name: str, text: str) -> bool:
    """Say whether a name stands in a text as words of its own."""
    return f" {letters(name)} " in f" {letters(text)} "
