"""Which facts contradict each other: one question, two answers.

Nobody can tell which answer is meant, so all rows of such a question are dropped. If the facts
behind them are about the same subject, relation and qualifier, the documents contradict each
other, and those facts are dropped whole.
"""

from collections.abc import Sequence
from itertools import combinations

from gabarito.answer_match import normalise
from gabarito.core.records import Fact
from gabarito.curate.wordings import Wording, is_same_answer

Matter = tuple[str, str, str]


def matter(fact: Fact) -> Matter:
    """Return what a fact is about: its subject, relation and qualifier."""
    return normalise(fact.subject), normalise(fact.relation), normalise(fact.qualifier)


def is_disputed(group: Sequence[Wording]) -> bool:
    """Tell whether wordings of one text expect different answers."""
    return any(not is_same_answer(group[0], other) for other in group[1:])


def contradicting(group: Sequence[Wording]) -> set[str]:
    """Return the ids of the facts behind one question that contradict each other."""
    return {
        wording.fact.id
        for pair in combinations(group, 2)
        if not is_same_answer(*pair) and matter(pair[0].fact) == matter(pair[1].fact)
        for wording in pair
    }
