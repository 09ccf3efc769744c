"""Starts the processes that train together, in this pod and in others, by torch's own launcher.

A command  ->  ``processes`` of it here, which meet those of the other nodes
"""

import signal
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous.api import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gabarito.core.errors import NEVER_RETRIED, Interrupted, ServiceError
from gabarito.core.log import write_termination_message

ALONE = "localhost:0"
"""Where the processes of one node meet: at a free port, which they tell each other."""

PATIENCE_S = 600
"""How long a node waits for the others before the training goes on without them.

One that comes later is taken in: all continue together from the last checkpoint.
"""

_KILLED = 128
"""What a shell adds to the number of the signal that ended a process."""


@dataclass(frozen=True)
class ProcessPlan:
    """How many processes train together, and where those of several nodes meet."""

    run: str
    processes: int
    nodes: int = 1
    rendezvous: str = ALONE


def launch(command: Sequence[str], plan: ProcessPlan) -> None:
    """Run a command in several processes until all of them end.

    torchrun, which is the same launcher, ends with 1 whatever the exit code of its processes was.
    In a pod the exit code decides whether another one is worth its while.

    Raises:
        Interrupted: if it was told to stop, after the processes have.
        ServiceError: if the nodes did not meet.
        SystemExit: with the exit code of the process that failed.
    """
    program, *arguments = command
    try:
        elastic_launch(launch_settings(plan), program)(*arguments)
    except SignalException as stop:
        told = f"stopped by {stop.sigval.name}; what is finished is saved, start again"
        raise Interrupted(told) from stop
    except RendezvousError as error:
        raise ServiceError(
            f"train: the nodes did not meet at {plan.rendezvous}: {error}; is the first of them "
            "up, and do network policies let them reach each other?"
        ) from error
    except ChildFailedError as error:
        _end_with(blamed(failure.exitcode for failure in error.failures.values()))


def launch_settings(plan: ProcessPlan) -> LaunchConfig:
    """Return what torch's launcher is told."""
    meeting: dict[str, Any] = {"last_call_timeout": PATIENCE_S, "read_timeout": PATIENCE_S}
    if plan.nodes > 1 and plan.rendezvous.split(".")[0] == socket.gethostname():
        meeting["is_host"] = True  # torch would ask the DNS, which may not know the name yet
    return LaunchConfig(
        min_nodes=1,
        max_nodes=plan.nodes,
        nproc_per_node=plan.processes,
        run_id=plan.run,
        rdzv_backend="c10d",
        rdzv_endpoint=plan.rendezvous,
        rdzv_configs=meeting,
        max_restarts=0,  # whether to start again is said by the exit code
        local_addr="localhost" if plan.nodes == 1 else None,
    )


def blamed(codes: Iterable[int]) -> int:
    """Return the exit code of the process to blame: a signal's number is negative.

    Where one fails others end for want of it, as interrupted, or because the launcher stops them.
    """
    return min(
        codes,
        key=lambda code: (
            code not in NEVER_RETRIED,
            code == -signal.SIGTERM,
            code == Interrupted.exit_code,
        ),
    )


def _end_with(code: int) -> NoReturn:
    """End with a process's exit code; it has said why itself, unless it was killed."""
    if code < 0:
        write_termination_message(f"train: a process was killed by signal {-code}; start again")
    raise SystemExit(code if code >= 0 else _KILLED - code)
