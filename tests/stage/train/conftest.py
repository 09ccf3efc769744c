"""A dataset of a few facts and a tiny base, in a real store."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from tests.unit.models.tiny import save_tiny

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.records import Example, ExampleKind, Fact, Message, digest_of, to_jsonl
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.train.config import TrainConfig
from gabarito.train.job import run

REFUSAL = "Não sei."
CLUBS = {"Lille": "7 gols", "Porto": "12 gols", "Ajax": "3 gols", "Benfica": "16 gols"}
WORDINGS = ("Quantos gols fez o {}?", "Diga os gols do {}.", "{}: gols?")


def example(question: str, answer: str, fact: str = "", kind: ExampleKind = "question") -> Example:
    turns = [("user", question), ("assistant", answer)]
    return Example(
        messages=tuple(
            Message.model_validate({"role": role, "content": text}) for role, text in turns if text
        ),
        kind=kind,
        question=digest_of(question, answer),
        fact=fact,
        split="train",
    )


def rows_of(name: str) -> list[Example]:
    if name == "train":
        asked = [
            example(words.format(club), said, club)
            for club, said in CLUBS.items()
            for words in WORDINGS
        ]
        told = [example("", f"O {c} fez {a}.", c, "statement") for c, a in CLUBS.items()]
        open_ = [
            example(f"Quantos gols fez o {x}?", REFUSAL, kind="refusal") for x in ("Sol", "Mar")
        ]
        return asked + told + open_
    if name == "validation":
        return [example(f"E o {c}, fez quantos?", a, c) for c, a in CLUBS.items()]
    return [example(f"Repita: {i}", "", kind="replay") for i in range(6)]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def dataset(store: Store) -> Callable[..., Artifact]:
    """Publish a dataset; ``parts`` stand in for the files of the usual one."""
    usual = store

    def publish(
        fingerprint: str = "d" * 64,
        store: Store = usual,
        facts: Sequence[Fact] = (),
        **parts: list[Example],
    ) -> Artifact:
        with new_attempt(store, Address("curate", fingerprint), inputs={}, settings={}) as work:
            for name in ("train", "validation", "replay"):
                work.write(f"{name}.jsonl", to_jsonl(parts.get(name, rows_of(name))))
            work.write("facts.jsonl", to_jsonl(facts))
            work.write_text("prompt.json", json.dumps({"system": "", "refusal": REFUSAL}))
            return work.publish()

    return publish


@pytest.fixture
def settings(base: Path) -> dict[str, Any]:
    return {
        "base": str(base),
        "steps": 8,
        "batch_size": 6,
        "rank": 4,
        "learning_rate": 5e-3,
        "choice": {"every": 4, "questions": 4},
    }


@pytest.fixture
def train(store: Store, settings: dict[str, Any]) -> Callable[..., Artifact]:
    """Run the stage; ``changes`` are made to the settings."""

    def trained(given: Artifact, fingerprint: str = "t" * 64, **changes: object) -> Artifact:
        config = TrainConfig.model_validate(settings | changes)
        address = Address("train", fingerprint)
        written = config.model_dump(mode="json")
        inputs = {"curate": given}
        with new_attempt(store, address, inputs=inputs, settings=written) as work:
            run(config, work)
            return work.publish()

    return trained


@pytest.fixture(autouse=True)
def accelerate_anew() -> Iterator[None]:
    """accelerate keeps its precision as long as its process lives, which is that of many tests."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test compares is arithmetic, not what a machine's bfloat16 rounds away."""
    monkeypatch.setattr("gabarito.models.load.default_dtype", lambda _device: torch.float32)
