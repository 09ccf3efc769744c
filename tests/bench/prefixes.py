"""How many prompt tokens of the sample's requests a prefix cache would serve.

    PYTHONPATH=jobs .venv/bin/python tests/bench/prefixes.py

Runs the sample until generate, as a process, against the recorded teacher, and goes through its
requests in the order in which they came: a block of 16 tokens is served if an earlier request
began with the same tokens up to its end, as in vLLM, whose cache is taken to forget nothing.
Tokens are those of the sample's tokenizer. Another version is measured with its folder of jobs in
PYTHONPATH.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from tokenizers import Tokenizer

import gabarito
from gabarito.demo.recorded_teacher import TeacherServer, open_server

DEMO = Path(gabarito.__file__).parent / "demo"
BLOCK = 16
TASK = re.compile(r"^task: (\w+)$", re.MULTILINE)


def requests_of(server: TeacherServer) -> list[bytes]:
    """Run the sample until generate and return the bodies of its requests."""
    bodies: list[bytes] = []
    judge = server.mishap

    def noted(body: bytes) -> int:
        bodies.append(body)
        return judge(body)

    server.mishap = noted  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gabarito", "run", str(DEMO / "pipeline.yaml")]
        command += ["--until", "generate", "--store", f"file://{folder}/store"]
        address = {"GABARITO_TEACHER_URL": f"{server.address}/v1"}
        subprocess.run(command, env=os.environ | address, check=True)
    return bodies


def blocks(tokens: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield a name for each whole block and all before it."""
    before = 0
    for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
        before = hash((before, *tokens[start : start + BLOCK]))
        yield before, BLOCK


def main() -> None:
    """Print the share of the tokens that is served, of all requests and by task."""
    bodies = requests_of(open_server(str(DEMO / "replies.jsonl")))
    tokenizer = Tokenizer.from_file(str(DEMO / "nano" / "tokenizer.json"))
    known: set[int] = set()
    asked, sent, served = Counter[str](), Counter[str](), Counter[str]()
    for body in bodies:
        messages = json.loads(body)["messages"]
        text = "\n".join(f"{message['role']}\n{message['content']}" for message in messages)
        task = TASK.findall(text)[-1]
        tokens = tokenizer.encode(text, add_special_tokens=False).ids
        asked[task] += 1
        sent[task] += len(tokens)
        for name, size in blocks(tokens):
            served[task] += size * (name in known)
            known.add(name)
    for task in asked:
        share = served[task] / sent[task]
        click.echo(f"{task}: {asked[task]} requests, {sent[task]} tokens, {share:.1%} served")
    share = served.total() / sent.total()
    click.echo(f"all: {asked.total()} requests, {sent.total()} tokens, {share:.1%} served")


if __name__ == "__main__":
    main()
