"""The stage as a whole: what it writes, what it keeps, and what it refuses."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load
from tests.unit.models.hub import COMMIT, running

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.cache import Cache
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.errors import DataError, MissingError, SettingsError
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.core.records import Example, MissedFact
from gabarito.models import CausalModel, default_dtype, load_base
from gabarito.models.adapter import load_adapter
from gabarito.store.base import Store
from gabarito.train import loop
from gabarito.train.batch import Layout, Packed, TrainBatch, layout_of
from gabarito.train.checkpoint import Checkpoint, Checkpoints, StepMetrics
from gabarito.train.encode import Row
from gabarito.train.sampler import BatchSampler
from gabarito.train.validation import Examined, Validation

from .conftest import example, rows_of

CPU = torch.device("cpu")

Train = Callable[..., Artifact]


def tensors_of(trained: Artifact) -> dict[str, torch.Tensor]:
    return load(trained.read("adapter/adapter_model.safetensors"))


def test_an_adapter_its_curve_and_its_contract_are_written(
    train: Train, dataset: Callable[..., Artifact], base: Path, tmp_path: Path
) -> None:
    trained = train(dataset(), learning_rate=2e-2, steps=40)
    curve = list(trained.records("curves.jsonl", StepMetrics))
    assert [point.step for point in curve] == list(range(1, 41))
    losses = [point.loss for point in curve]
    assert sum(losses[-8:]) < 0.7 * sum(losses[:8])
    [examined] = [[p.step for p in curve if p.exact_match is not None]]
    assert examined == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]
    contract = PromptContract.model_validate_json(trained.read("prompt.json"))
    assert (contract.refusal, contract.max_new_tokens) == ("Não sei.", 48)
    adapter = trained.fetch(tmp_path / "adapter", "adapter/")
    assert isinstance(load_adapter(load_base(base).model, adapter), PeftModel)
    assert not any(str(tmp_path) in path.read_text() for path in adapter.glob("*.md"))


def test_progress_is_told_from_the_beginning(
    train: Train, dataset: Callable[..., Artifact], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "gabarito.train"):
        train(dataset(), steps=2)
    told = [vars(r)["what"] for r in caplog.records if r.getMessage() == "progress"]
    assert told[0] == "loading the base"
    assert told[-1] == "steps"
    assert "replay tokens, at most" in told


def test_the_commit_of_a_base_of_the_hub_is_recorded(
    train: Train, dataset: Callable[..., Artifact], base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with running(base) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        trained = train(dataset(), base="org/tiny", steps=1)
    assert trained.record("base.json", TrainedBase).commit == COMMIT


def test_the_kept_step_is_one_that_answered_most(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    choice = json.loads(train(dataset()).read("choice.json"))
    shares = {c["step"]: c["exact_match"] for c in choice["candidates"]}
    assert list(shares) == [4, 8]
    assert shares[choice["step"]] == max(shares.values()) == choice["exact_match"]


def examined_as(monkeypatch: pytest.MonkeyPatch, *shares: float) -> None:
    """Let examinations find these shares right, one after the other."""
    found = iter(shares)
    monkeypatch.setattr(Validation, "examined", lambda _self: Examined(next(found), ()))


def test_the_chosen_adapter_is_the_one_of_its_step(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    examined_as(monkeypatch, 0.9, 0.1)
    chosen = train(dataset())
    monkeypatch.undo()
    assert json.loads(chosen.read("choice.json"))["step"] == 4
    last = train(dataset(), fingerprint="u" * 64, choice={"questions": 0})
    assert any(not torch.equal(t, tensors_of(last)[n]) for n, t in tensors_of(chosen).items())


def test_a_training_whose_exam_is_flat_comes_down_and_ends(
    train: Train,
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    examined_as(monkeypatch, 0.25, 0.75, 0.75, 0.5, 0.5)
    monkeypatch.setattr("gabarito.core.log.REPORT_EVERY_S", 0.0)
    with caplog.at_level("INFO", "gabarito.train"):
        trained = train(dataset(), steps=100, choice={"every": 10, "questions": 4, "patience": 2})
    curve = list(trained.records("curves.jsonl", StepMetrics))
    assert [p.step for p in curve if p.exact_match is not None] == [10, 20, 30, 40, 44]
    assert len(curve) == trained.manifest.counts["steps"] == 44
    assert curve[39].learning_rate > 0.6 * 5e-3
    assert curve[43].learning_rate < 0.4 * curve[39].learning_rate
    choice = json.loads(trained.read("choice.json"))
    assert choice["step"] == 30
    assert choice["reason"].endswith("patience ended it after 44 of at most 100 steps")
    told = [vars(r) for r in caplog.records if r.getMessage() == "progress"]
    assert {"steps, at most"} == {one["what"] for one in told if one["total"] == 100}
    assert (told[-1]["what"], told[-1]["done"], told[-1]["total"]) == ("steps", 44, 44)


def test_facts_that_are_missed_are_drawn_more_often(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    draw = BatchSampler.batch

    def batch(self: BatchSampler, step: int, missed: tuple[str, ...] = ()) -> list[Row]:
        asked.append(missed)
        return draw(self, step, missed)

    monkeypatch.setattr(BatchSampler, "batch", batch)
    monkeypatch.setattr(AnswerKey, "is_right", lambda _self, _said, one: one.answer == "7 gols")
    train(dataset(), choice={"every": 4, "questions": 4, "focus": 0.5})
    assert asked == [()] * 4 + [("Ajax", "Benfica", "Porto")] * 4


def test_what_is_missed_at_the_end_is_named(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = sorted({row.fact for row in dataset().records("validation.jsonl", Example)})
    monkeypatch.setattr(AnswerKey, "is_right", lambda _self, _said, _expected: False)
    trained = train(dataset(), choice={"questions": 1})
    missed = [line.fact for line in trained.records("missed.jsonl", MissedFact)]
    assert missed == held_out
    assert trained.manifest.counts["facts_missed"] == len(held_out) > 0


def test_where_nothing_is_examined_nothing_is_asked_at_the_end(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnswerKey, "is_right", lambda _self, _said, _expected: False)
    trained = train(dataset(), choice={"questions": 0})
    assert trained.manifest.counts["facts_missed"] == 0


@pytest.mark.usefixtures("in_float32")
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
    monkeypatch.setattr("gabarito.train.replay.generate", lambda _m, prompts, *_: iter(prompts))
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
    from gabarito.artifacts.cache import Cache

    Cache(store, "train").put(kept.removeprefix("cache/train/"), json.dumps(some).encode())
    again = train(dataset(), fingerprint="u" * 64)
    assert all(torch.equal(t, tensors_of(again)[n]) for n, t in tensors_of(whole).items())


def no_tokens(known: dict[str, list[int]]) -> list[object]:
    """Return what is no replay of the base that wrote ``known``."""
    return [[1], dict.fromkeys(known, "b"), *({key: [n] for key in known} for n in (-1, 10**6))]


def test_a_replay_of_another_shape_is_written_anew(
    train: Train, dataset: Callable[..., Artifact], store: Store
) -> None:
    given = dataset()
    train(given, steps=1)
    [entry] = store.list("cache/train/replay/")
    cache, place = Cache(store, "train"), entry.key.removeprefix("cache/train/")
    known = json.loads(cache.get(place) or b"")
    for number, kept in enumerate(no_tokens(known)):
        cache.put(place, json.dumps(kept).encode())
        train(given, str(number) * 64, steps=1)
        assert json.loads(cache.get(place) or b"") == known


def other_trainings(kept: Checkpoint) -> list[Checkpoint]:
    """Return checkpoints that are whole, and none of the training that saved ``kept``."""
    [name, *_] = kept.adapter
    wide, renamed = torch.zeros(9, 9), {f"{n}x": t for n, t in kept.adapter.items()}
    return [
        replace(kept, adapter=renamed),
        replace(kept, adapter=kept.adapter | {name: wide}),
        replace(kept, best={}),
        replace(kept, candidates=[]),
        replace(kept, optimizer={"none/step": torch.zeros(())}),
        replace(kept, optimizer=kept.optimizer | {f"{name}/exp_avg": wide}),
        replace(kept, step=kept.step + 99),
    ]


def test_a_checkpoint_of_another_training_is_left_aside(
    train: Train, dataset: Callable[..., Artifact], store: Store
) -> None:
    given, limits = dataset(), {"checkpoint_every_s": 0}
    whole = train(given, limits=limits)
    checkpoints = Checkpoints(Cache(store, "train"), "t" * 64)
    kept = checkpoints.load(lambda _: True)
    assert kept
    for other in other_trainings(kept):
        for _ in "ab":
            checkpoints.save(other)
        store.delete(f"{whole.address.prefix}/manifest.json")
        again = train(given, limits=limits)
        assert again.read("curves.jsonl").count(b"\n") == 8


def test_a_loss_that_is_no_number_names_the_learning_rate(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    with pytest.raises(SettingsError, match=r"is no number; lower learning_rate, now 0\.9"):
        train(dataset(), learning_rate=0.9, alpha=10**36, steps=60, schedule={"warmup": 0})


@dataclass(frozen=True)
class Watched(Packed):
    """Tells how many rows each batch has, before it is made."""

    told: Callable[[int], None] = lambda _: None

    def batch(self, rows: Sequence[Row], device: torch.device) -> TrainBatch:
        self.told(len(rows))
        return super().batch(rows, device)


def watch(monkeypatch: pytest.MonkeyPatch, told: Callable[[int], None]) -> None:
    def watched(model: CausalModel, prefix: Sequence[int], longest: int, pad: int) -> Layout:
        layout = layout_of(model, prefix, longest, pad)
        assert isinstance(layout, Packed)
        return Watched(layout.prefix, told)

    monkeypatch.setattr("gabarito.train.job.layout_of", watched)


def full_from(rows: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let memory run out at so many rows; return the sizes that were tried."""
    tried: list[int] = []

    def bounded(count: int) -> None:
        tried.append(count)
        if count >= rows:
            raise torch.OutOfMemoryError

    watch(monkeypatch, bounded)
    return tried


def test_memory_that_runs_out_for_a_single_row_names_the_settings(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = full_from(1, monkeypatch)
    with pytest.raises(SettingsError, match=r"rows of \d+ tokens; lower max_tokens"):
        train(dataset())
    assert tried[0] == 6
    assert tried[-1] == 1


@pytest.mark.usefixtures("in_float32")
def test_a_step_that_memory_is_too_small_for_is_repeated_in_parts(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tensors_of(train(dataset(), steps=2))
    tried = full_from(4, monkeypatch)
    parts = tensors_of(train(dataset(), "u" * 64, steps=2))
    assert tried[0] == 6
    assert sum(size for size in tried if size < 4) == 2 * 6
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("in_float32")
def test_a_step_that_ran_out_of_memory_half_way_begins_anew(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tensors_of(train(dataset(), steps=1))
    calls: list[int] = []

    def full_once(count: int) -> None:
        calls.append(count)
        if len(calls) == 2:
            raise torch.OutOfMemoryError

    watch(monkeypatch, full_once)
    again = train(dataset(), "u" * 64, steps=1, limits={"micro_batch": 3})
    assert calls[:2] == [3, 3]
    for name, tensor in whole.items():
        torch.testing.assert_close(tensors_of(again)[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("in_float32")
def test_memory_that_runs_out_for_what_the_optimizer_keeps_is_no_end(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tensors_of(train(dataset(), steps=2))
    made: list[torch.Size] = []
    zeros = torch.zeros_like

    def full_at_the_fourth(like: torch.Tensor, **options: Any) -> torch.Tensor:  # noqa: ANN401
        if "memory_format" in options:  # as AdamW makes its moments
            made.append(like.shape)
        if len(made) == 4:  # the second moment of the second parameter
            raise torch.OutOfMemoryError
        return zeros(like, **options)

    monkeypatch.setattr(torch, "zeros_like", full_at_the_fourth)
    parts = tensors_of(train(dataset(), "u" * 64, steps=2))
    assert len(made) > 4
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, rtol=1e-3, atol=1e-5)


def test_an_empty_dataset_is_refused(train: Train, dataset: Callable[..., Artifact]) -> None:
    with pytest.raises(DataError, match=r"train\.jsonl: no row to train on"):
        train(dataset(train=[]))


def test_rows_that_are_all_too_long_are_refused(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    with pytest.raises(DataError, match="no row to train on; 18 are longer than 8 tokens"):
        train(dataset(), max_tokens=8)


def test_a_base_that_is_not_there_is_named(train: Train, dataset: Callable[..., Artifact]) -> None:
    with pytest.raises(MissingError, match=r"^/nowhere: no such folder; give the path"):
        train(dataset(), base="/nowhere")


def test_without_validation_and_replay_the_last_step_is_kept(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    trained = train(dataset(validation=[], replay=[]))
    assert json.loads(trained.read("choice.json"))["step"] == 8
    assert "rows.replay" not in trained.manifest.counts


def test_layers_computed_once_more_do_not_change_the_adapter(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tensors_of(train(dataset(), steps=2))
    models: list[PeftModel] = []

    def once_more(model: PeftModel) -> bool:
        models.append(model)
        return True

    monkeypatch.setattr(loop, "checkpoints_activations", once_more)
    again = tensors_of(train(dataset(), "u" * 64, steps=2))
    assert models[0].is_activation_checkpointing
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, rtol=1e-3, atol=1e-5)


def test_epochs_without_replay_rows_are_as_many_as_were_asked_for(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    trained = train(dataset(replay=[]), steps=None, epochs=2, replay=0.5)
    assert trained.manifest.counts["steps"] == 2 * 18 / 6


def test_rows_that_the_model_has_no_positions_for_stand_in_the_ledger(
    train: Train, dataset: Callable[..., Artifact]
) -> None:
    long = example("gols? " * 200, "1", "f")
    prompt = example("Repita: " + "gols " * 200, "", kind="replay")
    given = dataset(train=[*rows_of("train"), long], replay=[*rows_of("replay"), prompt])
    counts = train(given, max_tokens=512).manifest.counts
    assert counts["rejected.too long"] == 2
    assert (counts["rows.questions"], counts["rows.replay"]) == (12, 6)


def test_answers_of_the_base_are_kept_by_what_decides_them(
    train: Train, dataset: Callable[..., Artifact], store: Store, base: Path
) -> None:
    digest = train(dataset()).record("base.json", TrainedBase).sha256
    [kept] = [entry.key for entry in store.list("cache/train/replay/")]
    assert digest == digest_of_path(str(base))
    assert kept == f"cache/train/replay/{digest}-lora-{default_dtype(CPU)}-cpu"


def test_only_statements_are_a_dataset_too(train: Train, dataset: Callable[..., Artifact]) -> None:
    told = [row for row in rows_of("train") if row.kind == "statement"]
    assert train(dataset(train=told)).manifest.counts["rows.statements"] == 4


def test_settings_of_the_machine_are_no_part_of_the_result(settings: dict[str, Any]) -> None:
    from gabarito.artifacts.fingerprint import content_settings, input_digests
    from gabarito.train.config import TrainConfig

    slow = TrainConfig.model_validate(settings | {"limits": {"micro_batch": 1}})
    fast = TrainConfig.model_validate(settings)
    assert content_settings(slow, input_digests(slow, "train")) == content_settings(
        fast, input_digests(fast, "train")
    )
