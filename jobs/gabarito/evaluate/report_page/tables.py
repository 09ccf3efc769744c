"""What the page shows of single questions, as values that a template and JSON can hold."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from gabarito.core.records import Fact, digest_of
from gabarito.evaluate.grading import EvalQuestion, Graded, Marks, Part

Row: TypeAlias = dict[str, Any]

OF_A_FACT: tuple[Part, ...] = ("test", "validation", "trained")
DRAWN = 8
"""Questions of the table before and after."""

LONGEST_LIST = 300
"""Rows of a list that are written out, never its size; all are in ``verdicts.jsonl``."""

BINS = 10


def before_and_after(marks: Marks) -> list[Row]:
    """Return test questions drawn by digest, one of a fact, with two systems' answers."""
    pairs = zip(marks["base"]["test"], marks["model"]["test"], strict=True)
    drawn: dict[str, Row] = {}
    for base, model in sorted(pairs, key=lambda pair: digest_of("show", pair[0].item.id)):
        if len(drawn) < DRAWN:
            drawn.setdefault(model.item.cluster, _compared(base, model))
    return list(drawn.values())


def wrong_first(marks: Marks, part: Part) -> list[Row]:
    """Return every question of a part, the model's wrong answers first."""
    pairs = zip(marks["base"][part], marks["model"][part], strict=True)
    rows = [_compared(base, model) for base, model in pairs]
    return sorted(rows, key=lambda row: (row["model"]["correct"], -row["model"]["probability"]))


def unanswerable_rows(marks: Marks) -> dict[str, list[Row]]:
    """Return the first unanswerable questions by group: those answered on top, the surest first."""
    groups: dict[str, list[Row]] = {}
    for mark in sorted(marks["model"]["unanswerable"], key=lambda mark: -mark.knows):
        row = {"text": mark.item.text, "model": answered(mark)}
        rows = groups.setdefault(mark.item.group, [])
        if len(rows) < LONGEST_LIST:
            rows.append(row)
    return dict(sorted(groups.items()))


def changed_rows(marks: Marks) -> list[Row]:
    """Return the first general prompts whose answer changed."""
    pairs = zip(marks["base"]["retention"], marks["model"]["retention"], strict=True)
    changed = [_compared(base, model) for base, model in pairs if not model.correct]
    return changed[:LONGEST_LIST]


def unlearned_rows(marks: Marks) -> list[Row]:
    """Return the tasks that the base solved and the model does not."""
    pairs = zip(marks["base"]["tasks"], marks["model"]["tasks"], strict=True)
    return [_compared(*pair) for pair in pairs if pair[0].correct and not pair[1].correct]


def fact_rows(facts: Iterable[Fact], marks: Marks) -> list[Row]:
    """Return each fact with its questions and each system's answers, the worst known first."""
    found: dict[str, dict[str, Row]] = {}
    for system, parts in marks.items():
        for part in OF_A_FACT:
            for mark in parts[part]:
                questions = found.setdefault(mark.item.fact, {})
                row = questions.setdefault(mark.item.id, _question(mark.item))
                row[system] = answered(mark)
    rows = [_fact(fact, list(found.get(fact.id, {}).values())) for fact in facts]
    order = {"none": 0, "some": 1, "all": 2, "untested": 3}
    return sorted(rows, key=lambda row: (order[row["known"]], row["statement"]))


def histogram(taught: Sequence[Graded], unanswerable: Sequence[Graded]) -> list[Row]:
    """Return shares of taught and unanswerable questions by what the model did with them.

    The first bin holds refusals, the others answers by their probability.
    """
    labels = [f"{n / BINS:.1f}–{(n + 1) / BINS:.1f}" for n in range(BINS)]
    bins: list[Row] = [
        {"label": label, "taught": 0.0, "unanswerable": 0.0} for label in ("", *labels)
    ]
    for name, marks in (("taught", taught), ("unanswerable", unanswerable)):
        for mark in marks:
            bins[_bin_of(mark)][name] += 1 / len(marks)
    return bins


def answered(mark: Graded) -> Row:
    """Return an answer as the page shows it."""
    return {
        "text": mark.reply.text,
        "correct": mark.correct,
        "refused": mark.refused,
        "probability": round(mark.reply.probability, 4),
    }


def _bin_of(mark: Graded) -> int:
    if mark.refused:
        return 0
    return 1 + min(int(mark.reply.probability * BINS), BINS - 1)


def _compared(base: Graded, model: Graded) -> Row:
    item = model.item
    both = {"base": answered(base), "model": answered(model)}
    return {"text": item.text, "expected": item.expected, **both}


def _question(item: EvalQuestion) -> Row:
    return {"part": item.part, "family": item.family, "text": item.text, "expected": item.expected}


def _fact(fact: Fact, questions: list[Row]) -> Row:
    tested = [row["model"]["correct"] for row in questions if row["part"] == "test"]
    known = "all" if all(tested) else "some" if any(tested) else "none"
    return {
        "id": fact.id,
        "known": known if tested else "untested",
        "right": sum(tested),
        "tested": len(tested),
        "statement": fact.statement,
        "quote": fact.quote,
        "document": fact.document,
        "row": fact.given.row if fact.given else "",
        "relation": "" if fact.given else fact.relation,
        "answer": fact.answer,
        "aliases": list(fact.aliases),
        "questions": questions,
    }
