"""What says the same is kept once, and nothing is kept that what was dropped leaves without sense.

Each function returns what it keeps and what it rejects.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Fact, Question, Rejection
from gabarito.curate.contradictions import Matter, contradicting, is_disputed, matter
from gabarito.curate.wordings import Wording, by_fact


def merge_facts(facts: Iterable[Fact]) -> tuple[list[Fact], dict[str, str], list[Rejection]]:
    """Keep the first of the facts that say the same, and tell by id which one each other is."""
    kept: list[Fact] = []
    merged: dict[str, str] = {}
    dropped: list[Rejection] = []
    by_matter: dict[Matter, list[Fact]] = defaultdict(list)
    for fact in facts:
        known = by_matter[matter(fact)]
        same = next((other for other in known if is_same_fact(fact, other)), None)
        if same:
            reason = CurateReason.SAME_FACT
            dropped.append(rejected(reason, fact.id, f"as {same.id}", fact.statement))
            merged[fact.id] = same.id
            continue
        known.append(fact)
        kept.append(fact)
    return kept, merged, dropped


def is_same_fact(one: Fact, other: Fact) -> bool:
    """Tell whether two facts about the same matter have the same answer."""
    key = AnswerKey()
    return key.is_right(one.answer, Expected.of_fact(other)) or key.is_right(
        other.answer, Expected.of_fact(one)
    )


def merge_wordings(found: Iterable[Wording]) -> tuple[list[Wording], list[Rejection]]:
    """Keep each question once, and none that has two answers."""
    groups: dict[str, list[Wording]] = defaultdict(list)
    for wording in found:
        groups[wording.key].append(wording)
    disputed = {key: group for key, group in groups.items() if is_disputed(group)}
    doomed = {fact for group in disputed.values() for fact in contradicting(group)}
    kept: list[Wording] = []
    dropped: list[Rejection] = []
    for key, group in groups.items():
        if key in disputed:
            answers = sorted({wording.question.answer for wording in group})
            dropped += _all(group, CurateReason.TWO_ANSWERS, " | ".join(answers))
            continue
        why = "another question of this fact has two answers"
        of_doomed = [wording for wording in group if wording.fact.id in doomed]
        dropped += _all(of_doomed, CurateReason.TWO_ANSWERS, why)
        once, again = _once([wording for wording in group if wording.fact.id not in doomed])
        kept += once
        dropped += again
    return kept, dropped


def merge_statements(statements: Iterable[Question]) -> tuple[list[Question], list[Rejection]]:
    """Keep each statement once."""
    kept: dict[str, Question] = {}
    dropped: list[Rejection] = []
    for statement in statements:
        same = kept.setdefault(" ".join(statement.text.split()), statement)
        if same is not statement:
            reason = CurateReason.SAME_STATEMENT
            dropped.append(rejected(reason, statement.id, f"as {same.id}", statement.text))
    return list(kept.values()), dropped


def keep_about(
    questions: Iterable[Question], facts: Sequence[Fact]
) -> tuple[list[Question], list[Rejection]]:
    """Keep the questions about these facts, in the facts' order."""
    groups: dict[str, list[Question]] = {fact.id: [] for fact in facts}
    dropped: list[Rejection] = []
    for question in questions:
        if question.fact in groups:
            groups[question.fact].append(question)
        else:
            reason = CurateReason.FACT_DROPPED
            dropped.append(rejected(reason, question.id, question.fact, question.text))
    return [question for group in groups.values() for question in group], dropped


def keep_trained(
    facts: Iterable[Fact], found: Iterable[Wording]
) -> tuple[list[Fact], list[Wording], list[Rejection]]:
    """Keep the facts that have a trained question, and their wordings, in the facts' order."""
    groups = by_fact(found)
    kept: list[Fact] = []
    remaining: list[Wording] = []
    dropped: list[Rejection] = []
    for fact in facts:
        group = groups.get(fact.id, [])
        if any(w.split == "train" and w.question.kind == "question" for w in group):
            kept.append(fact)
            remaining += group
        else:
            why = f"{len(group)} other wordings"
            dropped.append(rejected(CurateReason.UNTRAINED, fact.id, why, fact.statement))
            dropped += _all(group, CurateReason.FACT_DROPPED, fact.id)
    return kept, remaining, dropped


def _once(group: Sequence[Wording]) -> tuple[list[Wording], list[Rejection]]:
    """Keep the first held-out wording of one question, or else its trained ones.

    Trained wordings of one fact may differ in case and accents: that is how people type.
    """
    if not group:
        return [], []
    first = min(group, key=lambda wording: wording.split == "train")
    kept = {first.question.text: first}
    dropped: list[Rejection] = []
    for wording in group:
        if wording is first:
            continue
        is_trained = first.split == wording.split == "train"
        if is_trained and wording.fact == first.fact and wording.question.text not in kept:
            kept[wording.question.text] = wording
            continue
        is_leak = first.split != "train" == wording.split
        reason = CurateReason.LEAK if is_leak else CurateReason.SAME_QUESTION
        dropped += _all([wording], reason, f"as {first.question.id}")
    return list(kept.values()), dropped


def _all(group: Iterable[Wording], reason: CurateReason, detail: str) -> list[Rejection]:
    return [rejected(reason, w.question.id, detail, w.question.text) for w in group]
