"""Processes that train together; the stage's tests let two of them train."""

import pytest
import torch

from gabarito.core.errors import Interrupted
from gabarito.train.processes import Processes

CLOSED = "[gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:1670. This is"


@pytest.fixture
def processes() -> Processes:
    return Processes(torch.device("cpu"))


def test_alone_a_process_has_everything_and_is_the_first(processes: Processes) -> None:
    assert (processes.count, processes.index, processes.is_first) == (1, 0, True)
    assert processes.share([1, 2, 3]) == processes.gathered([1, 2, 3]) == [1, 2, 3]
    assert processes.of_first(lambda: "made") == "made"


def test_the_end_of_another_process_is_no_bug_of_this_one(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "count", 2)
    with pytest.raises(Interrupted, match=r"another process .* ended"), processes.loss_told():
        raise RuntimeError(CLOSED)
    with pytest.raises(RuntimeError, match="shapes"), processes.loss_told():
        raise RuntimeError("shapes cannot be multiplied")
