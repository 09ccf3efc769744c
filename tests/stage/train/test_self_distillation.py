"""A training on answers that the base wrote itself."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load
from tests.unit.train.goals import goal_facts

from gabarito.artifacts.artifact import Artifact
from gabarito.core.records import Example, Rejection
from gabarito.models import Generated, load_tokenizer, token_ids
from gabarito.store.base import Store
from gabarito.train import self_distillation
from gabarito.train.processes import Processes
from gabarito.train.self_distillation import Target

from .conftest import CLUBS, rows_of

Train = Callable[..., Artifact]
ON = {"self_distillation": {"plain_share": 0.3, "tries": 2}}


def in_sentences() -> list[Example]:
    return [
        row.model_copy(update={"style": "sentence", "answer": row.messages[-1].content})
        if row.kind == "question"
        else row
        for row in rows_of("train")
    ]


@pytest.fixture
def given(dataset: Callable[..., Artifact]) -> Artifact:
    return dataset(facts=[*goal_facts(CLUBS).values()], train=in_sentences())


def tensors_of(trained: Artifact) -> dict[str, torch.Tensor]:
    return load(trained.read("adapter/adapter_model.safetensors"))


def test_where_nothing_is_right_the_dataset_is_trained_as_it_is(
    train: Train, given: Artifact
) -> None:
    plain, tried = train(given), train(given, "u" * 64, **ON)
    assert all(torch.equal(t, tensors_of(tried)[n]) for n, t in tensors_of(plain).items())
    counts = tried.manifest.counts
    assert (counts["self_distilled_answers"], counts["answers_of_the_dataset"]) == (0, 12)
    told = list(tried.records("ledger.jsonl", Rejection))
    assert {one.reason for one in told} == {"written answer not right"}
    assert not any(name.startswith("rejected.") for name in counts)  # no row was dropped
    assert "targets.jsonl" not in plain.manifest.files


def test_what_the_base_wrote_is_what_is_trained(
    train: Train, given: Artifact, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = load_tokenizer(base)

    def say(
        _model: object, prompts: Sequence[Sequence[int]], *_: object
    ) -> Iterator[tuple[int, Generated]]:
        for index, ids in enumerate(prompts):
            club = next(club for club in CLUBS if club in str(tokenizer.decode(list(ids))))
            said = token_ids(tokenizer, f"Ao todo, {CLUBS[club]}.")
            yield index, Generated(tuple(said), -1.0, is_finished=True)

    monkeypatch.setattr(self_distillation, "generate", say)
    trained = train(given, **ON)
    assert {one.text for one in trained.records("targets.jsonl", Target)} == {
        f"Ao todo, {goals}." for goals in CLUBS.values()
    }
    assert trained.manifest.counts["self_distilled_answers"] == 12
    probes = [tokenizer.decode(ids) for ids in json.loads(trained.read("probes.json"))]
    assert sum("Ao todo," in probe for probe in probes) > len(probes) / 2


def test_what_was_written_is_kept_by_what_decides_it(
    train: Train, given: Artifact, store: Store
) -> None:
    train(given, steps=1, **ON)
    train(given, "u" * 64, steps=1, schedule={"seed": 1}, **ON)
    kept = [e.key for e in store.list("cache/train/self_distillation/")]
    [replay] = [e.key for e in store.list("cache/train/replay/")]
    base = replay.removeprefix("cache/train/replay/")
    assert kept == [f"cache/train/self_distillation/{base}-0.3-{seed}-48" for seed in (0, 1)]


def test_of_several_processes_the_first_one_lets_the_base_write(
    train: Train, given: Artifact, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Following(Processes):
        def of_first(self, make: Callable[[], object]) -> Any:  # noqa: ANN401
            return in_sentences()

    monkeypatch.setattr("gabarito.train.job.Processes", Following)
    assert "self_distilled_answers" not in train(given, **ON).manifest.counts
    assert not list(store.list("cache/train/self_distillation/"))
