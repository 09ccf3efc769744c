"""Look at documents before anything is made of them: what a run would read of each file."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from gabarito.core.errors import MissingError
from gabarito.core.records import Document
from gabarito.core.settings import BUCKET, local_path, parse
from gabarito.ingest.config import FORMATS, IngestConfig
from gabarito.ingest.file_report import FileReport
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import KEPT, FileResult, Outcomes
from gabarito.ingest.read_sources import read_sources
from gabarito.store.scratch import temporary_folder

SAMPLE_FILES = 50
SAMPLE_S = 30.0
"""How many files are read where not all of them need to be, and when the last of them begins."""


def config_for(path: str, setting: str, **settings: object) -> IngestConfig:
    """Return the settings that read what lies at a path which was given as ``setting``.

    Raises:
        MissingError: if nothing lies there.
        SettingsError: if it is no path.
    """
    source = {"type": "files", "path": path}
    config = parse(IngestConfig, {"sources": [source], **settings}, setting)
    if not (path.startswith(BUCKET) or local_path(path).exists()):
        cure = "begin with https://" if path.startswith("www.") else "correct it"
        raise MissingError(f"{setting}: no such file or folder, got {path!r}; {cure}")
    return config


def config_for_page(url: str, setting: str, **settings: object) -> IngestConfig:
    """Return the settings that read one page of the web; it may be one of an intranet.

    Raises:
        SettingsError: if it is no address.
    """
    page = {"type": "urls", "urls": [url], "allow_private": True}
    return parse(IngestConfig, {"sources": [page], **settings}, setting)


def sample_of(
    files: Sequence[SourceFile], reads: Callable[[str], bool] = FORMATS.__contains__
) -> Sequence[SourceFile]:
    """Return the files if they are few, else some of formats that are read, spread over all.

    Their order is such that the first of them are spread as well: time may end the reading.
    """
    if len(files) > SAMPLE_FILES:
        readable = [file for file in files if reads(file.suffix)] or files
        few = min(len(readable), SAMPLE_FILES)
        files = [readable[at * len(readable) // few] for at in range(few)]
    digits = len(files).bit_length()
    halved = sorted(range(len(files)), key=lambda at: f"{at:0{digits}b}"[::-1])
    return [files[at] for at in halved]


class Preview:
    """Reads files as a run does, and sums up what it finds; nothing is written.

    ``keep`` is given each document that stays.
    """

    def __init__(
        self, config: IngestConfig, keep: Callable[[Document], object] | None = None
    ) -> None:
        self.outcomes = Outcomes()
        self._config = config
        self._keep = keep

    def read(self, files: Iterable[SourceFile | FileResult]) -> Iterator[FileReport]:
        """Yield what each file gives, once all are read."""
        with _nothing_logged(), temporary_folder("look") as folder:
            for result in read_sources(files, self._config, folder):
                self.outcomes.add(result)
                if self._keep and result.document:
                    self._keep(result.document)
                yield FileReport.of(result)

    def read_some(self, files: Sequence[SourceFile]) -> list[FileReport]:
        """Return what a sample of files gives that is read in little time."""
        return list(self.read(_begun_in_time(sample_of(files, self._config.reads))))

    @property
    def figures(self) -> Mapping[str, float]:
        """What the manifest of a run would count."""
        fates = Counter(one.outcome for one in self.outcomes.all if one.outcome != KEPT)
        return self.outcomes.figures | {f"rejected.{fate}": n for fate, n in fates.items()}


def _begun_in_time(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    began = time.monotonic()
    for file in files:
        yield file
        if time.monotonic() - began > SAMPLE_S:
            return


@contextmanager
def _nothing_logged() -> Iterator[None]:
    """Keep the log still: all that it would warn of is in what is returned."""
    log = logging.getLogger("gabarito.ingest")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
