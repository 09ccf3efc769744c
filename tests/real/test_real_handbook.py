"""The real sample from its pages to its dataset; nothing is trained here."""

from collections import Counter
from pathlib import Path

import pytest
from tests.unit.demo.files import documents, lines

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.chat.open_client import URL_NAME
from gabarito.commands.pipeline import run_pipeline
from gabarito.core.records import Document, Example, Fact
from gabarito.demo.process import started
from gabarito.generate.grounding import quoted
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.open import open_store
from sample.handbook.__main__ import main
from sample.handbook.pages import PAGES, cached_pages
from sample.handbook.replies import HERE, facts

pytestmark = pytest.mark.real

Artifacts = dict[str, Artifact]


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents(str(cached_pages()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """What the pipeline makes up to the dataset, by stage."""
    main([], standalone_mode=False)
    store = open_store(str(tmp_path_factory.mktemp("store")))
    run = new_run(read_pipeline(HERE / "pipeline.yaml"))
    with (
        started("teacher", "--replies", str(HERE / "replies.jsonl"), "--port", "0") as teacher,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv(URL_NAME, f"{teacher.address}/v1")
        run_pipeline(store, run, last="curate")
    found = {stage: open_artifact(store, run.address(stage)) for stage in ("generate", "curate")}
    return {stage: artifact for stage, artifact in found.items() if artifact}


def test_every_page_is_read(read: dict[str, Document]) -> None:
    assert set(read) == {Path(page).stem for page in PAGES}
    assert all(page.language == "en" for page in read.values())
    assert min(len(page.text) for page in read.values()) > 800


def test_every_quote_stands_in_a_page(read: dict[str, Document]) -> None:
    quotes = [entry["quote"][0] for entry in facts()]
    pages = [page.text for page in read.values()]
    assert [quote for quote in quotes if not any(quoted(quote, text) for text in pages)] == []


def test_the_licence_lies_beside_the_pages() -> None:
    assert (cached_pages().parent / "LICENSE").read_text().startswith("Copyright (c)")


def test_every_fact_survives_and_the_slips_do_not(made: Artifacts) -> None:
    kept = {fact.statement for fact in made["generate"].records("facts.jsonl", Fact)}
    assert kept == {entry["statement"][0] for entry in facts()}
    reasons = [name for name in made["generate"].manifest.counts if name.startswith("rejected.")]
    assert len(reasons) >= 8


def test_nearly_every_wording_is_trained_and_the_exam_is_whole(made: Artifacts) -> None:
    rows = Counter(row.kind for row in made["curate"].records("train.jsonl", Example))
    assert rows["question"] >= 0.98 * 8 * len(facts())
    assert rows["refusal"] > 500
    free = list(made["curate"].records("free.jsonl", Example))
    assert len(free) == len(lines("free.jsonl", HERE))
