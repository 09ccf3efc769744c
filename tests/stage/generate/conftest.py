"""A small world with a recorded teacher: five clubs, one page each, three facts a page."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gabarito.artifacts import claims
from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.chat import client
from gabarito.core.records import Document, to_jsonl
from gabarito.core.shard import Shard
from gabarito.demo.recorded_teacher import TeacherServer, open_server
from gabarito.generate import job
from gabarito.generate.config import INSTRUCTIONS, GenerateConfig
from gabarito.store.open import open_store

CLUBS = ("Arara", "Bugio", "Capivara", "Dourado", "Ema")
WORKER = Path(__file__).parent / "worker.py"
RELATIONS = {"técnico": "Rui", "estádio": "Arena", "goleador": "Beto"}

Recording = dict[str, Any]


def tasks(server: TeacherServer) -> Counter[str]:
    """Return how often each task was asked for, as the line that names it."""
    return Counter(re.findall(r"^task: \w+$", message, re.M)[-1] for message in server.seen)


def answer_of(club: str, relation: str) -> str:
    return f"{RELATIONS[relation]} {club}nense"


def fact_of(club: str, relation: str) -> Recording:
    answer = answer_of(club, relation)
    return {
        "quote": f"O {relation} do {club} foi {answer}.",
        "statement": f"Na Liga 2024/25, o {relation} do {club} foi {answer}.",
        "subject": club,
        "relation": relation,
        "answer": answer,
        "aliases": [],
        "qualifier": "Liga 2024/25",
        "kind": "clube",
    }


def wordings_of(
    club: str, relation: str, families: Iterable[str] = INSTRUCTIONS
) -> list[Recording]:
    fact = fact_of(club, relation)
    asked = f"qual era o {relation} do {club} na Liga 2024/25?"
    rows = [{"family": name, "question": f"{name}: {asked}"} for name in families]
    rows += [{"family": "statement", "text": f"{n}: {fact['statement']}"} for n in range(3)]
    question = f"{fact['answer']} era o {relation} de que clube?"
    return [*rows, {"family": "reverse", "question": question, "answer": club}]


def reply(*items: Recording, finish_reason: str = "stop") -> Recording:
    text = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return {"text": text, "finish_reason": finish_reason}


def recordings() -> list[Recording]:
    """Give the recordings of the world; goleadores are found at a second look."""
    made: list[Recording] = []
    for club in CLUBS:
        for relation in RELATIONS:
            fact = fact_of(club, relation)
            task = "missed" if relation == "goleador" else "facts"
            made.append({"task": task, "key": fact["quote"], "replies": [reply(fact)]})
            words = reply(*wordings_of(club, relation))
            made.append({"task": "questions", "key": fact["statement"], "replies": [words]})
    names = reply({"name": "Ema", "also": ["EFC"]}, {"instead": "Guará"}, {"instead": "Bugio"})
    return [*made, {"task": "names", "key": "kind: clube", "replies": [names]}]


def documents() -> list[Document]:
    made = []
    for club in CLUBS:
        lines = [fact_of(club, relation)["quote"] for relation in RELATIONS]
        text = "\n\n".join([f"# {club}", *lines])
        fields = {"source": f"{club}.md", "url": "", "title": club, "language": "pt"}
        made.append(Document.of(text=text, fetched_at=datetime(2026, 1, 1, tzinfo=UTC), **fields))
    return made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off and a disk that syncs would be waited for; the environment decides nothing."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(client, "FIRST_BACKOFF_S", 0.005)
    for name in ("GABARITO_TEACHER_KEY", "GABARITO_TEACHER_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let this process wait for those that were killed for a few seconds only."""
    monkeypatch.setattr(claims, "LEASE_S", 4.0)
    return claims.LEASE_S


@pytest.fixture
def teach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., TeacherServer]]:
    """Start recorded teachers; the environment names the last one."""
    servers: list[TeacherServer] = []

    def start(made: list[Recording] | None = None, **manners: Any) -> TeacherServer:  # noqa: ANN401
        path = tmp_path / f"replies-{len(servers)}.jsonl"
        lines = (json.dumps(item) for item in recordings() if made is None)
        path.write_text("\n".join(lines if made is None else map(json.dumps, made)))
        server = open_server(str(path), **manners)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("GABARITO_TEACHER_URL", f"{server.address}/v1")
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def config_of() -> Callable[..., GenerateConfig]:
    def make(**settings: Any) -> GenerateConfig:  # noqa: ANN401
        teacher = {"model": "recorded"} | settings.pop("teacher", {})
        return GenerateConfig.model_validate({"language": "pt", "teacher": teacher} | settings)

    return make


class Place:
    """A store with documents in it, in which the stage is run."""

    def __init__(self, folder: Path) -> None:
        self.url = f"file://{folder}"
        self.store = open_store(self.url)

    def ingest(self, found: list[Document]) -> Artifact:
        address = Address("ingest", "f" * 64)
        with new_attempt(self.store, address, inputs={}, settings={}) as work:
            work.write("documents.jsonl", to_jsonl(found))
            return work.publish()

    def shard(
        self, config: GenerateConfig, source: Artifact, index: int = 0, count: int = 1
    ) -> Artifact:
        address = Address("generate", "a" * 64, f"{index}-of-{count}")
        inputs = {"ingest": source}
        with new_attempt(self.store, address, inputs=inputs, settings={}) as work:
            job.run_shard(config, work, Shard(index, count))
            return work.publish()

    def join(self, config: GenerateConfig, source: Artifact, parts: list[Artifact]) -> Artifact:
        address = Address("generate", "a" * 64)
        inputs = {"ingest": source}
        with new_attempt(self.store, address, inputs=inputs, settings={}) as work:
            job.join(config, parts, work)
            return work.publish()

    def generate(
        self, config: GenerateConfig, found: list[Document] | None = None, shards: int = 1
    ) -> Artifact:
        source = self.ingest(documents() if found is None else found)
        parts = [self.shard(config, source, index, shards) for index in range(shards)]
        return self.join(config, source, parts)

    def cached(self) -> int:
        """Count the replies that are kept."""
        return sum(1 for _ in self.store.list("cache/generate/"))


def start(place: Place, config: GenerateConfig) -> "subprocess.Popen[bytes]":
    """Run the stage as a process of its own."""
    return subprocess.Popen([sys.executable, WORKER, place.url, config.model_dump_json()])


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def place_at(tmp_path: Path) -> Callable[[str], Place]:
    return lambda name: Place(tmp_path / name)


@pytest.fixture
def place(place_at: Callable[[str], Place]) -> Place:
    return place_at("store")


@pytest.fixture
def by_shards(
    teach: Callable[..., TeacherServer], place_at: Callable[[str], Place]
) -> Callable[..., list[list[bytes]]]:
    """Run the stage in one piece and in four; give the files of these names, of each run."""

    def run(made: list[Recording], config: GenerateConfig, *names: str) -> list[list[bytes]]:
        results = []
        for shards in (1, 4):
            teach(made)
            whole = place_at(f"store-{shards}").generate(config, shards=shards)
            results.append([whole.read(name) for name in names])
        return results

    return run
