"""Calls a second, CPU a call and pairs lost, beside synthetic-data-kit on the same teacher.

    uv venv sdk && uv pip install --python sdk/bin/python synthetic-data-kit==0.0.5
    PYTHONPATH=jobs .venv/bin/python tests/bench/contest.py sdk/bin/synthetic-data-kit

The teacher takes 200 ms for a reply and knows the ten facts of each invented page: it gives
synthetic-data-kit a list of pairs, and Gabarito facts and one wording of each. Both may have 64
requests in flight. Then every tenth reply is broken: in turn prose without a pair, a list that is
cut in its middle, and no JSON at all. CPU a call is the slope between few pages and many, so that
what a program needs to start counts for neither; calls a second are those between the first and
the last at the teacher.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import yaml

from gabarito.artifacts.artifact import Address, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.records import Document, to_jsonl
from gabarito.core.shard import Shard
from gabarito.generate import job
from gabarito.generate.config import GenerateConfig
from gabarito.store.open import open_store

LATENCY_S = 0.2
IN_FLIGHT = 64
FACTS = 10
FEW, MANY = 16, 160
FACT = re.compile(r"The opening pressure of valve (\d+-\d+) is (\d+) bar\.")
FILLER = "It was checked by the crew of its hall, whose notes are kept with the plans of the plant."


def page(number: int) -> str:
    """Return a page of ten facts, which is one passage and one chunk."""
    lines = [
        f"The opening pressure of valve {number}-{n} is {1000 + 7 * number + n} bar.\n{FILLER}"
        for n in range(FACTS)
    ]
    return "\n".join([f"# Hall {number}", *lines])


class Teacher(ThreadingHTTPServer):
    """Answers both programs, each after the same time."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, broken_each: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.broken_each = broken_each
        self.times: list[float] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_arguments: object) -> None:
        """Say nothing of a client that hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Teacher

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(LATENCY_S)
        with self.server.lock:
            self.server.times.append(time.monotonic())
            number = len(self.server.times)
        text, reason = _reply(request["messages"][-1]["content"]), "stop"
        data = b""
        if self.server.broken_each and number % self.server.broken_each == 0:
            kind = number // self.server.broken_each % 3
            if kind == 0:
                text = "Sure! Here is what you asked for."
            elif kind == 1:
                text, reason = text[: len(text) // 2], "length"
            else:
                data = b"<html>upstream connect error</html>"
        choice = {"index": 0, "message": {"role": "assistant", "content": text}}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        whole = body | {"choices": [choice | {"finish_reason": reason}], "usage": usage}
        data = data or json.dumps(whole).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _reply(message: str) -> str:
    tasks = re.findall(r"^task: (\w+)$", message, re.MULTILINE)
    if tasks[-1:] == ["questions"]:
        names = re.findall(r"^families: (.*)$", message, re.MULTILINE)[-1].split(", ")
        valve = re.findall(r"valve (\d+-\d+)", message)[-1]
        asked = f"What is the opening pressure of valve {valve}?"
        return "\n".join(json.dumps({"family": name, "question": asked}) for name in names)
    if not tasks:
        pairs = [
            {"question": f"What is the opening pressure of valve {valve}?", "answer": f"{bar} bar"}
            for valve, bar in FACT.findall(message)
        ]
        return json.dumps(pairs)
    shown, _, found = message.partition("already found:")
    left = [match for match in FACT.finditer(shown) if match[0] not in found]
    return "\n".join(json.dumps(_fact(match)) for match in left) or "[]"


def _fact(match: re.Match[str]) -> dict[str, Any]:
    named = {"subject": f"valve {match[1]}", "relation": "opening pressure", "kind": "valve"}
    answer = {"answer": f"{match[2]} bar", "aliases": [], "qualifier": ""}
    return {"quote": match[0], "statement": match[0], **named, **answer}


def gabarito(folder: Path, url: str, pages: int) -> tuple[list[str], dict[str, str]]:
    """Prepare the documents and return the command that makes pairs of them."""
    store = open_store(f"file://{folder}/store")
    with new_attempt(store, Address("ingest", "f" * 64), inputs={}, settings={}) as work:
        made = datetime(2026, 1, 1, tzinfo=UTC)
        fields = {"source": "x", "url": "", "language": "en", "fetched_at": made}
        documents = [Document.of(text=page(n), title=f"Hall {n}", **fields) for n in range(pages)]
        work.write("documents.jsonl", to_jsonl(documents))
        work.publish()
    return [sys.executable, __file__, "--work", f"file://{folder}/store"], {
        "GABARITO_TEACHER_URL": url
    }


def sdk(program: str, folder: Path, url: str, pages: int) -> tuple[list[str], dict[str, str]]:
    """Prepare the text and return the command that makes pairs of it."""
    (folder / "halls.txt").write_text("\n\n".join(map(page, range(pages))))
    (default,) = Path(program).parent.parent.glob("lib/*/site-packages/*data_kit/config.yaml")
    settings = yaml.safe_load(default.read_text()) | {
        "llm": {"provider": "api-endpoint"},
        "api-endpoint": {
            "api_base": url,
            "api_key": "none",
            "model": "m",
            "max_retries": 3,
            "retry_delay": 1.0,
        },
        "generation": {
            "chunk_size": len(page(MANY)) + 200,
            "overlap": 0,
            "batch_size": IN_FLIGHT,
            "processing_strategy": "chunking",
            "max_tokens": 4096,
        },
    }
    (folder / "config.yaml").write_text(json.dumps(settings))
    command = [program, "-c", str(folder / "config.yaml"), "create", str(folder / "halls.txt")]
    command += ["-n", str(100 * pages), "-o", str(folder), "--chunk-size"]
    command += [str(len(page(MANY)) + 200), "--chunk-overlap", "0"]
    return command, {"API_ENDPOINT_KEY": "none"}


def pairs_in(folder: Path) -> int:
    """Count the distinct pairs that a program left."""
    found = set()
    for path in folder.rglob("*_qa_pairs.json"):
        found |= {pair["question"] for pair in json.loads(path.read_text())["qa_pairs"]}
    for path in folder.rglob("passages.jsonl"):
        for line in path.read_text().splitlines():
            for fact in json.loads(line)["facts"]:
                found |= {question["text"] for question in fact["questions"]}
    return len(found)


def measured(program: str, pages: int, broken_each: int = 0) -> tuple[int, float, float, int]:
    """Return calls, calls a second, CPU-seconds and pairs of one run."""
    server = Teacher(broken_each)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if program == "gabarito":
            command, names = gabarito(folder, server.url, pages)
        else:
            command, names = sdk(program, folder, server.url, pages)
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                command, env=os.environ | names, stdout=output, stderr=output
            )
            _, code, used = os.wait4(process.pid, 0)
        process.returncode = code
        if code:
            click.echo((folder / "output").read_text()[-2000:])
        pairs = pairs_in(folder)
    server.shutdown()
    times = server.times
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
    return len(times), rate, used.ru_utime + used.ru_stime, pairs


def work(url: str) -> None:
    """Run the stage as a process of its own."""
    store = open_store(url)
    source = open_artifact(store, Address("ingest", "f" * 64))
    assert source is not None
    families = {"train": ["direct"], "validation": [], "test": []}
    wanted = {"families": families, "statements": 0, "reverse": False, "near_misses": 0}
    teacher = {"model": "m", "concurrency": IN_FLIGHT}
    config = GenerateConfig.model_validate({"language": "en", "teacher": teacher, **wanted})
    address = Address("generate", "a" * 64, "0-of-1")
    with new_attempt(store, address, inputs={"ingest": source}, settings={}) as attempt:
        job.run_shard(config, attempt, Shard())
        attempt.publish()


def main() -> None:
    """Print the figures of both programs."""
    if sys.argv[1] == "--work":
        work(sys.argv[2])
        return
    for program in ("gabarito", sys.argv[1]):
        calls, _, cpu, _ = measured(program, FEW)
        more_calls, rate, more_cpu, pairs = measured(program, MANY)
        slope = (more_cpu - cpu) / (more_calls - calls)
        click.echo(f"{Path(program).name}: {more_calls} calls, {rate:.0f} a second, ", nl=False)
        click.echo(f"{1000 * slope:.2f} ms of CPU a call, {pairs} of {FACTS * MANY} pairs")
        broken_calls, _, _, kept = measured(program, MANY, broken_each=10)
        lost = FACTS * MANY - kept
        click.echo(f"  every tenth broken: {broken_calls} calls, {lost} of {FACTS * MANY} lost")


if __name__ == "__main__":
    main()
