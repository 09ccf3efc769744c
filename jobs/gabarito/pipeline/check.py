"""What can be tried before a run: settings, files, store, teacher, base model.

Each check yields what it found; what would make a run fail is a finding with an error.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ValidationError

from gabarito.artifacts.jsonl import read_lines
from gabarito.chat import ChatClient, ChatEndpoint, request_body
from gabarito.core.base_config import read_base_config
from gabarito.core.errors import DataError, GabaritoError, MissingError, SettingsError
from gabarito.core.mistakes import sentence_of
from gabarito.core.records import Message
from gabarito.core.secrets import secret_from
from gabarito.core.settings import is_path, local_path
from gabarito.generate.teacher import KEY_NAME, URL_NAME
from gabarito.ingest.config import FilesSource
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import Pipeline, read_pipeline
from gabarito.store.conformance import ROUND_TRIP, probe
from gabarito.store.open import open_store

TRIED_FILES = 20
"""How many files of a source are read in search of one that is a document."""

PROBE_TOKENS = 16
PROBE_TIMEOUT_S = 30.0

_NEEDED = {
    "weights": ("model.safetensors", "model.safetensors.index.json"),
    "tokenizer": ("tokenizer.json", "tokenizer.model"),
}
"""Files of a model, of each kind of which one must be there."""


@dataclass(frozen=True)
class Finding:
    """What was tried and what came out; an error means that a run would fail."""

    what: str
    said: str
    error: GabaritoError | None = None
    is_warning: bool = False


def all_findings(path: Path, store_url: str) -> Iterator[Finding]:
    """Try everything that PIPELINE and the store need; one failure does not hide the next."""
    pipeline = None
    try:
        pipeline = read_pipeline(path)
        yield Finding("settings", f"{path}: valid")
    except SettingsError as error:
        yield Finding("settings", str(error), error)
    yield from _tried("store", lambda: _store(store_url))
    if pipeline is None:
        return
    yield from _tried("files", lambda: _files(pipeline))
    for source in pipeline.ingest.sources:
        yield from _tried("documents", partial(_documents, pipeline, source), extra="ingest")
    yield from _tried("questions", lambda: _written(pipeline), extra="curate")
    yield from _tried("teacher", lambda: _teacher(pipeline))
    yield from _tried("base", lambda: _base(pipeline))


def _tried(
    what: str, check: Callable[[], Iterator[Finding]], extra: str | None = None
) -> Iterator[Finding]:
    """Try something; where the libraries of ``extra`` are not installed, say that it was not.

    ``helm test`` checks in the image of generate, which reads no HTML, PDF or Word.
    """
    try:
        yield from check()
    except GabaritoError as error:
        yield Finding(what, str(error), error)
    except ModuleNotFoundError as error:
        if extra is None:
            raise
        said = f"not tried here: no {error.name}; install the extra {extra} to have it tried"
        yield Finding(what, said, is_warning=True)


def _store(url: str) -> Iterator[Finding]:
    for probed in probe(open_store(url)):
        said = f"{probed.promise}: {probed.said}"
        is_lost = probed.promise == ROUND_TRIP and not probed.is_kept
        error = DataError(f"{url}: {said}; give another store") if is_lost else None
        yield Finding("store", said, error, is_warning=not probed.is_kept)


def _files(pipeline: Pipeline) -> Iterator[Finding]:
    found = new_run(pipeline).digests
    yield Finding("files", f"{len(found)} files, folders and models that the settings name")


def _documents(pipeline: Pipeline, source: FilesSource) -> Iterator[Finding]:
    """Read files of a source until one is a document: a folder may hold thousands."""
    from gabarito.ingest.files import find_files  # the formats' libraries take seconds
    from gabarito.ingest.outcomes import Dropped
    from gabarito.ingest.reader import Reader

    wanted = [file for file in find_files((source,)) if file.is_wanted]
    reader = Reader(pipeline.ingest)
    refused = []
    for file in wanted[:TRIED_FILES]:
        try:
            document = reader.read(file)
        except Dropped as why:
            refused.append(f"{file.name}: {why}")
        else:
            said = f"{len(wanted)} files, {document.source} is one that can be read"
            yield Finding("documents", f"{source.path}: {said}")
            return
    tried = "; ".join(refused[:3]) or "include and exclude leave none"
    raise DataError(
        f"{source.path}: no document in its first {len(refused)} files: {tried}; correct "
        "ingest.sources, or the files"
    )


def _written(pipeline: Pipeline) -> Iterator[Finding]:
    """Read what people wrote: curate reads it after the teacher is paid."""
    from gabarito.curate.decontaminate import FreeQuestion, UnanswerableQuestion
    from gabarito.curate.general_prompts import GeneralPrompt

    exam = pipeline.curate.exam
    kinds: tuple[tuple[str | None, type[BaseModel]], ...] = (
        (exam.free, FreeQuestion),
        (exam.unanswerable, UnanswerableQuestion),
        (pipeline.curate.prompts, GeneralPrompt),
    )
    for path, kind in kinds:
        if path:
            yield Finding("questions", f"{path}: {len(read_lines(path, kind))} lines")


def _teacher(pipeline: Pipeline) -> Iterator[Finding]:
    """Ask the teacher for a few tokens."""
    settings = pipeline.generate.teacher
    url = settings.url or os.environ.get(URL_NAME)
    if not url:
        raise SettingsError(f"no address; set generate.teacher.url or {URL_NAME}")
    key = secret_from(KEY_NAME)
    client = ChatClient(ChatEndpoint(url, key, retries=0, timeout_s=PROBE_TIMEOUT_S))
    question = [Message(role="user", content="Answer with one word: ready")]
    client.complete(request_body(settings.model, question, {"max_tokens": PROBE_TOKENS}))
    yield Finding("teacher", f"{settings.model} answers at {url}")


def _base(pipeline: Pipeline) -> Iterator[Finding]:
    """Look at the base model's files without loading it."""
    base = pipeline.train.base
    if not is_path(base) or base.startswith("s3://"):
        yield Finding("base", f"{base}: looked at when training begins")
        return
    folder = local_path(base)
    config = read_base_config(folder, base)
    yield Finding("base", f"{base}: {', '.join(config.architectures)}")
    for what, names in _NEEDED.items():
        if not any((folder / name).is_file() for name in names):
            message = f"{base}: no {what}, none of {', '.join(names)}; copy the whole model"
            yield Finding("base", message, MissingError(message))
    yield from _shards(folder, base)
    tokenizer = folder / "tokenizer_config.json"
    if not (folder / "chat_template.jinja").is_file() and not _says(tokenizer, "chat_template"):
        message = f"{base}: no chat template; take an instruction-tuned model"
        yield Finding("base", message, DataError(message))


class _ShardIndex(BaseModel):
    """What is read of a ``model.safetensors.index.json``."""

    weight_map: dict[str, str]


def _shards(folder: Path, base: str) -> Iterator[Finding]:
    """Look whether each file of weights that the index names is there."""
    path = folder / "model.safetensors.index.json"
    if not path.is_file():
        return
    try:
        index = _ShardIndex.model_validate_json(path.read_bytes())
    except ValidationError as error:
        said = sentence_of(error.errors()[0])
        raise DataError(
            f"{base}/{path.name}: not an index of weights: {said}; copy the model again"
        ) from error
    missing = [
        name for name in sorted({*index.weight_map.values()}) if not (folder / name).exists()
    ]
    if missing:
        message = f"{base}: no {', '.join(missing)}, which {path.name} names; copy the whole model"
        yield Finding("base", message, MissingError(message))


def _says(path: Path, name: str) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and bool(found.get(name))
