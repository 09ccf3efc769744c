"""What `make cluster-chaos` decides and computes without a cluster."""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3
from tests.bench.counted_teacher import REPLIES, CountedTeacher, asked_in
from tests.bench.interruptions import (
    FIRST,
    KILLS,
    NODE_DRAINED,
    OTHERS,
    SECOND,
    STOPPED,
    UPGRADED,
    Again,
    Asked,
    Blow,
    Interruption,
    Outcome,
    Paid,
    Sign,
    Start,
    Told,
    done_again,
    idle_s,
    outcomes_table,
    paid,
    schedule,
    totals,
    undisturbed_s,
)
from tests.bench.pod_logs import PodLogs, signs_of, starts_of, unsaved_of
from tests.bench.struck import chaos_values

from gabarito.artifacts.jsonl import read_lines
from gabarito.core.settings import parse
from gabarito.demo.recordings import Recording
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

RUN = "0123456789ab"
BLOW = Blow(began=100.0, over=110.0, victim="old")


@pytest.fixture
def listed() -> list[Interruption]:
    return schedule(kills=30, seed=1)


def signs(*times: float, pod: str = "new") -> list[Sign]:
    return [Sign(at, pod) for at in times]


def test_a_seed_has_one_schedule(listed: list[Interruption]) -> None:
    assert listed == schedule(kills=30, seed=1) != schedule(kills=30, seed=2)


def test_all_kills_and_everything_else_is_in_it(listed: list[Interruption]) -> None:
    counted = Counter(each.what for each in listed)
    assert sum(counted[what] for what in KILLS) == 30
    assert {what: counted[what] for what in OTHERS} == Counter(OTHERS)


def test_a_round_goes_through_the_stages_in_their_order(listed: list[Interruption]) -> None:
    places = [(each.round, list(STAGES).index(each.stage)) for each in listed]
    assert places == sorted(places)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_hit_where_it_cannot_be(seed: int) -> None:
    for each in schedule(kills=9, seed=seed):
        assert not (each.what.startswith("endpoint") and each.round == 0)
        assert not each.what.startswith("teacher") or each.stage == "generate"
        assert each.what not in (UPGRADED, STOPPED, NODE_DRAINED) or each.stage == "train"
        assert each.release == FIRST or not each.hits_all


def test_idle_is_from_the_last_sign_before_to_the_first_after() -> None:
    given = [*signs(95, 99, pod="old"), *signs(130, 132)]
    assert idle_s(given, BLOW) == 31


def test_what_the_victim_still_does_is_no_progress() -> None:
    given = [*signs(99, 101, 112, pod="old"), *signs(130)]
    assert idle_s(given, BLOW) == 31


def test_who_goes_on_through_an_outage_is_idle_for_no_longer_than_ever() -> None:
    assert idle_s(signs(98, 100, 102, 104, 106, 108, 111), Blow(100, 110)) == 3


@pytest.mark.parametrize("given", [signs(90), signs(120), []])
def test_idle_is_not_known_without_a_sign_on_both_sides(given: list[Sign]) -> None:
    assert idle_s(given, BLOW) is None


def test_undisturbed_is_what_has_no_blow_in_it() -> None:
    given = signs(0, 2, 4, 99, 130, 132)
    assert undisturbed_s(given, [Blow(50, 110)]) == 2
    assert undisturbed_s(signs(1), []) is None


def test_a_reply_that_was_lost_is_not_paid_twice() -> None:
    given = [Asked(99.0, "a"), Asked(120.0, "a"), Asked(50.0, "b")]
    assert paid(given, [BLOW]) == Paid(requests=3, lost=1, twice=[])


def test_a_reply_that_was_kept_is_paid_twice() -> None:
    given = [Asked(50.0, "a"), Asked(120.0, "a")]
    told = "request a, answered at 00:00:50 UTC"
    assert paid(given, [BLOW]) == Paid(requests=2, lost=0, twice=[told])


def test_steps_since_the_checkpoint_are_done_again() -> None:
    first = Start(0, 0, [Told(10, 100), Told(12, 120), Told(14, 140), Told(16, 150)])
    second = Start(20, 115, [Told(30, 130)])
    assert done_again([second, first], [Blow(15, 18)]) == [
        Again(began=20, steps=25, from_at=10, to_at=14)
    ]


def test_who_continues_where_the_other_ended_does_nothing_again() -> None:
    starts = [Start(0, 0, [Told(10, 100)]), Start(20, 104, [Told(30, 130)])]
    assert done_again(starts, [Blow(11, 12)]) == []


def test_time_without_a_bucket_does_not_count_as_done_again() -> None:
    again = Again(began=200, steps=1, from_at=100, to_at=160)
    assert again.seconds() == 60
    assert again.seconds([Blow(110, 130), Blow(120, 150), Blow(155, 999)]) == 15


def test_the_table_leaves_out_what_is_not_known() -> None:
    known = Outcome("stage: kill -9", "chaos-1", "train", 60.0, 31.25, None, 7)
    head, row = outcomes_table([known])
    assert head.split("  ")[0] == "interruption"
    assert " ".join(row.split()) == "stage: kill -9 chaos-1 train 1.0 min 31.2 s – 7"


def test_totals_are_of_what_is_known() -> None:
    (line,) = totals({"idle": [30.0, None, 90.0], "nothing": [None]})
    assert line == (
        "idle: 2.0 min in 2 interruptions, 1.00 min each; min 30.0 s, median 60.0 s, max 90.0 s"
    )


def logged(folder: Path, pod: str, *said: tuple[float, dict[str, object]]) -> None:
    """Write what a container runtime writes of a stage that logs this."""
    path = folder / f"team_{pod}_uid/stage/0.log"
    path.parent.mkdir(parents=True)
    lines = []
    for at, fields in said:
        text = json.dumps({"ts": datetime.fromtimestamp(at, UTC).isoformat(), **fields})
        lines += [
            f"2026-12-01T00:00:00Z stderr P {text[:9]}",
            f"2026-12-01T00:00:00Z stderr F {text[9:]}",
        ]
    path.write_text("\n".join([*lines, "2026-12-01T00:00:00Z stderr F Traceback", ""]))


def progress(what: str, done: int) -> dict[str, object]:
    return {"event": "progress", "what": what, "done": done}


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[PodLogs]:
    """Two starts of a training, of which the second could not write for a while."""
    loading = progress("loading the base", 1)
    logged(tmp_path, f"a-{RUN}-train-x1", (1, loading), (2, progress("steps", 5)))
    logged(
        tmp_path,
        f"a-{RUN}-train-a2-x2",
        (10, loading),
        (11, {"event": "continued", "step": 4}),
        (12, progress("steps", 6)),
        (13, {"event": "checkpoint not written, training goes on"}),
        (15, {"event": "checkpoint written again"}),
    )
    logged(tmp_path, "a-controller-x3", (3, progress("steps", 9)))
    with PodLogs("team", tmp_path) as found:
        found.look()
        yield found


def test_signs_are_steps_and_not_the_loading_of_the_base(logs: PodLogs) -> None:
    assert [sign.at for sign in signs_of(logs.lines)] == [2, 12]
    assert signs_of(logs.lines, "merge") == []


def test_starts_of_a_training_are_told_apart(logs: PodLogs) -> None:
    ((first, second),) = starts_of(logs.lines)
    assert first == Start(1, 0, [Told(2, 5)])
    assert second == Start(10, 4, [Told(12, 6)])


def test_it_is_known_when_no_checkpoint_could_be_written(logs: PodLogs) -> None:
    assert unsaved_of(logs.lines) == [Blow(13, 15)]


def test_a_log_is_read_on_as_it_grows_and_after_its_pod_is_gone(
    logs: PodLogs, tmp_path: Path
) -> None:
    (path,) = tmp_path.glob("*train-x1*/stage/0.log")
    with path.open("a") as file:
        text = json.dumps({"ts": "1970-01-01T00:00:04+00:00", **progress("steps", 7)})
        file.write(f"2026-12-01T00:00:00Z stderr F {text}\n")
    path.unlink()
    logs.look()
    assert [sign.at for sign in signs_of(logs.lines)] == [2, 4, 12]


@pytest.fixture
def teacher(tmp_path: Path) -> Iterator[CountedTeacher]:
    with CountedTeacher(tmp_path / "asked", ("127.0.0.1", 0), latency=0.0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_teacher_writes_down_what_it_is_asked(teacher: CountedTeacher, tmp_path: Path) -> None:
    for text in ("task: facts", "task: facts", "task: names"):
        body = {"model": "recorded", "messages": [{"role": "user", "content": text}]}
        url = f"{teacher.address}/v1/chat/completions"
        assert urllib3.request("POST", url, json=body).status == 200
    assert sorted(Counter(each.request for each in asked_in(tmp_path / "asked")).values()) == [1, 2]


def test_the_teacher_gives_no_reply_that_is_asked_for_again_as_it_was() -> None:
    empty = [
        recording.key
        for recording in read_lines(REPLIES, Recording)
        if recording.task == "questions" and not recording.replies[0].text.strip()
    ]
    assert empty, "nothing to leave out"
    with CountedTeacher(Path(os.devnull), ("127.0.0.1", 0)) as teacher:
        for key in empty:
            assert teacher.recordings.reply(f"{key}\ntask: questions\nattempt: 1").text.strip()


def test_both_releases_pay_for_the_same_and_train_their_own() -> None:
    values = [chaos_values(which, "s3://b/p", "http://t/v1") for which in (FIRST, SECOND)]
    first, second = (new_run(parse(Pipeline, each["pipeline"], "values")) for each in values)
    shared = {s for s in STAGES if first.fingerprints[s] == second.fingerprints[s]}
    assert shared == {"ingest", "generate", "curate"}
    assert first.pipeline.channel != second.pipeline.channel
