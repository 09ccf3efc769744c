"""A file that breaks its reader, or asks for too much, is one file's verdict."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import ReadingLimits
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.worker import Worker

LARGE = "a tarde é de água e ação ".encode() * 3_000_000
SMALL = b"a plain text"
TIGHT = 256


@pytest.fixture
def worker() -> Iterator[Worker]:
    with closing(Worker(ReadingLimits(memory_mb=TIGHT))) as made:
        yield made


def children() -> list[int]:
    return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]


def verdict_on(data: bytes, limits: ReadingLimits) -> Dropped:
    with closing(Worker(limits)) as worker, pytest.raises(Dropped) as caught:
        worker.read(".txt", data, Hints())
    return caught.value


def test_a_file_that_needs_too_much_memory_is_unreadable_and_the_next_is_read(
    worker: Worker,
) -> None:
    with pytest.raises(Dropped, match=f"needed more than {TIGHT} MB of memory") as caught:
        worker.read(".txt", LARGE, Hints())
    assert caught.value.reason is IngestReason.UNREADABLE
    assert worker.read(".txt", SMALL, Hints()).text == SMALL.decode()


def test_a_file_that_computes_too_long_is_unreadable() -> None:
    assert "more than 1 s of processor time" in str(verdict_on(LARGE, ReadingLimits(cpu_s=1)))


def test_a_file_that_takes_too_long_is_unreadable() -> None:
    assert "took longer than 0.01 s" in str(verdict_on(LARGE, ReadingLimits(wall_s=0.01)))


def test_files_share_a_process_and_none_is_left(worker: Worker) -> None:
    before = children()
    worker.read(".txt", SMALL, Hints())
    (process,) = set(children()) - set(before)
    worker.read(".txt", SMALL, Hints())
    assert set(children()) - set(before) == {process}
    worker.close()
    assert children() == before


def test_a_file_is_not_blamed_for_what_one_before_it_did(worker: Worker) -> None:
    before = children()
    worker.read(".txt", SMALL, Hints())
    (process,) = set(children()) - set(before)
    os.kill(process, signal.SIGSEGV)
    assert worker.read(".txt", SMALL, Hints()).text == SMALL.decode()


def test_after_many_files_a_new_process_takes_over(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gabarito.ingest.reading.worker.FILES_A_PROCESS", 2)
    others, seen = set(children()), set()
    for _ in range(4):
        worker.read(".txt", SMALL, Hints())
        seen |= set(children())
    assert len(seen - others) == 2


STOPPED = """
from contextlib import closing
from gabarito.core.stop import raise_on_stop
from gabarito.ingest.config import ReadingLimits
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.worker import Worker
raise_on_stop()
with closing(Worker(ReadingLimits())) as worker:
    worker.read(".txt", b"a", Hints())
    print("ready", flush=True)
    worker.read(".txt", "a tarde é de ação ".encode() * 9_000_000, Hints())
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stage_that_is_stopped_leaves_no_process(how: signal.Signals) -> None:
    command = [sys.executable, "-c", STOPPED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as stage:
        assert stage.stdout
        assert stage.stdout.readline() == b"ready\n"
        (process,) = Path(f"/proc/{stage.pid}/task/{stage.pid}/children").read_text().split()
        stage.send_signal(how)
        assert stage.wait(20) != 0
    deadline = time.monotonic() + 20
    while Path(f"/proc/{process}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{process}/exe").exists()


def test_a_limit_that_was_met_names_the_setting_that_raises_it() -> None:
    said = str(verdict_on(LARGE, ReadingLimits(cpu_s=1)))
    assert said.endswith("raise ingest.limits.cpu_s or split it")


def test_millions_of_empty_lines_take_little_memory(worker: Worker) -> None:
    assert worker.read(".txt", b"\n" * 15_000_000 + b"a plain text", Hints()).text == "a plain text"
