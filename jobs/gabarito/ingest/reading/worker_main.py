"""The process that reads files one after the other, with limits of memory and time.

``worker.py`` starts it, and gives each file's bytes through a line.
"""

import logging
import math
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from pydantic import TypeAdapter

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Record
from gabarito.core.stop import die_with_parent
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import (
    SAMPLE_CHARS,
    BlockPage,
    LeftOut,
    Omission,
    Paragraph,
    ReadByOcr,
)
from gabarito.ingest.formats import reader_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.content import format_of, true_ending

OUT_OF_MEMORY = 12
"""Exit code of a process that was refused memory; the number of ENOMEM."""

MAX_FACT_CHARS = 2000
"""Most characters of what a file says of itself: its title, its address, its date."""

_NEAR_LIMIT = 0.8
"""Whoever had this share of the memory allowed and fails has asked for more."""


class Task(Record):
    """A file to be read; its bytes follow."""

    ending: str
    hints: Hints
    cpu_s: int
    max_chars: int
    """Most characters of text that are handed over: what a file unpacks to has another size."""


class FileReading(Record):
    """What was read of a file; ``ending`` is the one that suits its content."""

    text: str
    ending: str
    title: str = ""
    url: str = ""
    date: str = ""
    left_out: tuple[LeftOut, ...] = ()
    decoded_again: int = 0
    fonts_by_order: tuple[str, ...] = ()
    by_ocr: ReadByOcr = ReadByOcr()
    structure: int = 0
    """How many of its blocks are more than a paragraph."""


class ReadingVerdict(Record):
    """Why nothing was read of a file."""

    reason: IngestReason
    detail: str
    is_final: bool = True
    """Whether another process would come to the same verdict, or may not: what files before it
    left behind can be to blame."""


REPLY: TypeAdapter[FileReading | ReadingVerdict] = TypeAdapter(FileReading | ReadingVerdict)


def serve(line: Connection, memory_mb: int) -> None:
    """Say that we are there, then read one file after the other until the line is closed."""
    line.send_bytes(b"")
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, memory_mb * 1_000_000)
    while True:
        try:
            task, data = Task.model_validate_json(line.recv_bytes()), line.recv_bytes()
        except EOFError:
            return
        _limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + task.cpu_s)
        reply = _reply(task, data)
        if isinstance(reply, FileReading):
            # Apart from its text, which as JSON would stand in memory twice more.
            line.send_bytes(REPLY.dump_json(reply.model_copy(update={"text": ""})))
            line.send_bytes(reply.text.encode())
        else:
            line.send_bytes(REPLY.dump_json(reply))


def _limit(what: int, most: int) -> None:
    """Set a limit, or the one that was set for us if that is lower."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _reply(task: Task, data: bytes) -> FileReading | ReadingVerdict:
    try:
        ending = true_ending(task.ending, data)
        reader = reader_of(format_of(ending, with_pictures=task.hints.ocr is not None))
        page: BlockPage = reader.read(data, task.hints)
        text = _text_of(page, task.max_chars)
    except Dropped as why:
        if why.reason is IngestReason.UNREADABLE and _is_near_limit():
            raise MemoryError from why  # what the library says of it names another cause
        return ReadingVerdict(reason=why.reason, detail=_sound(why.detail))
    return FileReading(
        text=text,
        title=_sound(page.title[:MAX_FACT_CHARS]),
        url=_sound(page.url[:MAX_FACT_CHARS]),
        date=_sound(page.date[:MAX_FACT_CHARS]),
        ending=ending,
        by_ocr=page.by_ocr,
        structure=sum(not isinstance(block, Paragraph) for block in page.blocks),
        decoded_again=page.decoded_again,
        fonts_by_order=tuple(map(_sound, page.fonts_by_order)),
        left_out=tuple(_summed(page.left_out)),
    )


def _text_of(page: BlockPage, max_chars: int) -> str:
    """Return what a page says.

    Raises:
        Dropped: if it is more than is wanted.
    """
    text = render(page.blocks)
    if len(text) > max_chars:
        detail = f"{len(text)} characters of text, at most {max_chars} wanted"
        raise Dropped(IngestReason.TOO_LARGE, detail)
    return _sound(text)


def _summed(left_out: Iterable[LeftOut]) -> Iterator[LeftOut]:
    """Sum up what was left out for one reason; the sample is that of the largest."""
    words: Counter[Omission] = Counter()
    largest: dict[Omission, LeftOut] = {}
    for one in left_out:
        words[one.why] += one.words
        largest[one.why] = max(
            largest.get(one.why, one), one, key=lambda this: (bool(this.sample), this.words)
        )
    for why, one in largest.items():
        yield LeftOut(why, words[why], _sound(one.sample[:SAMPLE_CHARS]))


def _is_near_limit() -> bool:
    """Tell whether the process once had nearly all the memory that it may have."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    status = Path("/proc/self/status")
    if limit == resource.RLIM_INFINITY or not status.exists():
        return False
    peak_kb = re.search(r"VmPeak:\s+(\d+)", status.read_text())
    return peak_kb is not None and 1024 * int(peak_kb[1]) > _NEAR_LIMIT * limit


def _end_of_error(
    kind: type[BaseException], error: BaseException, place: TracebackType | None
) -> None:
    """End by an error of a reader: near the limit of memory that is its cause."""
    if issubclass(kind, MemoryError) or _is_near_limit():
        os._exit(OUT_OF_MEMORY)
    sys.__excepthook__(kind, error, place)


def _sound(text: str) -> str:
    """Return a text that can be encoded: without halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def main() -> None:
    """Be the process: the arguments are the line's number and the limit of memory."""
    die_with_parent()
    logging.getLogger().addHandler(logging.NullHandler())  # readers account for what is lost
    sys.excepthook = _end_of_error
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
