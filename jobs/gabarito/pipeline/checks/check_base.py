"""Whether a base model can be trained, told without loading it: in its folder, or on the hub."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from gabarito.artifacts.fingerprint import input_digests
from gabarito.core.base_config import (
    CONFIG_FILE,
    GGUF,
    TEMPLATE_FILE,
    TOKENIZER_FILE,
    of_gguf,
    read_base_config,
)
from gabarito.core.errors import DataError, MissingError
from gabarito.core.mistakes import sentence_of
from gabarito.core.model_records import PromptSettings
from gabarito.core.settings import BUCKET, is_path, local_path
from gabarito.pipeline.checks.base_files import is_mirrored, small_files
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.weights_files import flaw_of
from gabarito.pipeline.model_hub import fetch_config, refuse_other_than_ids
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder
from gabarito.train.config import TrainConfig

_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"

_NEEDED = {
    "weights": (_WEIGHTS, _INDEX),
    "tokenizer": ("tokenizer.json", "tokenizer.model"),
}
"""Files of a model, of each kind of which one must be there."""


def check_base(
    settings: TrainConfig, prompt: PromptSettings, store_url: str | None
) -> Iterator[CheckResult]:
    """Look at the base model; ``store_url`` is a store that may hold a copy of it."""
    base = settings.base
    input_digests(settings, "train")  # all of it is there
    if base.startswith(BUCKET):
        yield CheckResult("base", f"{base}: looked at when training begins")
    elif is_path(base):
        found = list(_local_base(local_path(base), base))
        yield from found
        if not any(one.error for one in found):
            _refuse_unfit(local_path(base), settings, prompt)
    else:
        yield from _hub_base(settings, prompt, store_url)


def _refuse_unfit(folder: Path, settings: TrainConfig, prompt: PromptSettings) -> None:
    """Look closer where the libraries of train are installed.

    Raises:
        DataError: as ``refuse_unfit``; calls the base as the settings do.
    """
    try:
        from gabarito.train.fitness import refuse_unfit
    except ModuleNotFoundError:
        return
    try:
        refuse_unfit(folder, settings, prompt)
    except DataError as error:
        raise type(error)(str(error).replace(str(folder), settings.base)) from error


def _hub_base(
    settings: TrainConfig, prompt: PromptSettings, store_url: str | None
) -> Iterator[CheckResult]:
    base = settings.base
    refuse_other_than_ids(base)
    if store_url and is_mirrored(base, open_store(store_url)):
        with small_files(base, open_store(store_url)) as copied:
            if copied is not None and (copied / CONFIG_FILE).is_file():
                _refuse_unfit(copied, settings, prompt)
        yield CheckResult("base", f"{base}: a copy is in the store, the hub is not asked")
        return
    with temporary_folder("check") as folder:
        names = fetch_config(base, folder)
        if CONFIG_FILE not in names and any(name.endswith(GGUF) for name in names):
            raise of_gguf(base)
        config = read_base_config(folder, base)
        _refuse_unfit(folder, settings, prompt)
        has_template = TEMPLATE_FILE in names or _says(folder / TOKENIZER_FILE, "chat_template")
    yield CheckResult("base", f"{base}: {', '.join(config.architectures)}, on the model hub")
    yield from _lacking(base, names, "take a model that has them")
    if not has_template:
        yield _no_template(base)


def _local_base(folder: Path, base: str) -> Iterator[CheckResult]:
    config = read_base_config(folder, base)
    yield CheckResult("base", f"{base}: {', '.join(config.architectures)}")
    files = {path.name for path in folder.iterdir() if path.is_file()}
    yield from _lacking(base, files, "copy the whole model")
    yield from _shards(folder, base)
    yield from _damaged(folder, base)
    tokenizer = folder / TOKENIZER_FILE
    if not (folder / TEMPLATE_FILE).is_file() and not _says(tokenizer, "chat_template"):
        yield _no_template(base)


def _no_template(base: str) -> CheckResult:
    message = f"{base}: no chat template; take an instruction-tuned model"
    return CheckResult("base", message, DataError(message))


def _lacking(base: str, files: set[str], cure: str) -> Iterator[CheckResult]:
    for what, names in _NEEDED.items():
        if not files.intersection(names):
            message = f"{base}: no {what}, none of {', '.join(names)}; {cure}"
            yield CheckResult("base", message, MissingError(message))


class _ShardIndex(BaseModel):
    """What is read of a ``model.safetensors.index.json``."""

    weight_map: dict[str, str]


def _shards(folder: Path, base: str) -> Iterator[CheckResult]:
    """Look whether each file of weights that the index names is there."""
    missing = [name for name in _indexed(folder, base) if not (folder / name).exists()]
    if missing:
        message = f"{base}: no {', '.join(missing)}, which {_INDEX} names; copy the whole model"
        yield CheckResult("base", message, MissingError(message))


def _indexed(folder: Path, base: str) -> list[str]:
    """Return the files of weights that the index names, none where there is no index."""
    path = folder / _INDEX
    if not path.is_file():
        return []
    try:
        index = _ShardIndex.model_validate_json(path.read_bytes())
    except ValidationError as error:
        said = sentence_of(error.errors()[0])
        raise DataError(
            f"{base}/{path.name}: not an index of weights: {said}; copy the model again"
        ) from error
    return sorted({*index.weight_map.values()})


def _damaged(folder: Path, base: str) -> Iterator[CheckResult]:
    """Look whether each file of weights is as long as its header says."""
    for name in dict.fromkeys([_WEIGHTS, *_indexed(folder, base)]):
        flaw = flaw_of(folder / name) if (folder / name).is_file() else None
        if flaw:
            message = f"{base}/{name}: the weights are damaged: {flaw}; copy the file again"
            yield CheckResult("base", message, DataError(message))


def _says(path: Path, name: str) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and bool(found.get(name))
