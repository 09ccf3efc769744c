"""Answers a second and waiting times of the endpoint, beside other servers of the same model.

    python -m sample.real_base /tmp/smollm2
    .venv/bin/python tests/bench/serving.py contest /tmp/smollm2 --with DIR
    .venv/bin/python tests/bench/serving.py beside /tmp/smollm2
    .venv/bin/python tests/bench/serving.py memory gabarito:demo/nano

``contest``: Gabarito, ``transformers serve --continuous-batching`` and llama.cpp's server on a GGUF
file of the same weights, one after the other, repeated; all in the precision that Gabarito takes on
this machine; the same questions, greedy, the same number of tokens. DIR holds fastapi, which
transformers' server wants: ``uv pip install --target DIR fastapi``.

``beside``: how long short answers take alone, and beside answers of 128 tokens. ``memory``: what
the endpoint holds after each thousand of requests, and how many Python objects
that came after its start.

Each server has one thread on one core; the clients have the others.
"""

import http.client
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import torch

from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.settings import local_path
from gabarito.exports.gguf_file import write_gguf
from gabarito.models import contract_of, default_dtype, load_tokenizer

CLIENTS = (1, 8, 32)
TOKENS = 16
LONG_TOKENS = 128
STARTING_S = 180.0
PRECISION = str(default_dtype(torch.device("cpu"))).removeprefix("torch.")
GGUF_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
CORE, OTHERS = {0}, set(range(1, os.cpu_count() or 2))

LLAMA_CPP = """
import sys, time, xllamacpp
p = xllamacpp.CommonParams()
p.model.path, p.port, p.n_ctx, p.n_parallel = sys.argv[1], int(sys.argv[2]), 32 * 256, 32
p.n_gpu_layers, p.fit_params = 0, False
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(p)
sys.stdin.read()
"""

COUNTED = """
import gc, pathlib, signal, sys
from gabarito.__main__ import start
file = pathlib.Path(sys.argv.pop(1))
def count(*_):
    gc.collect()
    file.write_text(f"{len(gc.get_objects())}\\n")
signal.signal(signal.SIGUSR1, count)
start()
"""


@dataclass(frozen=True)
class Contestant:
    """A server: its name, its command for a port, and what it calls the model."""

    name: str
    command: Callable[[int], list[str]]
    model: str
    path: str = ""
    """What is added to PYTHONPATH."""


@dataclass(frozen=True)
class Figures:
    """Answers a second, seconds that one took (median, 99th percentile), CPU-seconds of each."""

    rate: float
    median: float
    p99: float
    cpu: float


@click.group()
def main() -> None:
    """Measure the endpoint."""


@main.command()
@click.argument("folder")
@click.option("--with", "libraries", default="", help="A folder with fastapi in it.")
@click.option("--answers", default=64, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--gguf/--no-gguf", default=True, show_default=True)
def contest(folder: str, libraries: str, answers: int, repeats: int, gguf: bool) -> None:
    """Ask several servers of one model the same."""
    place = local_path(folder)
    with tempfile.TemporaryDirectory() as scratch:
        servers = [ours(place), transformers_serve(place, libraries)]
        if gguf:
            servers.append(llama_cpp(place, Path(scratch)))
        found: dict[tuple[str, int], list[Figures]] = {}
        for _, server in itertools.product(range(repeats), servers):
            with running(server) as (port, pid):
                ask_all(port, server.model, 4, 4, TOKENS)
                for clients in CLIENTS:
                    figures = measured(port, server.model, pid, clients, answers)
                    found.setdefault((server.name, clients), []).append(figures)
    click.echo(f"{PRECISION}, {TOKENS} tokens an answer, {answers} answers, {repeats} runs")
    click.echo("| server | clients | answers/s | median s | p99 s | CPU-s an answer |")
    click.echo("|---|---|---|---|---|---|")
    for (name, clients), runs in found.items():
        cells = [
            f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"
            for values in zip(*((r.rate, r.median, r.p99, r.cpu) for r in runs), strict=True)
        ]
        click.echo(f"| {name} | {clients} | {' | '.join(cells)} |")


@main.command()
@click.argument("folder")
@click.option("--answers", default=100, show_default=True)
def beside(folder: str, answers: int) -> None:
    """Time short answers alone, and beside long ones."""
    server = ours(local_path(folder))
    with running(server) as (port, _pid):
        alone = ask_all(port, server.model, 4, answers, TOKENS)
        ended = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write_long, port, server.model, ended)
            try:
                together = ask_all(port, server.model, 4, answers, TOKENS)
            finally:
                ended.set()
            writing.result()
    for name, seconds in (("alone", alone), (f"beside {LONG_TOKENS} tokens", together)):
        click.echo(f"{name}: median {statistics.median(seconds):.3f} s, p99 {p99(seconds):.3f} s")


@main.command()
@click.argument("folder")
@click.option("--requests", default=10_000, show_default=True)
def memory(folder: str, requests: int) -> None:
    """Say what the endpoint holds after each thousand of requests."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "objects"
        server = ours(local_path(folder), ["-c", COUNTED, str(file)])
        with running(server) as (port, pid):
            for done in range(1000, requests + 1, 1000):
                ask_all(port, server.model, 16, 1000, TOKENS)
                held, objects = resident_mib(pid), python_objects(pid, file)
                click.echo(f"{done:,} requests: {held:.0f} MiB, {objects:,} Python objects")


def ours(folder: Path, program: Sequence[str] = ("-m", "gabarito")) -> Contestant:
    """Return our endpoint, under the contract of a model without a system prompt of its own."""

    def command(port: int) -> list[str]:
        serve = ["serve", "--model", str(folder), "--port", str(port)]
        return [sys.executable, *program, *serve]

    return Contestant("gabarito", command, folder.name)


def transformers_serve(folder: Path, libraries: str) -> Contestant:
    """Return the server of transformers."""
    program = str(Path(sys.executable).with_name("transformers"))

    def command(port: int) -> list[str]:
        options = ["--continuous-batching", "--device", "cpu", "--dtype", PRECISION]
        return [program, "serve", str(folder), "--port", str(port), *options]

    return Contestant("transformers serve", command, str(folder), libraries)


def llama_cpp(folder: Path, scratch: Path) -> Contestant:
    """Return llama.cpp's server on the same weights."""
    file = scratch / "model.gguf"
    write_gguf(folder, contract(folder), file, GGUF_PRECISIONS[PRECISION], "model")
    return Contestant(
        "llama.cpp", lambda port: [sys.executable, "-c", LLAMA_CPP, str(file), str(port)], "model"
    )


def contract(folder: Path) -> PromptContract:
    """Return a contract of the base as it stands."""
    settings = PromptSettings(system="", refusal="")
    return contract_of(load_tokenizer(folder), settings, max_new_tokens=TOKENS)


@contextmanager
def running(server: Contestant) -> Iterator[tuple[int, int]]:
    """Start a server on one core; give its port and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = [server.path, os.environ.get("PYTHONPATH", "")]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": ":".join(filter(None, paths))}
    process = subprocess.Popen(
        server.command(port),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, CORE),  # before any thread
    )
    os.sched_setaffinity(0, OTHERS)
    try:
        wait_for(port, server.model, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def wait_for(port: int, model: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask(http.client.HTTPConnection("127.0.0.1", port, timeout=60), model, "Hello", 1)
        except (OSError, http.client.HTTPException, RuntimeError):
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"{process.args!r}: does not answer")


def measured(port: int, model: str, pid: int, clients: int, answers: int) -> Figures:
    """Ask so many questions by so many clients."""
    cpu, began = cpu_seconds(pid), time.monotonic()
    seconds = ask_all(port, model, clients, answers, TOKENS)
    elapsed = time.monotonic() - began
    return Figures(
        rate=answers / elapsed,
        median=statistics.median(seconds),
        p99=p99(seconds),
        cpu=(cpu_seconds(pid) - cpu) / answers,
    )


def ask_all(port: int, model: str, clients: int, answers: int, tokens: int) -> list[float]:
    """Return the seconds that each answer took.

    Raises:
        RuntimeError: if one was not given: what is counted would be no answers.
    """
    numbers = iter(range(answers))
    taken = threading.Lock()

    def work() -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        seconds: list[float] = []
        while True:
            with taken:
                number = next(numbers, None)
            if number is None:
                return seconds
            began = time.monotonic()
            ask(connection, model, f"Which number comes after {number * 7919}?", tokens)
            seconds.append(time.monotonic() - began)

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(work) for _ in range(clients)]
        return [each for one in working for each in one.result()]


def write_long(port: int, model: str, ended: threading.Event) -> None:
    """Have one long answer after the other written."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    while not ended.is_set():
        ask(connection, model, "Tell me all about the sea, at length.", LONG_TOKENS)


def ask(connection: http.client.HTTPConnection, model: str, question: str, tokens: int) -> None:
    """Ask one question, and read the answer."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "temperature": 0,
        "max_tokens": tokens,
    }
    connection.request(
        "POST",
        "/v1/chat/completions",
        json.dumps(body),
        {"Content-Type": "application/json", "Authorization": "Bearer none"},
    )
    response = connection.getresponse()
    content = response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{response.status}: {content[:500]!r}")


def p99(seconds: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(seconds)[min(len(seconds) - 1, int(0.99 * len(seconds)))]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def python_objects(pid: int, file: Path) -> int:
    """Return how many objects are left after a collection, without those of the start.

    The endpoint freezes what it holds when it begins to serve (``gc.freeze``).
    """
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + STARTING_S
    while not (file.exists() and file.read_text().endswith("\n")):
        if time.monotonic() > deadline:
            raise SystemExit("the endpoint does not count its objects")
        time.sleep(0.1)
    return int(file.read_text())


def resident_mib(pid: int) -> float:
    """Return the memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
