"""Checkpoints: one of two is always whole."""

import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.unit.store.full import full_beyond

from gabarito.artifacts.cache import Cache
from gabarito.core.errors import ServiceError, SettingsError
from gabarito.store.open import open_store
from gabarito.train.checkpoint import Checkpoint, Checkpoints, CheckpointScore, StepMetrics


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "train" / "checkpoints" / "f1"


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return again(tmp_path)


def again(tmp_path: Path) -> Checkpoints:
    return Checkpoints(Cache(open_store(f"file://{tmp_path}"), "train"), "f1")


def at(step: int) -> Checkpoint:
    return Checkpoint(
        step=step,
        adapter={"a": torch.full((2, 3), float(step))},
        optimizer={"a/step": torch.tensor(float(step))},
        best={},
        candidates=[CheckpointScore(step=step, exact_match=0.5)],
        curve=[StepMetrics(step=step, loss=0.25, learning_rate=1e-3, tokens_per_s=9.0)],
        missed=(f"fact {step}", "another"),
    )


def any_fits(_checkpoint: Checkpoint) -> bool:
    return True


def found(tmp_path: Path) -> Checkpoint:
    checkpoint = again(tmp_path).load(any_fits)
    assert checkpoint is not None
    return checkpoint


def test_the_latest_checkpoint_comes_back_as_it_was(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    for step in (1, 2, 3):
        checkpoints.save(at(step))
    back = found(tmp_path)
    assert (back.step, back.candidates, back.curve) == (3, at(3).candidates, at(3).curve)
    assert back.missed == ("fact 3", "another")
    assert torch.equal(back.adapter["a"], at(3).adapter["a"])


def test_a_checkpoint_from_before_facts_were_kept_is_one(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    checkpoints.save(at(1))
    cache = Cache(open_store(f"file://{tmp_path}"), "train")
    assert cache.load_folder("checkpoints/f1/a", tmp_path / "folder")
    path = tmp_path / "folder" / "checkpoint.safetensors"
    with safe_open(path, "pt") as file:
        state = json.loads(file.metadata()["state"])
    del state["missed"]
    save_file(load_file(path), path, {"state": json.dumps(state)})
    cache.save_folder("checkpoints/f1/a", tmp_path / "folder")
    assert (found(tmp_path).step, found(tmp_path).missed) == (1, ())


def test_the_one_before_is_not_read_beside_the_latest(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    read: list[int] = []

    def fits(checkpoint: Checkpoint) -> bool:
        read.append(checkpoint.step)
        return True

    for step in (1, 2, 3):
        checkpoints.save(at(step))
        again(tmp_path).load(fits)
    assert read == [1, 2, 3]


def test_no_checkpoint_is_no_error(checkpoints: Checkpoints) -> None:
    assert checkpoints.load(any_fits) is None


def file_of(root: Path, place: str) -> Path:
    [path] = (root / f"{place}.files").glob("*/*")
    return path


def flip_a_bit(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    checkpoints: Checkpoints, tmp_path: Path, root: Path
) -> None:
    checkpoints.save(at(1))
    checkpoints.save(at(2))
    flip_a_bit(file_of(root, "b"))
    assert found(tmp_path).step == 1


def test_a_checkpoint_whose_list_of_files_is_damaged_gives_way_too(
    checkpoints: Checkpoints, tmp_path: Path, root: Path
) -> None:
    checkpoints.save(at(1))
    checkpoints.save(at(2))
    flip_a_bit(root / "b")
    assert found(tmp_path).step == 1


def test_two_damaged_checkpoints_mean_a_fresh_start_with_a_warning(
    checkpoints: Checkpoints, tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints.save(at(1))
    checkpoints.save(at(2))
    for place in ("a", "b"):
        file_of(root, place).unlink()
    with caplog.at_level(logging.WARNING):
        assert again(tmp_path).load(any_fits) is None
    assert caplog.messages == ["checkpoint damaged"] * 2


def test_after_a_fall_back_the_whole_checkpoint_is_not_overwritten(
    checkpoints: Checkpoints, tmp_path: Path, root: Path
) -> None:
    checkpoints.save(at(1))
    checkpoints.save(at(2))
    file_of(root, "b").unlink()
    later = again(tmp_path)
    assert later.load(any_fits) is not None
    later.save(at(3))
    file_of(root, "b").unlink()
    assert found(tmp_path).step == 1


def test_a_checkpoint_of_another_training_gives_way_to_the_one_before(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    checkpoints.save(at(1))
    checkpoints.save(at(2))
    later = again(tmp_path)
    kept = later.load(lambda checkpoint: checkpoint.step < 2)
    assert kept is not None
    later.save(at(3))
    assert (kept.step, found(tmp_path).step) == (1, 3)
    assert again(tmp_path).load(lambda checkpoint: checkpoint.step == 2) is None


@pytest.mark.parametrize("metadata", [None, {}, {"state": "[1]"}, {"state": '{"step": -1}'}])
def test_a_file_of_another_shape_is_no_checkpoint(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    for name in ("adapter/a", "other", "other/a"):
        save_file({name: torch.zeros(1)}, tmp_path / "checkpoint.safetensors", metadata)
        cache = Cache(open_store(f"file://{tmp_path}/store"), "train")
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "checkpoint.safetensors").rename(tmp_path / "folder/checkpoint.safetensors")
        cache.save_folder("checkpoints/f1/a", tmp_path / "folder")
        assert Checkpoints(cache, "f1").load(any_fits) is None


def test_a_tensor_of_no_part_is_no_checkpoint(checkpoints: Checkpoints, tmp_path: Path) -> None:
    odd = at(1)
    odd.adapter["x"] = odd.adapter.pop("a")
    checkpoints.save(odd)
    cache = Cache(open_store(f"file://{tmp_path}"), "train")
    assert cache.load_folder("checkpoints/f1/a", tmp_path / "folder")
    path = tmp_path / "folder" / "checkpoint.safetensors"
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file({"adapter/x": odd.adapter["x"], "other/a": torch.zeros(1)}, path, metadata)
    cache.save_folder("checkpoints/f1/a", tmp_path / "folder")
    assert again(tmp_path).load(any_fits) is None


@pytest.mark.parametrize("data", [b"[1]", b"{}", b'{"step": 7, "count": "many"}', b"\xff"])
def test_starts_of_another_shape_count_as_none(
    checkpoints: Checkpoints, tmp_path: Path, data: bytes
) -> None:
    Cache(open_store(f"file://{tmp_path}"), "train").put("checkpoints/f1/starts", data)
    checkpoints.count_start(7)


def test_three_starts_that_die_at_one_step_are_enough(checkpoints: Checkpoints) -> None:
    for _ in range(3):
        checkpoints.count_start(7)
    with pytest.raises(SettingsError, match="3 starts ended after step 7 without another"):
        checkpoints.count_start(7)
    checkpoints.count_start(7)


def test_starts_that_the_store_may_have_ended_are_not_counted(checkpoints: Checkpoints) -> None:
    for _ in range(9):
        checkpoints.count_start(7, outage_s=0)
    for _ in range(2):
        checkpoints.count_start(7, outage_s=60)
    with pytest.raises(SettingsError, match="3 starts ended after step 7 without another"):
        checkpoints.count_start(7, outage_s=60)


def test_starts_that_get_further_are_not_counted(checkpoints: Checkpoints) -> None:
    for step in range(9):
        checkpoints.count_start(step)


def test_a_start_that_was_stopped_in_good_order_is_forgotten(checkpoints: Checkpoints) -> None:
    for _ in range(9):
        checkpoints.count_start(7)
        checkpoints.forget_starts()


def test_a_full_disk_is_no_bug_and_the_checkpoint_before_remains(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    checkpoints.save(at(1))
    said = r"/gabarito-checkpoint-[^/]+: disk is full .*; free space"
    with full_beyond(100), pytest.raises(ServiceError, match=said):
        checkpoints.save(at(2))
    assert found(tmp_path).step == 1
