"""What a run made, as rows: documents, pages, facts, questions, what was dropped, coverage."""

from collections.abc import Callable

from gabarito.core.account_records import Account
from gabarito.core.coverage import Coverage
from gabarito.core.records import Fact, Rejection
from gabarito.ingest.blocks import counted
from gabarito.ingest.outcomes import PageFate
from gabarito.pipeline.runs import Run
from gabarito.pipeline.show.listed_rows import Cell, Listing
from gabarito.pipeline.show.made import Made
from gabarito.store.base import Store


def listing_of(store: Store, run: Run, what: str) -> Listing:
    """Return what a run made of one kind, in the order in which it was made.

    Raises:
        MissingError: if the stage that makes it is not finished.
    """
    return LISTINGS[what](Made(store, run))


def _place(made: Made, document: str) -> dict[str, Cell]:
    """Return the cells that say which document something is of; it may be of none."""
    found = made.documents.get(document)
    if found is None:
        return {"document": document, "source": "", "title": ""}
    return {"document": document, "source": found.source, "title": found.title}


def _place_of(made: Made, fact: Fact) -> dict[str, Cell]:
    """Return the same cells of a fact; a person's has a file and row instead of a document."""
    if fact.given is None:
        return _place(made, fact.document)
    return {"document": "", "source": fact.given.row, "title": fact.given.source}


def _documents(made: Made) -> Listing:
    read = made.finished("ingest")
    accounts = {one.document: one for one in read.records("accounts.jsonl", Account)}
    rows = (
        {
            **_place(made, one.id),
            "language": one.language,
            **_account_cells(accounts.get(one.id)),
            "url": one.url,
            "text": one.text,
        }
        for one in made.documents.values()
    )
    columns = ("source", "title", "language", "words", "left_out", "look_at")
    return Listing.of("documents", columns, rows)


def _pages(made: Made) -> Listing:
    read = made.finished("ingest")
    fates = read.records("pages.jsonl", PageFate) if "pages.jsonl" in read.manifest.files else ()
    rows = (
        {
            **_place(made, one.document),
            **one.model_dump(include={"outcome", "moved_to", "date", "revision", "licence"}),
            "url": one.url,
            "found_in": one.source,
        }
        for one in fates
    )
    return Listing.of("pages", ("url", "outcome", "title", "moved_to", "revision"), rows)


def _account_cells(account: Account | None) -> dict[str, Cell]:
    if account is None:
        return {"words": 0, "left_out": (), "samples": (), "look_at": ()}
    return {
        "words": account.words_kept,
        "left_out": tuple(
            counted(one.why, one.count, is_words=one.is_words) for one in account.left_out
        ),
        "samples": tuple(one.sample for one in account.left_out),
        "look_at": tuple(finding.said for finding in account.findings),
    }


def _facts(made: Made) -> Listing:
    rows = (
        {
            "fact": one.id,
            **_place_of(made, one),
            **one.model_dump(include={"statement", "answer", "aliases", "quote"}),
            **one.model_dump(include={"subject", "relation", "qualifier", "kind"}),
        }
        for one in made.facts("curate", "generate")
    )
    return Listing.of("facts", ("statement", "answer", "quote", "source"), rows)


def _questions(made: Made) -> Listing:
    about = {one.id: _place_of(made, one) for one in made.facts("generate")}
    rows = (
        {
            "question": one.id,
            "fact": one.fact,
            **about.get(one.fact, _place(made, "")),
            **one.model_dump(include={"kind", "family", "text", "answer"}),
        }
        for one in made.questions("curate", "generate")
    )
    return Listing.of("questions", ("text", "answer", "kind", "family", "source"), rows)


def _ledger(made: Made) -> Listing:
    ledgers = [found for stage in _DROPPING if (found := made.find(stage))]
    if not ledgers:
        made.finished("ingest")
    documents = _documents_of_items(made) if made.find("generate") else {}
    rows = (
        {
            "stage": one.stage,
            "reason": one.reason,
            "item": one.item,
            "detail": one.detail,
            "text": one.raw,
            **_place(made, documents.get(one.item, "")),
        }
        for ledger in ledgers
        for one in ledger.records("ledger.jsonl", Rejection)
    )
    return Listing.of("ledger", ("stage", "reason", "item", "detail", "text", "source"), rows)


_DROPPING = ("ingest", "generate", "curate", "train")
"""Stages that drop something of what they are given."""


def _documents_of_items(made: Made) -> dict[str, str]:
    """Return the document of each passage, fact and question: what a ledger calls an item."""
    facts = {one.id: one.document for one in made.facts("generate")}
    questions = {one.id: facts[one.fact] for one in made.questions("generate") if one.fact in facts}
    passages = {one.id: one.document.id for one in made.passages()}
    return {**passages, **facts, **questions}


def _coverage(made: Made) -> Listing:
    found = made.finished("curate", "generate").record("coverage.json", Coverage)
    rows = (
        {
            **_place(made, one.document),
            "facts": one.facts,
            "sentences": one.sentences.total,
            "percent": 100 * one.sentences.share,
            "in_no_fact": one.missing,
            "figures": one.figures.total,
            "figures_in_facts": one.figures.count,
            "names": one.names.total,
            "names_in_facts": one.names.count,
        }
        for one in found.by_document
    )
    return Listing.of("coverage", ("source", "facts", "sentences", "percent", "in_no_fact"), rows)


LISTINGS: dict[str, Callable[[Made], Listing]] = {
    "documents": _documents,
    "pages": _pages,
    "facts": _facts,
    "questions": _questions,
    "ledger": _ledger,
    "coverage": _coverage,
}
"""What can be listed, by the word it is asked for by."""
