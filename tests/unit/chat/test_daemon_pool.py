import threading
import time

import pytest

from gabarito.chat import DaemonPool


def test_results_and_errors_come_with_the_future() -> None:
    pool = DaemonPool(2)
    assert pool.submit(lambda: 3).result(5) == 3
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0).result(5)
    assert pool.submit(lambda: 4).result(5) == 4


def test_as_many_calls_run_at_once_as_there_are_places() -> None:
    pool, together = DaemonPool(3), threading.Barrier(3, timeout=5)
    futures = [pool.submit(together.wait) for _ in range(3)]
    assert sorted(future.result(5) for future in futures) == [0, 1, 2]


def test_more_calls_than_places_wait_their_turn() -> None:
    pool = DaemonPool(2)
    running, most = [], []

    def call() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.01)
        running.pop()

    for future in [pool.submit(call) for _ in range(10)]:
        future.result(5)
    assert max(most) <= 2


def test_threads_do_not_hold_up_the_end() -> None:
    before = set(threading.enumerate())
    DaemonPool(1).submit(threading.Event().wait, 0.01).result(5)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
