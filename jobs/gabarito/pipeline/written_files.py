"""What people write for curate line by line, read before the teacher is paid for what it needs."""

from collections.abc import Iterator
from contextlib import suppress

from pydantic import BaseModel

from gabarito.artifacts.jsonl import read_lines
from gabarito.core.settings import BUILTIN
from gabarito.pipeline.schema import PartialPipeline


def written_files(pipeline: PartialPipeline) -> Iterator[tuple[str, str]]:
    """Yield the settings that name such files, and the files."""
    curate = pipeline.curate
    for setting, path in (
        ("curate.exam.free", curate.exam.free),
        ("curate.exam.unanswerable", curate.exam.unanswerable),
        ("curate.prompts", curate.prompts),
        ("curate.tasks", curate.tasks),
        ("curate.corrections", curate.corrections),
    ):
        if path:
            yield setting, path


def lines_of(setting: str, path: str) -> int:
    """Return how many lines a file has.

    Raises:
        DataError: if one of them is not what the setting asks for; names it.
    """
    from gabarito.curate.corrections import Correction
    from gabarito.curate.decontaminate import FreeQuestion, UnanswerableQuestion
    from gabarito.curate.general_prompts import GeneralPrompt
    from gabarito.curate.general_tasks import GeneralTask

    kinds: dict[str, type[BaseModel]] = {
        "curate.exam.free": FreeQuestion,
        "curate.exam.unanswerable": UnanswerableQuestion,
        "curate.prompts": GeneralPrompt,
        "curate.tasks": GeneralTask,
        "curate.corrections": Correction,
    }
    return len(read_lines(path, kinds[setting]))


def refuse_broken_lines(pipeline: PartialPipeline) -> None:
    """Read all such files but those of this package, where what reads them is installed.

    Raises:
        DataError: as ``lines_of``.
    """
    with suppress(ModuleNotFoundError):
        for setting, path in written_files(pipeline):
            if not path.startswith(BUILTIN):
                lines_of(setting, path)
