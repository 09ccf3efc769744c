"""A first pipeline file, with comments, from what lies in a folder."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from glob import escape
from pathlib import Path, PurePosixPath
from shlex import quote
from textwrap import fill
from typing import get_args

import yaml

from gabarito.core.language_names import UNDETERMINED, language_name
from gabarito.core.settings import BUCKET, BUILTIN, local_path
from gabarito.core.text import in_number
from gabarito.curate.corrections import DEFAULT_CORRECTIONS
from gabarito.ingest.config import (
    FORMATS,
    REFUSED,
    TESSERACT_DATA,
    IngestConfig,
    Language,
)
from gabarito.ingest.file_report import FileReport
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.look import Preview, config_for
from gabarito.ingest.pairs.found_pairs import find_pairs
from gabarito.ingest.sources import FilesSource
from gabarito.pipeline.counters import summary_of
from gabarito.store.open import DEFAULT_STORE

_USUAL: tuple[str, ...] = IngestConfig.model_fields["detect"].default
_CANDIDATES = tuple(code for code in get_args(Language) if code not in ("eo", "la"))
"""Languages that are looked for: short Portuguese and Italian is taken for Esperanto or Latin."""

_LEAST_SHARE = 0.05
_LEAST_CHARS = 1000
"""Share of the text read that must be in a language, and how much of it in an unusual one: among
so many languages a table or a list is easily taken for another."""

_USUAL_EXCLUDE: tuple[str, ...] = FilesSource.model_fields["exclude"].default
_LARGE_BYTES = 100_000_000
"""From this size on files that are not read are left out: each run would read them for a digest."""

_MOST_NAMED = 8
_MAX_NAME_CHARS = 40
_MAX_COMMENT = 300
_WIDTH = 100
_MB = 1_000_000

_TEACHER_AND_BASE = """\
# The teacher: a large model behind an OpenAI-compatible endpoint, which writes facts and questions
# from the documents. Its key stands in no file: export GABARITO_TEACHER_KEY=…
# Without these sections `gabarito run --until ingest` reads the documents and stops there.
#generate:
#  language: {language}  # of the questions; without it each document's own
#  teacher:
#    model: some-model  # its name at the endpoint
#    url: https://teacher.example/v1
#    #price_input: 0.5  # for a million tokens; so is price_output
#    #max_cost: 20  # no more is spent; what was paid for is kept

# The base: a small instruction-tuned model that learns the facts; an id of the model hub, or the
# path of a folder (./model). Some ask for consent to their licence: export HF_TOKEN=…
#train:
#  base: meta-llama/Llama-3.2-1B-Instruct
#  epochs: 8
"""


def draft(folder: str, output: Path) -> str:
    """Return a pipeline file for the documents in a folder, to be written to ``output``.

    Raises:
        DataError: if none of the files that were read is a document.
    """
    config = config_for(folder, "FOLDER", detect=_CANDIDATES)
    found = find_files(config.files, "FOLDER")
    wanted = [file for file in found if file.is_wanted and not file.flaw]
    preview = Preview(config)
    reports = preview.read_some(wanted or found)
    preview.outcomes.refuse_nothing([folder], "FOLDER")
    languages = _languages(reports)
    parts = [
        _head(folder, output, len(wanted), preview.figures),
        f"name: {_scalar(_name(folder))}  # what the model is about: a-z, 0-9 and hyphens\n",
        _ingest(_path_from(output, folder), wanted, languages, config, output),
        _TEACHER_AND_BASE.format(language=next(iter(languages), "en")),
    ]
    return "\n".join(parts)


def _head(folder: str, output: Path, number: int, figures: Mapping[str, float]) -> str:
    tried = int(figures["files"])
    read = "all were read for it" if tried >= number else f"{tried:,} were read for it"
    summary = summary_of({name: value for name, value in figures.items() if name != "files"})
    return (
        f"# Written by gabarito init for what lies in {_on_a_line(folder)}: {_files(number)};\n"
        f"{fill(f'{read}: {summary}', _WIDTH, initial_indent='# ', subsequent_indent='# ')}\n"
        f"#\n"
        f"# gabarito ingest {_typed(folder)}  shows what is read of each file, and what not\n"
        f"# gabarito check {_typed(str(output))}  tries all that is set here\n"
        f"# gabarito schema  prints all settings\n"
    )


def _ingest(
    path: str,
    files: Sequence[SourceFile],
    languages: Counter[str],
    config: IngestConfig,
    output: Path,
) -> str:
    detect = tuple(dict.fromkeys((*languages, *_USUAL)))
    said = ", ".join(f"{language_name(code)} {n}" for code, n in languages.items()) or "none"
    seen = [code for code in languages if code in TESSERACT_DATA] or detect[:1]
    origin = "  # from this file's folder" if path.startswith(".") else ""
    lines = [
        "ingest:",
        "  sources:",
        "    - type: files",
        f"      path: {_scalar(path)}{origin}",
        *_formats(files, _made_within(config.files[0].path, output)),
        *_pairs(files, config, output),
        f"  detect: [{', '.join(map(_scalar, detect))}]  # languages that may occur; found: {said}",
        f"  #ocr: [{', '.join(map(_scalar, seen))}]  # read pictures and scans, with Tesseract",
    ]
    if len(languages) > 1:
        lines += [f"  #languages: [{_scalar(next(iter(languages)))}]  # to keep only these"]
    lines += _limits(files, config)
    return "\n".join(lines) + "\n"


def _made_within(folder: str, output: Path) -> list[str]:
    """Return patterns of what is written into the folder itself: this file, and what follows.

    Else each change of the settings would be a change of the documents.
    """
    if folder.startswith((BUCKET, BUILTIN)):
        return []
    top, place = local_path(folder).resolve(), output.parent.resolve()
    if not place.is_relative_to(top):
        return []
    names = [escape(output.name), f"{DEFAULT_STORE}/*", DEFAULT_CORRECTIONS]
    below = escape(place.relative_to(top).as_posix())
    return names if below == "." else [f"{below}/{name}" for name in names]


def _pairs(files: Sequence[SourceFile], config: IngestConfig, output: Path) -> Iterator[str]:
    """Say which tables could be sources of pairs, as they would be written."""
    for found in find_pairs(files, config):
        yield (
            f"      # {_on_a_line(found.file.name)} holds questions and answers: excluded here, and"
        )
        yield "      # as the source below, they are trained as they stand"
        yield f"    #{_on_a_line(found.entry(_path_from(output, found.file.place)))}"


def _formats(files: Sequence[SourceFile], made: Sequence[str]) -> Iterator[str]:
    """Say what was found of each format; what is large and is not read is left out, as is ``made``.

    There is no ``include``: files of other formats that come later are to be read too.
    """
    names = [PurePosixPath(file.name).suffix for file in files]
    endings = Counter(names)
    sizes: Counter[str] = Counter()
    for ending, file in zip(names, files, strict=True):
        sizes[ending] += file.size
    for ending, number in endings.most_common():
        if ending.lower() in FORMATS:
            size = f"{sizes[ending] / _MB:,.1f} MB" if sizes[ending] >= _MB else "under 1 MB"
            yield f"      # {_files(number)} {_on_a_line(ending)}, {size}"
    unread = [ending for ending, _ in endings.most_common() if ending.lower() not in FORMATS]
    for ending in unread[:_MOST_NAMED]:
        why = REFUSED.get(ending.lower(), "no format that is read")
        name = _on_a_line(ending) or "without an ending"
        yield f"      # not read: {_files(endings[ending])} {name}: {why}"
    if others := sum(endings[ending] for ending in unread[_MOST_NAMED:]):
        yield f"      # not read: {_files(others)} with other endings"
    large = [ending for ending in unread if ending and sizes[ending] >= _LARGE_BYTES]
    if large or made:
        patterns = (*_USUAL_EXCLUDE, *(f"*{ending}" for ending in large), *made)
        left_out = ["hidden", *["unread"] * bool(large), *["written by gabarito"] * bool(made)]
        yield f"      exclude: [{', '.join(map(_scalar, patterns))}]  # {' or '.join(left_out)}"


def _limits(files: Sequence[SourceFile], config: IngestConfig) -> Iterator[str]:
    """Yield what must be raised so that the largest file is read."""
    largest = max(
        (file for file in files if file.suffix in FORMATS),
        key=lambda file: file.size,
        default=None,
    )
    if largest is None or largest.size <= config.max_bytes:
        return
    name = _on_a_line(largest.name)
    yield f"  max_bytes: {-(-largest.size // _MB) * _MB}  # the largest file is {name}"
    yield f"  #limits: {{memory_mb: {2 * config.limits.memory_mb}}}  # if it needs more memory"


def _languages(reports: Sequence[FileReport]) -> Counter[str]:
    """Return the languages of the documents read and in how many each was found, most first."""
    found = Counter(report.language for report in reports if not report.rejected)
    chars: Counter[str] = Counter()
    for report in reports:
        chars[report.language] += report.characters
    least = _LEAST_SHARE * chars.total()
    return Counter(
        {
            code: number
            for code, number in found.most_common()
            if code != UNDETERMINED
            and chars[code] >= (least if code in _USUAL else max(least, _LEAST_CHARS))
        }
    )


def _name(folder: str) -> str:
    """Return a folder's name, or a file's without its ending, as a name for the model."""
    path = PurePosixPath(folder)
    if not folder.startswith(BUCKET):
        place = local_path(folder).resolve()
        path = PurePosixPath(place.stem if place.is_file() else place.name)
    plain = unicodedata.normalize("NFKD", path.name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain)[:_MAX_NAME_CHARS].strip("-") or "documents"


def _path_from(output: Path, folder: str) -> str:
    """Return a path as the file has to spell it: relative ones are taken from its folder."""
    if folder.startswith((BUCKET, BUILTIN)) or Path(folder).is_absolute():
        return folder
    relative = os.path.relpath(local_path(folder).resolve(), output.parent.resolve())
    return relative if relative.startswith(".") else f"./{relative}"


def _scalar(text: str) -> str:
    """Return a text as a value of YAML on one line."""
    return yaml.safe_dump(text, allow_unicode=True, width=float("inf")).split("\n")[0]


def _on_a_line(text: str) -> str:
    """Return a text of others as it may stand in a comment: one line that YAML can read."""
    shown = (char if char.isprintable() else ascii(char)[1:-1] for char in text[:_MAX_COMMENT])
    return "".join(shown)


def _typed(path: str) -> str:
    """Return a path as it is typed behind a command."""
    return _on_a_line(quote(path))


def _files(number: int) -> str:
    return f"{number:,} {in_number(number, 'files')}"
