"""Several pods that share the reading, as an Indexed Job starts them: in any order."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.stage.ingest.web.news_site import NewsSite

from gabarito.artifacts.artifact import Artifact
from gabarito.core.account_records import Account
from gabarito.core.pair_records import Pair
from gabarito.core.records import Document, Rejection
from gabarito.core.shard import Shard
from gabarito.ingest.outcomes import Outcome, PageFate
from gabarito.pipeline.run_stage import perform
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.open import open_store

Made = Callable[..., Artifact]
ROWS = "question,answer\nWhen does the office open?,At nine\nWhen does it open?,\n"


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite(pages=2) as running:
        yield running


@pytest.fixture
def sources(tmp_path: Path, site: NewsSite) -> list[dict[str, Any]]:
    """The sample, pairs, a listing, and pages of two hosts, of which some are listed, too."""
    (tmp_path / "pairs.csv").write_text(ROWS)
    here, there = site.url, site.url.replace("127.0.0.1", "localhost")
    named = [f"{host}/noticia/{n}" for n in (3, 4, 30) for host in (there, here)]
    return [
        {"type": "files", "path": "gabarito:demo/sources"},
        {"type": "pairs", "path": "pairs.csv", "question": "question", "answer": "answer"},
        {"type": "urls", "urls": named, "allow_private": True},
        {"type": "listing", "url": site.listing, "items": "article h2 a", "allow_private": True},
    ]


@pytest.fixture
def made(tmp_path: Path, sources: list[dict[str, Any]]) -> Made:
    """Runs a stage by so many shards, each in a process's place, the last one first."""

    def of(shards: int) -> Artifact:
        ingest = {"sources": sources, "min_chars": 50, "web": {"delay_s": 0, "retries": 0}}
        pipeline = tmp_path / "pipeline.yaml"
        pipeline.write_text(yaml.safe_dump({"name": "web", "ingest": ingest}))
        store = open_store(f"{tmp_path}/store-{shards}")
        run = new_run(read_pipeline(pipeline, last="ingest"))
        parts = [Shard(index, shards) for index in reversed(range(shards))] if shards else [None]
        found = [perform(store, run, "ingest", part) for part in parts]
        assert found[:-1] == [None] * (len(found) - 1)
        assert found[-1]
        return found[-1]

    return of


def contents(made: Artifact) -> dict[str, list[Any]]:
    """What an artifact says, but for the moments when pages were fetched."""
    documents = [(d.id, d.source, d.title) for d in made.records("documents.jsonl", Document)]
    return {
        "documents": documents,
        "accounts": list(made.records("accounts.jsonl", Account)),
        "outcomes": list(made.records("outcomes.jsonl", Outcome)),
        "pages": list(made.records("pages.jsonl", PageFate)),
        "pairs": list(made.records("pairs.jsonl", Pair)),
        "ledger": list(made.records("ledger.jsonl", Rejection)),
    }


def test_shards_make_the_same_as_one(made: Made) -> None:
    whole, one, four = (made(shards) for shards in (0, 1, 4))
    assert whole.manifest.counts == one.manifest.counts == four.manifest.counts
    assert whole.manifest.counts["documents"] > 40
    expected = contents(whole)
    assert [one.outcome for one in expected["outcomes"]].count("superseded") == 1
    assert len(expected["pairs"]) == 1
    assert contents(one) == expected
    assert contents(four) == expected


def test_a_page_is_asked_for_by_one_shard(made: Made, site: NewsSite) -> None:
    made(4)
    asked = [one.target for one in site.asked if one.target != "/robots.txt"]
    twice = {f"/noticia/{n}" for n in (3, 4, 30)}  # of two hosts, of which the site knows nothing
    assert {target for target in asked if asked.count(target) > 1} <= twice
    assert max(asked.count(target) for target in asked) == 2


def test_no_shard_reads_what_another_reads(made: Made, tmp_path: Path) -> None:
    made(4)
    found = sorted(tmp_path.glob("store-4/artifacts/ingest/*/shards/*/attempts/*/results.jsonl"))
    sizes = [len(path.read_text().splitlines()) for path in found]
    assert len(sizes) == 4
    assert all(sizes)
    assert sum(sizes) == made(0).manifest.counts["pages"] + 28 + 1  # and how the listing ended
