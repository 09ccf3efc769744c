"""What says the same is kept once; what says two things of one matter is dropped.

The rule for one question with two answers: nobody can tell which is meant, so all of its
rows are dropped. If the facts behind them are about the same subject, relation and qualifier,
the documents contradict each other, and those facts are dropped whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from gabarito.answer_match import is_match, normalise
from gabarito.artifacts.ledger import Ledger
from gabarito.core.records import Fact, Question
from gabarito.curate.wordings import Wording, by_fact, is_same_answer

SAME_FACT = "same fact twice"
SAME_QUESTION = "same question twice"
SAME_STATEMENT = "same statement twice"
LEAK = "leaks into test"
TWO_ANSWERS = "two answers"
FACT_DROPPED = "its fact is dropped"
UNTRAINED = "no trained wording"

Matter = tuple[str, str, str]


def matter(fact: Fact) -> Matter:
    """Return what a fact is about: its subject, relation and qualifier."""
    return normalise(fact.subject), normalise(fact.relation), normalise(fact.qualifier)


def merge_facts(facts: Iterable[Fact], ledger: Ledger) -> list[Fact]:
    """Keep the first of the facts that say the same."""
    kept: list[Fact] = []
    by_matter: dict[Matter, list[Fact]] = defaultdict(list)
    for fact in facts:
        known = by_matter[matter(fact)]
        same = next((other for other in known if _is_same(fact, other)), None)
        if same:
            ledger.reject(fact.id, SAME_FACT, f"as {same.id}", fact.statement)
            continue
        known.append(fact)
        kept.append(fact)
    return kept


def merge_wordings(found: Iterable[Wording], ledger: Ledger) -> list[Wording]:
    """Keep each question once, and none that has two answers."""
    groups: dict[str, list[Wording]] = defaultdict(list)
    for wording in found:
        groups[wording.key].append(wording)
    disputed = {key: group for key, group in groups.items() if _is_disputed(group)}
    contradicting = {fact for group in disputed.values() for fact in _contradicting(group)}
    kept = []
    for key, group in groups.items():
        if key in disputed:
            _reject_all(group, ledger, TWO_ANSWERS, _answers(group))
            continue
        sound = [wording for wording in group if wording.fact.id not in contradicting]
        doomed = [wording for wording in group if wording.fact.id in contradicting]
        _reject_all(doomed, ledger, TWO_ANSWERS, "another question of this fact has two answers")
        kept += _once(sound, ledger)
    return kept


def merge_statements(statements: Iterable[Question], ledger: Ledger) -> list[Question]:
    """Keep each statement once."""
    kept: dict[str, Question] = {}
    for statement in statements:
        same = kept.setdefault(" ".join(statement.text.split()), statement)
        if same is not statement:
            ledger.reject(statement.id, SAME_STATEMENT, f"as {same.id}", statement.text)
    return list(kept.values())


def keep_about(
    questions: Iterable[Question], facts: Sequence[Fact], ledger: Ledger
) -> list[Question]:
    """Keep the questions about these facts, in the facts' order."""
    by_fact: dict[str, list[Question]] = {fact.id: [] for fact in facts}
    for question in questions:
        if question.fact in by_fact:
            by_fact[question.fact].append(question)
        else:
            ledger.reject(question.id, FACT_DROPPED, question.fact, question.text)
    return [question for group in by_fact.values() for question in group]


def keep_trained(
    facts: Iterable[Fact], found: list[Wording], ledger: Ledger
) -> tuple[list[Fact], list[Wording]]:
    """Keep the facts that have a trained question, and their wordings, in the facts' order."""
    groups = by_fact(found)
    kept: list[Fact] = []
    remaining: list[Wording] = []
    for fact in facts:
        group = groups.get(fact.id, [])
        if any(_is_trained_question(wording) for wording in group):
            kept.append(fact)
            remaining += group
        else:
            ledger.reject(fact.id, UNTRAINED, f"{len(group)} other wordings", fact.statement)
            _reject_all(group, ledger, FACT_DROPPED, fact.id)
    return kept, remaining


def _is_trained_question(wording: Wording) -> bool:
    return wording.split == "train" and wording.question.kind == "question"


def _is_same(one: Fact, other: Fact) -> bool:
    return is_match(one.answer, other.answer, other.aliases) or is_match(
        other.answer, one.answer, one.aliases
    )


def _is_disputed(group: list[Wording]) -> bool:
    return any(not is_same_answer(group[0], other) for other in group[1:])


def _contradicting(group: list[Wording]) -> set[str]:
    """Return the facts of one question that contradict each other."""
    return {
        wording.fact.id
        for pair in combinations(group, 2)
        if not is_same_answer(*pair) and matter(pair[0].fact) == matter(pair[1].fact)
        for wording in pair
    }


def _answers(group: list[Wording]) -> str:
    return " | ".join(sorted({wording.question.answer for wording in group}))


def _once(group: list[Wording], ledger: Ledger) -> list[Wording]:
    """Keep the first held-out wording of one question, or else its trained ones.

    Trained wordings of one fact may differ in case and accents: that is how people type.
    """
    if not group:
        return []
    first = min(group, key=lambda wording: wording.split == "train")
    kept = {first.question.text: first}
    for wording in group:
        if wording is first:
            continue
        is_trained = first.split == wording.split == "train"
        if is_trained and wording.fact == first.fact and wording.question.text not in kept:
            kept[wording.question.text] = wording
            continue
        reason = LEAK if first.split != "train" == wording.split else SAME_QUESTION
        ledger.reject(wording.question.id, reason, f"as {first.question.id}", wording.question.text)
    return list(kept.values())


def _reject_all(group: Iterable[Wording], ledger: Ledger, reason: str, detail: str) -> None:
    for wording in group:
        ledger.reject(wording.question.id, reason, detail, wording.question.text)
