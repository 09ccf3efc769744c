"""The systems that are asked: each is loaded only if some of its answers are not known yet."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.core.records import digest_of
from gabarito.evaluate.arms import Frame, Messages
from gabarito.evaluate.grading import Prediction, System
from gabarito.evaluate.report import Timing
from gabarito.models import (
    Base,
    answers,
    check_base,
    check_contract,
    conversation,
    default_device,
    default_dtype,
    load_base,
    open_base,
    positions_of,
    prompt_ids,
)
from gabarito.models.adapter import load_adapter

_KEPT = TypeAdapter(list[Prediction])
"""The replies to a batch of questions, as the cache keeps them."""


@dataclass(frozen=True)
class Predictor:
    """A system: ``identity`` names what decides its answers, ``opened`` loads it."""

    system: System
    identity: str
    opened: Callable[[], Base]
    frame: Frame | None = None
    """How a question is put, where not as it is trained and served."""


@contextmanager
def predictors(work: Attempt, contract: PromptContract, folder: Path) -> Iterator[list[Predictor]]:
    """Give base, adapter and merged model; what they need is fetched below ``folder``."""
    train, merge = work.inputs["train"], work.inputs["merge"]
    origin = train.record("base.json", TrainedBase)
    with open_base(origin.reference, work.store) as base, merge.model("model/") as model:
        check_base(base, origin)
        known, quantised = origin.sha256, origin.method == "qlora"
        adapter = train.fetch(folder / "adapter", "adapter/")
        adapted = digest_of(known, digest_below(train, "adapter/"), str(quantised))
        merged = digest_below(merge, "model/")
        where = _precision()
        yield [
            Predictor("base", digest_of(known, where), partial(_opened, contract, base)),
            Predictor(
                "adapter",
                digest_of(adapted, where),
                partial(_opened, contract, base, adapter=adapter, is_quantised=quantised),
            ),
            Predictor("model", digest_of(merged, where), partial(_opened, contract, model)),
        ]


def ask(
    predictor: Predictor,
    questions: Sequence[str],
    contract: PromptContract,
    work: Attempt,
    batch_size: int,
) -> tuple[dict[str, Prediction], Timing]:
    """Return a system's reply to each question; a batch that is finished is kept."""
    began = time.monotonic()
    batches = _batches(questions, batch_size)
    keys = {_key(predictor, contract, batch): batch for batch in batches}
    found = {}
    for key, batch in keys.items():
        kept = work.cache.get_json(key, _KEPT)
        if kept is not None and len(kept) == len(batch):
            found[key] = kept
    missing = {key: batch for key, batch in keys.items() if key not in found}
    if missing:
        loaded = predictor.opened()
        began = time.monotonic()
        for key, batch in missing.items():
            found[key] = _answered(loaded, contract, batch, predictor.frame)
            work.cache.put(key, json.dumps([asdict(r) for r in found[key]]).encode())
            done = sum(len(keys[key]) for key in found)
            work.progress.report(f"answers of {predictor.system}", done, len(set(questions)))
    replies = {q: r for key, batch in keys.items() for q, r in zip(batch, found[key], strict=True)}
    asked = sum(map(len, missing.values()))
    seconds = round(time.monotonic() - began, 2)
    return replies, Timing(seconds=seconds, questions=len(replies), answered=asked)


def _precision() -> str:
    """Return what else decides an answer: another precision or device rounds another way."""
    device = default_device()
    return f"{device.type} {default_dtype(device)}"


def digest_below(artifact: Artifact, below: str) -> str:
    """Return what names the content of an artifact's files whose names begin with ``below``."""
    files = artifact.manifest.files
    return digest_of(*(f"{n} {files[n].sha256}" for n in sorted(files) if n.startswith(below)))


def _opened(
    contract: PromptContract,
    folder: Path,
    *,
    adapter: Path | None = None,
    is_quantised: bool = False,
) -> Base:
    loaded = load_base(folder, is_quantised=is_quantised)
    check_contract(contract, loaded.tokenizer, str(folder))
    if adapter is None:
        return loaded
    return Base(load_adapter(loaded.model, adapter), loaded.tokenizer)


def _answered(
    loaded: Base, contract: PromptContract, batch: Sequence[str], frame: Frame | None
) -> list[Prediction]:
    model, tokenizer = loaded.model, loaded.tokenizer
    room = positions_of(model)

    def fits(messages: Messages) -> bool:
        tokens = len(prompt_ids(contract, tokenizer, messages))
        return room is None or tokens + contract.max_new_tokens <= room

    asked = [
        frame(question, fits) if frame else conversation(contract, question) for question in batch
    ]
    found = dict(answers(model, tokenizer, contract, asked, batch_size=len(batch)))
    return [
        Prediction(
            text=found[at].text,
            probability=found[at].probability,
            prompt_tokens=len(prompt_ids(contract, tokenizer, messages)),
        )
        for at, messages in enumerate(asked)
    ]


def _batches(questions: Sequence[str], size: int) -> list[list[str]]:
    """Each question once, those of like length together."""
    ordered = sorted(set(questions), key=lambda text: (len(text), text))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _key(predictor: Predictor, contract: PromptContract, batch: Sequence[str]) -> str:
    framed: list[str] = []
    if predictor.frame:
        asked = [predictor.frame(question, lambda _: True) for question in batch]
        framed = [message.model_dump_json() for messages in asked for message in messages]
    return digest_of(predictor.identity, contract.model_dump_json(), *batch, *framed)
