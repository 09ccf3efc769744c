"""The stage as a whole: what it writes, what it keeps, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load

from gabarito.core.artifact import Artifact
from gabarito.core.errors import DataError, MissingError, SettingsError
from gabarito.core.store import Store
from gabarito.train import loop
from gabarito.train.checkpoint import Point
from gabarito.weights import PromptContract, load_adapter, load_base

from .conftest import rows_of

Train = Callable[..., Artifact]


def tensors_of(trained: Artifact) -> dict[str, torch.Tensor]:
    return load(trained.read("adapter/adapter_model.safetensors"))


def test_an_adapter_its_curve_and_its_contract_are_written(
    train: Train, dataset: Callable[..., Artifact], base: Path, tmp_path: Path
) -> None:
    trained = train(dataset(), learning_rate=2e-2, steps=40)
    curve = list(trained.records("curves.jsonl", Point))
    assert [point.step for point in curve] == list(range(1, 41))
    assert curve[-1].loss < 0.7 * curve[0].loss
    [examined] = [[p.step for p in curve if p.exact_match is not None]]
    assert examined == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]
    contract = PromptContract.model_validate_json(trained.read("prompt.json"))
    assert (contract.refusal, contract.max_new_tokens) == ("Não sei.", 48)
    adapter = trained.fetch(tmp_path / "adapter", "adapter/")
    assert isinstance(load_adapter(load_base(base).model, adapter), PeftModel)
    assert not any(str(tmp_path) in path.read_text() for path in adapter.glob("*.md"))


def test_the_kept_step_is_one_that_answered_most(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    choice = json.loads(train(dataset()).read("choice.json"))
    shares = {c["step"]: c["exact_match"] for c in choice["candidates"]}
    assert list(shares) == [4, 8]
    assert shares[choice["step"]] == max(shares.values()) == choice["exact_match"]


def test_the_chosen_adapter_is_the_one_of_its_step(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = iter([0.9, 0.1])
    monkeypatch.setattr(loop.Examination, "exact_match", lambda _self: next(marks))
    chosen = train(dataset())
    monkeypatch.undo()
    assert json.loads(chosen.read("choice.json"))["step"] == 4
    last = train(dataset(), fingerprint="u" * 64, choice={"questions": 0})
    assert any(not torch.equal(t, tensors_of(last)[n]) for n, t in tensors_of(chosen).items())


def test_micro_batches_do_not_change_the_gradient(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    whole = tensors_of(train(dataset(), steps=2))
    parts = tensors_of(train(dataset(), "u" * 64, steps=2, limits={"micro_batch": 2}))
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, rtol=1e-3, atol=1e-5)


def test_what_the_base_answered_is_answered_once(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(dataset())
    monkeypatch.setattr("gabarito.train.replay.generate", lambda _m, prompts, _l: iter(prompts))
    second = train(dataset(), fingerprint="u" * 64)
    assert tensors_of(first).keys() == tensors_of(second).keys()
    assert all(torch.equal(t, tensors_of(second)[n]) for n, t in tensors_of(first).items())
    assert first.manifest.counts["rows.replay"] == 6


def test_a_half_written_replay_is_continued(
    train: Train, dataset: Callable[..., Artifact], store: Store
) -> None:
    whole = train(dataset())
    [kept] = [e.key for e in store.list("cache/train/replay/")]
    framed = json.loads(store.read(kept).data[64:])
    some = dict(list(framed.items())[:2])
    from gabarito.core.cache import Cache

    Cache(store, "train").put(kept.removeprefix("cache/train/"), json.dumps(some).encode())
    again = train(dataset(), fingerprint="u" * 64)
    assert all(torch.equal(t, tensors_of(again)[n]) for n, t in tensors_of(whole).items())


def test_a_loss_that_is_no_number_names_the_learning_rate(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    with pytest.raises(SettingsError, match=r"is no number; lower learning_rate, now 0\.9"):
        train(dataset(), learning_rate=0.9, alpha=10**9, steps=60, schedule={"warmup": 0})


def test_memory_that_runs_out_names_the_settings(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(loop, "collate", full)
    with pytest.raises(SettingsError, match=r"6 rows a step; set limits\.micro_batch"):
        train(dataset())


def test_an_empty_dataset_is_refused(train: Train, dataset: Callable[..., Artifact]) -> None:
    with pytest.raises(DataError, match=r"train\.jsonl: no row to train on"):
        train(dataset(train=[]))


def test_rows_that_are_all_too_long_are_refused(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    with pytest.raises(DataError, match="no row to train on; see its ledger"):
        train(dataset(), max_tokens=8)


def test_a_base_that_is_not_there_is_named(train: Train, dataset: Callable[..., Artifact]) -> None:
    with pytest.raises(MissingError, match="'/nowhere'"):
        train(dataset(), base="/nowhere")


def test_without_validation_and_replay_the_last_step_is_kept(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    trained = train(dataset(validation=[], replay=[]))
    assert json.loads(trained.read("choice.json"))["step"] == 8
    assert "rows.replay" not in trained.manifest.counts


def test_only_statements_are_a_dataset_too(train: Train, dataset: Callable[..., Artifact]) -> None:
    told = [row for row in rows_of("train") if row.family == "statement"]
    assert train(dataset(train=told)).manifest.counts["rows.statements"] == 4


def test_settings_of_the_machine_are_no_part_of_the_result(settings: dict[str, Any]) -> None:
    from gabarito.core.inputs import content_settings, input_digests
    from gabarito.train.config import TrainConfig

    slow = TrainConfig.model_validate(settings | {"limits": {"micro_batch": 1}})
    fast = TrainConfig.model_validate(settings)
    assert content_settings(slow, input_digests(slow)) == content_settings(
        fast, input_digests(fast)
    )
