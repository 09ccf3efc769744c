"""What a collection of old runs leaves, and that it may be killed at any moment."""

import os
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.model_records import CONTRACT

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.cache import Cache
from gabarito.artifacts.channel import Rejected, ServedModel, promote, take_back
from gabarito.artifacts.claims import CERTAIN_S
from gabarito.artifacts.garbage import inert_files
from gabarito.core.errors import DataError, ServiceError
from gabarito.core.model_records import GateVerdict
from gabarito.core.settings import parse
from gabarito.pipeline.holds import HOLDS, hold_model, hold_run, roots_locked
from gabarito.pipeline.plan import make_plan
from gabarito.pipeline.retention import collect, expendable
from gabarito.pipeline.runs import Run, all_runs, freeze, new_run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.pipeline.stages import STAGES
from gabarito.store.local import LocalStore

DAY_S = 86_400.0
GRACE_S = DAY_S


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


class MortalStore(LocalStore):
    """A store whose user is killed right after the deletion of which the number is given."""

    deletions: int = 0
    last: int | None = None

    def delete(self, key: str) -> None:
        super().delete(key)
        if key.startswith("claims/"):
            return
        self.deletions += 1
        if self.deletions == self.last:
            raise KilledError


class World:
    """A store with finished runs, each some days old."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pages").mkdir()
        (folder / "pages/a.md").write_text("text")
        self.store = MortalStore(f"file://{folder}/store")

    def run(self, steps: int, age_days: float, name: str = "handbook", rerun: int = 0) -> Run:
        """A finished run; runs of one ``rerun`` share documents, pairs and dataset."""
        settings = {
            "name": name,
            "ingest": {
                "sources": [{"type": "files", "path": f"{self.folder}/pages"}], "rerun": rerun,
            },
            "generate": {"teacher": {"model": "m"}},
            "train": {"base": f"org/base-{rerun}", "steps": steps},
        }  # fmt: skip
        run = new_run(parse(PartialPipeline, settings, "pipeline.yaml"))
        freeze(self.store, run)
        for stage in STAGES.values():
            if open_artifact(self.store, run.address(stage.name)) is None:
                self._make(run, stage.name)
        Cache(self.store, "weights").save_folder(f"hub/org/base-{rerun}", self.folder / "pages")
        checkpoint = f"checkpoints/{run.fingerprints['train']}/a"
        Cache(self.store, "train").save_folder(checkpoint, self.folder / "pages")
        self.age(age_days)
        return run

    def _make(self, run: Run, stage: str) -> None:
        inputs = {above: open_artifact(self.store, run.address(above))
                  for above in STAGES[stage].reads}  # fmt: skip
        there = {above: found for above, found in inputs.items() if found}
        with new_attempt(self.store, run.address(stage), inputs=there, settings={}) as work:
            work.write_text("file", f"{stage} {run.run}")
            work.publish()

    def age(self, days: float) -> None:
        """Let everything that is new be so old."""
        at = time.time() - days * DAY_S
        for path in self.files():
            if path.stat().st_mtime > time.time() - 3600:
                os.utime(path, (at, at))

    def files(self) -> list[Path]:
        root = self.store.root
        return [one for one in root.rglob("*") if one.is_file() and ".gabarito" not in one.parts]

    def model(self, run: Run) -> ServedModel:
        return ServedModel(
            pipeline=run.pipeline.name, run=run.run, merge=run.fingerprints["merge"],
            evaluate=run.fingerprints["evaluate"], contract=CONTRACT,
            verdict=GateVerdict(passed=True, reasons=[], checks=[]),
        )  # fmt: skip

    def promote(self, run: Run) -> ServedModel:
        model = self.model(run)
        promote(self.store, run.pipeline.channel, model)
        self.age(20)
        return model

    def collect(self, keep: int = 1) -> list[str]:
        """Collect as the command does, and return what went."""
        before = time.time() - GRACE_S
        gone = [item.said for item in collect(self.store, keep, before, time.sleep)]
        for entry in list(inert_files(self.store, before)):
            self.store.delete(entry.key)
        return gone

    def is_whole(self, run: Run) -> bool:
        """Tell whether every artifact of a run is there, and reads as it was written."""
        for stage in run.fingerprints:
            artifact = open_artifact(self.store, run.address(stage))
            if artifact is None:
                return False
            for name in artifact.manifest.files:
                artifact.read(name)
        return True


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def known(world: World) -> set[str]:
    return {run.run for run in all_runs(world.store)}


def test_the_last_runs_of_each_pipeline_are_kept(world: World) -> None:
    runs = [world.run(steps, age_days=10 - steps, rerun=steps) for steps in range(1, 5)]
    other = world.run(9, age_days=30, name="other", rerun=9)
    world.collect(keep=2)
    assert known(world) == {runs[2].run, runs[3].run, other.run}
    assert [world.is_whole(run) for run in (*runs, other)] == [False, False, True, True, True]


def test_a_run_that_read_nothing_takes_the_place_of_none_that_did(world: World) -> None:
    made = [world.run(steps, age_days=20 - steps, rerun=steps) for steps in (1, 2)]
    tried = [world.run(2, age_days=9 - rerun, rerun=rerun) for rerun in (3, 4, 5)]
    for run in tried:
        world.store.delete(run.address("ingest").manifest)
    world.collect(keep=2)
    assert known(world) == {run.run for run in (*made, *tried[1:])}
    assert [world.is_whole(run) for run in made] == [True, True]


def test_of_a_run_that_goes_nothing_is_left_but_what_was_paid_for(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    Cache(world.store, "generate").put("0" * 64, b"a reply")
    world.age(9)
    new = world.run(2, age_days=2, rerun=2)
    world.collect()
    left = [path for path in world.files() if any(one in str(path) for one in
            (old.run, *old.fingerprints.values(), "base-1"))]  # fmt: skip
    assert not left
    assert Cache(world.store, "generate").get("0" * 64) == b"a reply"
    assert Cache(world.store, "weights").objects_of("hub/org/base-2")
    assert Cache(world.store, "train").objects_of(f"checkpoints/{new.fingerprints['train']}/a")


def test_what_a_later_run_shares_with_an_old_one_stays(world: World) -> None:
    old, new = world.run(1, age_days=9), world.run(2, age_days=2)
    assert old.fingerprints["curate"] == new.fingerprints["curate"]
    world.collect()
    assert world.is_whole(new)
    assert open_artifact(world.store, old.address("train")) is None


def test_what_channels_serve_served_and_took_back_is_kept_with_its_run(world: World) -> None:
    first, second, third = (world.run(n, age_days=20 - n, rerun=n) for n in (1, 2, 3))
    unserved = world.run(4, age_days=15, rerun=4)
    for run in (first, second, third):
        world.promote(run)
    rejected = Rejected(
        model=world.model(third).digest, at=datetime.now(UTC), reason="bad", under="x"
    )
    take_back(world.store, "handbook", rejected)
    world.run(5, age_days=2, rerun=5)
    promote(world.store, "handbook", world.model(first))  # serves first, and second before
    gone = world.collect()
    assert [world.is_whole(run) for run in (first, second, third)] == [True] * 3
    assert not world.is_whole(unserved)
    assert f"run {unserved.run} of handbook" in gone
    assert {first.run, second.run, third.run} <= known(world)


def test_a_record_of_a_model_that_nobody_serves_goes_with_its_run(world: World) -> None:
    first, second, third = (world.run(n, age_days=20 - n, rerun=n) for n in (1, 2, 3))
    model = world.promote(first)
    world.promote(second)
    world.promote(third)  # the one before is second
    assert f"model {model.digest}" in world.collect()
    assert not world.is_whole(first)


def test_a_run_that_is_worked_on_is_kept_whole(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    world.store.write(f"{old.address('train').prefix}/progress.json", b"{}")
    assert not world.collect()
    assert world.is_whole(old)


@pytest.mark.parametrize("why", ["work", "export"])
def test_a_run_that_is_held_is_kept_whole(world: World, why: str) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    if why == "work":
        hold_run(world.store, old)
    else:
        hold_model(world.store, world.model(old), "export")
        world.age(9)
    assert not world.collect()
    assert world.is_whole(old)


def test_the_hold_of_a_kept_run_is_no_thing_of_an_older_one(world: World) -> None:
    old, new = (world.run(steps, age_days=9 - steps, rerun=steps) for steps in (1, 2))
    for run in (old, new):
        hold_run(world.store, run)
    world.age(2)
    now = time.time()  # as with --older-than 0
    said = [item.said for item in expendable(world.store, 1, now)]
    assert f"hold of run {old.run}" in said
    assert f"hold of run {new.run}" not in said
    assert [item.said for item in collect(world.store, 1, now, time.sleep)] == said
    assert world.store.exists(f"{HOLDS}{new.run}/work.json")
    assert not list(expendable(world.store, 1, now))


def test_the_hold_of_whoever_has_been_gone_for_long_counts_no_more(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    hold_run(world.store, old)
    world.age(2)
    assert f"hold of run {old.run}" in world.collect()
    assert not world.is_whole(old)
    assert not list(world.store.list(HOLDS))


def test_young_runs_are_kept_however_many(world: World) -> None:
    runs = [world.run(steps, age_days=0.1, rerun=steps) for steps in (1, 2, 3)]
    assert not world.collect()
    assert all(world.is_whole(run) for run in runs)


def test_nothing_goes_while_a_record_cannot_be_read(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    for key in ("runs/0123456789ab.json", "channels/x.json", f"models/{'0' * 64}.json"):
        world.store.write(key, b"{cut")
        with pytest.raises(DataError, match=rf"{key}: not read, so that nobody can tell"):
            world.collect()
        world.store.delete(key)
    assert world.is_whole(old)


def test_a_run_of_another_version_is_understood_as_far_as_it_matters(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    data = world.store.read(f"runs/{old.run}.json").data.replace(b'"version"', b'"release"')
    world.store.write(f"runs/{old.run}.json", data)
    world.age(1.5)
    world.run(2, age_days=2, rerun=2)
    world.collect()
    assert world.is_whole(old)


def test_a_dry_run_deletes_nothing_and_says_what_goes_with_its_size(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    before = sorted(world.files())
    found = {item.said: item for item in expendable(world.store, 1, time.time() - GRACE_S)}
    assert sorted(world.files()) == before
    merged = found[f"merge {old.fingerprints['merge']}"]
    on_disk = (world.store.root / old.address("merge").prefix).rglob("*")
    assert merged.size == sum(path.stat().st_size for path in on_disk if path.is_file())
    assert found[f"run {old.run} of handbook"].files == 1
    assert {"base org/base-1", f"checkpoints of train {old.fingerprints['train']}"} <= set(found)


def test_killed_after_any_deletion_the_store_is_sound_and_the_next_ends_it(world: World) -> None:
    old, new = world.run(1, age_days=9), world.run(2, age_days=2)
    assert old.fingerprints["curate"] == new.fingerprints["curate"]
    shards = f"artifacts/generate/{'0' * 64}/shards/0-of-2"
    for key in ("manifest.json", "progress.json", "attempts/20260101T000000Z-0123abcd/file"):
        world.store.write(f"{shards}/{key}", b"of an old version")
    world.age(9)
    source, last, left = world.store.root, 0, 0
    while True:
        world.store = MortalStore(f"file://{world.folder}/{last}")
        shutil.copytree(source, world.store.root)
        world.store.last = last
        try:
            world.collect()
        except KilledError:
            assert world.is_whole(new)
            states = [step.state for step in make_plan(world.store, old)]
            assert "stale" not in states, f"killed after deletion {last}: {states}"
            world.store.last = None
            world.collect()
        assert known(world) == {new.run}
        left = left or len(world.files())
        assert len(world.files()) == left, f"killed after deletion {last}"
        if world.store.last:
            break  # it came to its end before it was killed
        last += 1
    assert last > 15


def test_a_run_that_begins_while_old_ones_go_waits_and_sees_what_is_left(world: World) -> None:
    old, new = world.run(1, age_days=9, rerun=1), world.run(2, age_days=2, rerun=2)
    going = collect(world.store, 1, time.time() - GRACE_S, time.sleep)
    next(going)
    begun = threading.Thread(target=hold_run, args=(world.store, old))
    begun.start()
    begun.join(0.5)
    assert begun.is_alive()  # it may not rely on what is being deleted
    assert len(list(going)) > 5
    begun.join(30)
    assert not begun.is_alive()
    assert {step.state for step in make_plan(world.store, old)} == {"missing"}
    assert world.is_whole(new)


def test_a_run_that_began_before_is_seen_by_a_collection_that_waited_for_it(world: World) -> None:
    old = world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    with roots_locked(world.store):
        gone: list[str] = []
        collecting = threading.Thread(target=lambda: gone.extend(world.collect()))
        collecting.start()
        collecting.join(0.5)
        assert collecting.is_alive()
        freeze(world.store, old)
    collecting.join(30)
    assert gone  # of the other run, which was the last one until then
    assert world.is_whole(old)


def test_of_two_collections_the_second_waits_and_finds_nothing(world: World) -> None:
    world.run(1, age_days=9, rerun=1)
    new = world.run(2, age_days=2, rerun=2)
    gone: list[list[str]] = []
    threads = [threading.Thread(target=lambda: gone.append(world.collect())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(bool, gone)) == [False, True]
    assert world.is_whole(new)


def test_a_collection_that_was_stopped_for_long_deletes_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(1, age_days=9, rerun=1)
    world.run(2, age_days=2, rerun=2)
    now = [0.0]
    monkeypatch.setattr("gabarito.artifacts.claims.RENEW_S", 3600.0)
    monkeypatch.setattr("gabarito.pipeline.holds.CLOCK", lambda: now[0])
    going = collect(world.store, 1, time.time() - GRACE_S, time.sleep)
    next(going)
    now[0] = CERTAIN_S + 1
    with pytest.raises(ServiceError, match="what is left is found again"):
        next(going)


def test_a_collection_that_nobody_lets_begin_gives_up(world: World) -> None:
    world.run(1, age_days=9, rerun=1)
    with roots_locked(world.store), pytest.raises(ServiceError, match="collects old runs"):
        next(collect(world.store, 1, time.time(), lambda _: None))
