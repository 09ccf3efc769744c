"""The first answer after a restart, with and without weights near the pod.

    AWS_ENDPOINT_URL=… .venv/bin/python -m tests.bench.restart s3://bucket/prefix --pipeline NAME

The endpoint is started as a pod starts it, three times each way: what counts is the time from the
start of the process to the first answer. Without a cache everything is fetched from the store; the
first start with one fetches and keeps, the next ones compare what is there.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

from gabarito.chat.ask import ask
from gabarito.core.errors import GabaritoError
from gabarito.store.model_cache import VARIABLE

QUESTION = "Who?"
LOOK_EVERY_S = 0.05
LONGEST_S = 1800.0
STARTS = 3


def main() -> None:
    """Print a line for each way to start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("--pipeline", required=True)
    parser.add_argument("--starts", type=int, default=STARTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gabarito-bench-") as cache:
        near = {VARIABLE: cache}
        without = [first_answer_s(given, {VARIABLE: ""}) for _ in range(given.starts)]
        filling = [first_answer_s(given, near)]
        filled = [first_answer_s(given, near) for _ in range(given.starts)]
    for what, took in (("without", without), ("filling it", filling), ("with it", filled)):
        shown = ", ".join(f"{seconds:.1f}" for seconds in took)
        print(f"{what:12} {statistics.median(took):6.1f} s ({shown})")  # noqa: T201


def first_answer_s(given: argparse.Namespace, environment: Mapping[str, str]) -> float:
    """Start the endpoint, ask until it answers, stop it; return the seconds that took."""
    port = free_port()
    command = [sys.executable, "-m", "gabarito", "serve", "--store", given.store]
    command += ["--pipeline", given.pipeline, "--port", str(port)]
    began = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        while process.poll() is None and time.monotonic() - began < LONGEST_S:
            try:
                ask(f"http://127.0.0.1:{port}", QUESTION)
            except GabaritoError:
                time.sleep(LOOK_EVERY_S)
            else:
                return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(60)
    message = f"no answer; the endpoint ended with {process.returncode}"
    raise RuntimeError(message)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
