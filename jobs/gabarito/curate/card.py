"""The dataset's card: counts, splits and what was measured, in front of which stands YAML.

The front matter names the file of each split, so that ``datasets`` finds them by name.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import yaml

from gabarito.core.coverage import Coverage
from gabarito.core.records import Fact, Overlap, ReviewCounts
from gabarito.curate.config import CurateConfig
from gabarito.curate.contradictions import matter
from gabarito.curate.dataset import Dataset
from gabarito.curate.wordings import by_fact

BUCKETS = (0.0, 0.5, 0.6, 0.7, 0.85, 1.0)
"""Bounds of the groups by similarity to the nearest trained wording."""

_NAMED = 10
"""Facts that the card names; more are only counted."""

_FEATURES = [
    {
        "name": "messages",
        "list": [{"name": name, "dtype": "string"} for name in ("role", "content")],
    },
    *(
        {"name": name, "dtype": "string"}
        for name in ("kind", "family", "group", "question", "fact", "split")
    ),
    *({"name": name, "list": "string"} for name in ("aliases", "competing")),
    *({"name": name, "dtype": "string"} for name in ("style", "answer")),
    {"name": "points", "list": "string"},
]
"""The columns as ``datasets`` writes them: it cannot guess the type of empty lists."""

_WHAT = {
    "train": "rows that are trained",
    "validation": "wordings that are never trained: the checkpoint is chosen by them",
    "test": "wordings that are never trained: the figures are about them",
    "sentences": "test wordings that ask for a sentence, in words that are never trained",
    "free": "questions that people wrote, off every template",
    "unanswerable": "questions that the documents do not answer, on what no refusal row names",
    "replay": "general prompts whose answers by the base model are trained, against forgetting",
    "retention": "other general prompts, which measure forgetting",
    "tasks": "general tasks with known answers, which measure it, too; never trained",
    "controls": "questions about facts that are not trained, on purpose",
}


def card(config: CurateConfig, dataset: Dataset) -> str:
    """Return the text of README.md."""
    trained = Counter(
        f"question, {row.family}" if row.kind == "question" else row.kind
        for row in dataset.files["train"]
    )
    kinds = Counter(perturbed.kind for perturbed in dataset.refused.trained)
    asked = Counter(row.group for row in dataset.files["unanswerable"])
    parts = [
        _front_matter(dataset),
        "# Dataset",
        f"{len(dataset.settled.facts)} facts. Every fact is trained; the wordings of test and "
        "validation never are.",
        _given(dataset.settled.facts),
        _controls(dataset.settled.controls.facts),
        _coverage(dataset.coverage),
        _reviewed(dataset.settled.reviewed),
        _table(
            ("file", "rows", "what"),
            ((f"{name}.jsonl", len(rows), _WHAT[name]) for name, rows in dataset.files.items()),
        ),
        "## Trained rows",
        _table(("kind", "rows"), sorted(trained.items())),
        *_answers(dataset),
        "## Refusals",
        f'Each is answered by "{dataset.prompt.refusal}".',
        _table(("what is changed", "trained"), kinds.items()),
        _table(("asked at the end about", "questions"), asked.items()),
        "## Leakage",
        *_leakage(config, dataset),
        "## Dropped",
        _table(("reason", "count"), dataset.dropped.items()),
        "## Doubts",
        "\n".join(f"- {doubt}" for doubt in _doubts(config, dataset)) or "None.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def fewer_wordings(config: CurateConfig, dataset: Dataset) -> list[Fact]:
    """Return the facts with fewer trained questions than the settings ask for."""
    groups = by_fact(dataset.settled.wordings)
    return [
        fact
        for fact in dataset.settled.facts
        if sum(w.split == "train" and w.question.kind == "question" for w in groups[fact.id])
        < config.min_wordings
    ]


def untested(dataset: Dataset) -> list[Fact]:
    """Return the facts without a test wording."""
    tested = {wording.fact.id for wording in dataset.settled.wordings if wording.split == "test"}
    return [fact for fact in dataset.settled.facts if fact.id not in tested]


def facts_without_sentence(dataset: Dataset) -> list[Fact]:
    """Return the facts that are answered with no sentence although sentences are taught."""
    if dataset.styles.style == "short":
        return []
    told = {row.fact for row in dataset.files["train"] if row.style == "sentence"}
    return [fact for fact in dataset.settled.facts if fact.id not in told]


def _front_matter(dataset: Dataset) -> str:
    files = [
        {"split": name, "path": f"{name}.jsonl"} for name, rows in dataset.files.items() if rows
    ]
    front: dict[str, object] = {"language": [dataset.language]} if dataset.language else {}
    front["task_categories"] = ["question-answering"]
    front["dataset_info"] = {"features": _FEATURES}
    front["configs"] = [{"config_name": "default", "data_files": files}]
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---"


def _given(facts: Sequence[Fact]) -> str:
    given = sum(fact.given is not None for fact in facts)
    if not given:
        return ""
    return f"People gave {given} of them as pairs of question and answer; no document is quoted."


def _controls(facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    return (
        f"Beside them {len(facts)} facts are controls: nothing of them is trained, on purpose. A "
        "model trained on this dataset does not know them: what it answers about them it knew "
        "before, or guesses."
    )


def _coverage(found: Coverage) -> str:
    if not found.documents.total:
        return ""
    return (
        f"{found.documents.count} of {found.documents.total} documents have a fact, "
        f"{found.sentences.count} of {found.sentences.total} sentences support one "
        f"({found.sentences.share:.1%}). The model is taught nothing of the rest."
    )


def _reviewed(found: ReviewCounts) -> str:
    if not found.checked:
        return ""
    return (
        f"A person checked {found.checked} facts: {found.corrected} were corrected, "
        f"{found.struck} struck out{f'; {found.of_wordings}' if found.of_wordings else ''}."
    )


def _answers(dataset: Dataset) -> Iterator[str]:
    """Yield how questions are answered, where not all of them with the bare answer."""
    styles = dataset.styles
    if styles.style == "short":
        return
    rows = [row for row in dataset.files["train"] if row.kind in ("question", "reverse")]
    told = sum(row.style == "sentence" for row in rows)
    yield "## Answers"
    yield f"{told} of {len(rows)} trained questions are answered with a sentence: " + (
        "those that ask for one, as some refused questions do; the others with the bare answer."
        if styles.style == "both"
        else "those of a fact with different ones of its statements."
    )
    without = facts_without_sentence(dataset)
    if without:
        yield (
            f"{len(without)} facts have no statement that holds the answer, or explain in several "
            f"sentences anyway, and are answered as they are: {_named(without)}"
        )


def _leakage(config: CurateConfig, dataset: Dataset) -> Iterator[str]:
    yield (
        "No trained question is one that is asked at the end, and none is more than "
        f"{config.similarity} similar (edit similarity) to a held-out wording of its fact."
    )
    shared = [(f"{length} words", count) for length, count in dataset.shared.items()]
    yield _table(("run shared with any trained text", "test questions"), shared)
    yield _table(
        ("similarity to the nearest trained wording", "held out"), _buckets(dataset.overlaps)
    )


def _buckets(overlaps: Sequence[Overlap]) -> Iterator[tuple[str, int]]:
    for low, high in pairwise(BUCKETS):
        inside = sum(low < overlap.similarity <= high for overlap in overlaps)
        yield f"over {low} to {high}", inside


def _doubts(config: CurateConfig, dataset: Dataset) -> Iterator[str]:
    few, without = fewer_wordings(config, dataset), untested(dataset)
    matters = Counter(matter(fact) for fact in dataset.settled.facts)
    disputed = [fact for fact in dataset.settled.facts if matters[matter(fact)] > 1]
    limit = config.min_wordings
    if few:
        yield f"{len(few)} facts have fewer than {limit} trained wordings: {_named(few)}"
    if without:
        yield f"{len(without)} facts have no test wording: {_named(without)}"
    if disputed:
        yield (
            f"{len(disputed)} facts share subject, relation and qualifier with another fact and "
            f"have another answer: {_named(disputed)}"
        )
    if not dataset.files["replay"]:
        yield "there are no prompts: nothing is replayed, and forgetting is not measured on them"
    if config.refusals and not dataset.refused.trained:
        yield (
            "there are no refusal rows: no trained question names a year, or a name that a teacher "
            "found, in the place of which another could stand"
        )


def _named(facts: Sequence[Fact]) -> str:
    named = ", ".join(f"{fact.id} ({fact.about})" for fact in facts[:_NAMED])
    return f"{named}, …" if len(facts) > _NAMED else named


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    if not lines:
        return ""
    rule = "|" + " --- |" * len(head)
    return "\n".join([f"| {' | '.join(head)} |", rule, *lines])
