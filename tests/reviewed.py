"""A run whose facts a person can look at: bridges, each with its toll, as generate writes them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml
from pydantic import BaseModel

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.account_records import Account, Finding
from gabarito.core.coverage import coverage_of
from gabarito.core.reasons import CurateReason, GenerateReason, rejected
from gabarito.core.records import (
    Document,
    Fact,
    FamilySplits,
    PairsInfo,
    Question,
    Rejection,
    to_jsonl,
)
from gabarito.pipeline.runs import Run, freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store

FAMILIES = FamilySplits(
    train=("casual", "keywords", "given"), validation=("regional",), test=("direct",)
)
FRAMES = {
    "casual": "so what do I pay at the bridge {n}?",
    "keywords": "toll bridge {n} cars",
    "regional": "What's the bridge {n} charge?",
    "direct": "What is the toll of the bridge {n}?",
}
FACTS_OF_A_DOCUMENT = 20
HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title=1</script>"


class Reviewed:
    """A store with a run that has come as far as its facts, and its pipeline file."""

    def __init__(self, folder: Path, facts: int = 6) -> None:
        self.folder = folder
        self.store: Store = open_store(str(folder / "store"))
        (folder / "pages").mkdir()
        (folder / "pages" / "tolls.md").write_text("The tolls.")
        self.path = folder / "pipeline.yaml"
        self.write({})
        self.documents = list(_documents(facts))
        self.facts = [fact for document in self.documents for fact in _facts(document)][:facts]
        self.questions = [one for fact in self.facts for one in _questions(fact)]
        self.run: Run = new_run(read_pipeline(self.path, last="generate"))
        freeze(self.store, self.run)

    def write(self, curate: dict[str, object]) -> None:
        """Write the pipeline file, with these settings of curate."""
        settings = {
            "name": "tolls",
            "ingest": {"sources": [{"type": "files", "path": "pages"}]},
            "generate": {"teacher": {"model": "recorded"}},
            "curate": {"prompts": None, **curate},
        }
        self.path.write_text(yaml.safe_dump(settings))

    def publish(
        self, dropped: Sequence[Rejection] = (), doubts: Sequence[Rejection] = ()
    ) -> "Reviewed":
        """Publish documents and facts; ``dropped`` is generate's ledger, ``doubts`` are flagged."""
        finding = Finding(kind="uncertain OCR", said="3 of 9 pages were read by OCR with doubt")
        accounts = [
            Account(document=one.id, source=one.source, words_kept=9, findings=(finding,))
            for one in self.documents
        ]
        self._put("ingest", {"documents.jsonl": self.documents, "accounts.jsonl": accounts})
        info = PairsInfo(language="en", families=FAMILIES)
        coverage = coverage_of(self.documents, self.facts)
        files: dict[str, Sequence[BaseModel]] = {
            "facts.jsonl": self.facts,
            "questions.jsonl": self.questions,
            "names.jsonl": [],
        }
        files |= {"passage_texts.jsonl": [], "rewrites.jsonl": [], "open_questions.jsonl": []}
        if doubts:
            files["doubts.jsonl"] = list(doubts)
        texts: dict[str, BaseModel] = {"pairs.json": info, "coverage.json": coverage}
        self._put("generate", files, texts, dropped)
        return self

    def curated(self, *dropped: Rejection) -> "Reviewed":
        """Publish what curate would have dropped."""
        self._put("curate", {"facts.jsonl": self.facts}, dropped=dropped)
        return self

    def _put(
        self,
        stage: str,
        files: dict[str, Sequence[BaseModel]],
        texts: dict[str, BaseModel] | None = None,
        dropped: Iterable[Rejection] = (),
    ) -> Artifact:
        with new_attempt(self.store, self.run.address(stage), inputs={}, settings={}) as work:
            for name, records in files.items():
                work.write(name, to_jsonl(records))
            for name, record in (texts or {}).items():
                work.write_text(name, record.model_dump_json())
            for rejection in dropped:
                work.ledger.add(rejection)
            return work.publish()


def asked_twice(fact: Fact) -> Rejection:
    """Return what generate says of a wording that it dropped."""
    return rejected(GenerateReason.REPEATED_QUESTION, fact.id, "what is the toll", "{}")


def two_answers(question: Question) -> Rejection:
    """Return what curate says of a question that two facts answer."""
    return rejected(CurateReason.TWO_ANSWERS, question.id, "7 euros | 9 euros", question.text)


def _documents(facts: int) -> Iterator[Document]:
    for first in range(0, facts, FACTS_OF_A_DOCUMENT):
        numbers = range(first, min(first + FACTS_OF_A_DOCUMENT, facts))
        rows = "\n".join(f"| Bridge {n} | {n + 3} euros |" for n in numbers if n % 2)
        lines = "\n\n".join(f"Cars pay {n + 3} euros at the bridge {n}." for n in numbers[::2])
        text = f"# Tolls from {first}\n\n{HOSTILE}\n\n{lines}\n\n| Bridge | Toll |\n{rows}"
        yield Document.of(
            text=text,
            source=f"pages/tólls-{first}.md",
            url="",
            title=f"Tolls from {first}",
            language="en",
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


def _facts(document: Document) -> Iterator[Fact]:
    first = int(document.title.split()[-1])
    for n in range(first, first + FACTS_OF_A_DOCUMENT):
        in_table = f"| Bridge {n} | {n + 3} euros |"
        yield Fact.of(
            document=document.id,
            quote=in_table if n % 2 else f"Cars pay {n + 3} euros at the bridge {n}.",
            statement=f"The toll of the bridge {n} is {n + 3} euros.",
            subject=f"bridge {n}",
            relation="toll",
            answer=f"{n + 3} euros",
            qualifier="cars",
        )


def _questions(fact: Fact) -> Iterator[Question]:
    number = fact.subject.split()[-1]
    for family, frame in FRAMES.items():
        text = frame.format(n=number)
        yield Question.of(
            fact=fact.id, family=family, text=text, answer=fact.answer, kind="question"
        )
    yield Question.of(
        fact=fact.id,
        family="statement",
        text=f"At the bridge {number} cars pay {fact.answer}.",
        answer=fact.answer,
        kind="statement",
    )
