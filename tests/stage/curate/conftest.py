"""A league that generate might have written about: twelve clubs, four players, two kinds of cup."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.records import (
    Document,
    Example,
    Fact,
    FamilySplits,
    Name,
    PairsInfo,
    PassageText,
    Question,
    to_jsonl,
)
from gabarito.curate.config import CurateConfig
from gabarito.curate.job import run
from gabarito.store.base import Store
from gabarito.store.open import open_store

Names = tuple[str, ...]

CLUBS: Names = ("Liverpool", "Barcelona", "Arsenal", "Inter de Milão", "Lille", "Benfica")
CLUBS += ("Celtic", "Bologna", "Girona", "Salzburg", "Feyenoord", "Monaco")
COACHES: Names = ("Arne Slot", "Hansi Flick", "Mikel Arteta", "Simone Inzaghi")
COACHES += (
    "Bruno Génésio",
    "Bruno Lage",
    "Brendan Rodgers",
    "Vincenzo Italiano",
    "Míchel",
    "Thomas Letsch",
)
COACHES += ("Robin van Persie", "Adi Hütter")
NEAR = ("Ajax", "Porto", "Chelsea", "Napoli", "Roma", "Braga", "Lyon", "Palmeiras", "Grêmio")
CUPS = ("Liga Europa", "Copa Libertadores", "Copa do Rei", "Mundial de Clubes", "Bundesliga")
QUALIFIER = "Champions League 2024/25"

FRAMES = {
    "inverted": "Na {cup}, {a} {noun} {of} qual era?",
    "casual": "e aí, qual foi {a} {noun} {of} na {cup}?",
    "keywords": "{noun} {club} {cup}",
    "cloze": "Na tabela da {cup}, {a} {noun} {of} foi ____.",
    "regional": "Indique, por favor, {a} {noun} da equipa {of} na {cup}.",
    "direct": "Qual era {a} {noun} {of} na {cup}?",
    "indirect": "Gostaria de saber que {noun} teve {club} durante toda a {cup}.",
}
FAMILIES = FamilySplits(
    train=("inverted", "casual", "keywords", "cloze"),
    validation=("regional",),
    test=("direct", "indirect"),
)
SEASONS = {"inverted": "2024/25", "casual": "24/25", "keywords": "2024-25"}


def league_facts() -> Iterator[Fact]:
    for place, (club, coach) in enumerate(zip(CLUBS, COACHES, strict=True), start=1):
        for relation, answer in (("posição", f"{place}º lugar"), ("técnico", coach)):
            statement = f"Na {QUALIFIER}, {relation} do {club}: {answer}."
            yield Fact.of(
                document="d",
                quote=statement,
                statement=statement,
                subject=club,
                relation=relation,
                answer=answer,
                qualifier=QUALIFIER,
                kind="clube",
            )


def questions_of(fact: Fact) -> Iterator[Question]:
    article = "a" if fact.relation == "posição" else "o"
    for family, frame in FRAMES.items():
        text = frame.format(
            cup=f"Champions League {SEASONS.get(family, '2024/2025')}",
            a=article,
            noun=fact.relation,
            of=f"do {fact.subject}",
            club=fact.subject,
        )
        yield Question.of(
            fact=fact.id, family=family, text=text, answer=fact.answer, kind="question"
        )
    yield Question.of(
        fact=fact.id, family="statement", text=fact.statement, answer="", kind="statement"
    )
    yield Question.of(
        fact=fact.id,
        family="reverse",
        text=f"Que clube da {QUALIFIER} tinha como {fact.relation} {fact.answer}?",
        answer=fact.subject,
        kind="reverse",
    )


def _names() -> Iterator[Name]:
    yield Name(kind="competição", name="Champions League", also=("Champions",), known=True)
    for club in CLUBS:
        yield Name(kind="clube", name=club, known=True)
    for kind, names in (("clube", NEAR), ("competição", CUPS)):
        for name in names:
            yield Name(kind=kind, name=name, known=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def generated(store: Store) -> Callable[..., Artifact]:
    """Publishes what generate would: the league, or the records given instead."""

    def publish(**records: list[Any]) -> Artifact:
        facts = records.get("facts", list(league_facts()))
        questions = records.get("questions", [row for fact in facts for row in questions_of(fact)])
        names = records.get("names", list(_names()))
        address = Address("generate", "a" * 64)
        info = PairsInfo(language="pt", families=FAMILIES)
        with new_attempt(store, address, inputs={}, settings={}) as work:
            work.write_text("pairs.json", info.model_dump_json())
            work.write("facts.jsonl", to_jsonl(facts))
            work.write("questions.jsonl", to_jsonl(questions))
            work.write("names.jsonl", to_jsonl(names))
            work.write("passage_texts.jsonl", to_jsonl(_passages(facts)))
            work.write("rewrites.jsonl", to_jsonl(records.get("rewrites", [])))
            opened = records.get("open_questions", [])
            work.write("open_questions.jsonl", to_jsonl(opened))
            return work.publish()

    return publish


def _passages(facts: Iterable[Fact]) -> Iterator[PassageText]:
    """Yield a passage for each fact, and one that holds none."""
    for fact in facts:
        yield PassageText(id=fact.id, document=fact.document, text=fact.quote, facts=(fact.id,))
    yield PassageText(id="0", document="d" * 16, text="Nada.")


@pytest.fixture
def ingested(store: Store) -> Callable[..., Artifact]:
    """Publishes one document with some text."""

    def publish(text: str, language: str = "pt") -> Artifact:
        document = Document.of(
            text=text,
            source="files",
            url="page.md",
            title="",
            language=language,
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        with new_attempt(store, Address("ingest", "a" * 64), inputs={}, settings={}) as work:
            work.write("documents.jsonl", to_jsonl([document]))
            return work.publish()

    return publish


@pytest.fixture
def curate(
    store: Store, generated: Callable[..., Artifact], ingested: Callable[..., Artifact]
) -> Callable[..., Artifact]:
    """Runs the stage on the league with some settings."""
    attempts = iter("bcdef")

    def run_stage(
        source: Artifact | None = None,
        documents: Artifact | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> Artifact:
        inputs = {
            "generate": source or generated(),
            "ingest": documents or ingested("Os fatos desta liga."),
        }
        address = Address("curate", next(attempts) * 64)
        with new_attempt(store, address, inputs=inputs, settings={}) as work:
            run(CurateConfig.model_validate(settings), work)
            return work.publish()

    return run_stage


@pytest.fixture
def rows() -> Callable[[Artifact, str], list[Example]]:
    """Reads the rows of one file."""
    return lambda artifact, name: list(artifact.records(f"{name}.jsonl", Example))


@pytest.fixture
def exam(tmp_path: Path) -> Callable[..., str]:
    """Writes a file of JSON lines and returns its path."""

    def write(name: str, *lines: dict[str, Any]) -> str:
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return str(path)

    return write
