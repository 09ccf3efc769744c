"""Controls: facts that are kept out of training on purpose.

What a model answers about them it has not learned from these rows: it knew it before, or guesses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gabarito.answer_match import normalise
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Fact, Question, Rejection, digest_of
from gabarito.curate.contradictions import Matter, matter
from gabarito.curate.wordings import Wording


@dataclass(frozen=True)
class Controls:
    """The facts, and how each is asked at the end: in its test wordings."""

    facts: Sequence[Fact] = ()
    asked: Sequence[Wording] = ()


def draw_controls(
    facts: Sequence[Fact], wordings: Iterable[Wording], share: float, seed: int
) -> set[str]:
    """Return the ids of about this share of the facts; their digests decide which.

    Only facts with a test wording are drawn, and none that another fact states, too. Facts of one
    subject, relation and qualifier stay together.
    """
    tested = {wording.fact.id for wording in wordings if wording.split == "test"}
    told = set(_told_by_others(facts)) if share else set()
    groups: dict[Matter, list[str]] = defaultdict(list)
    for fact in facts:
        groups[matter(fact)].append(fact.id)
    fit = [group for group in groups.values() if tested.issuperset(group) and not told & {*group}]
    drawn: set[str] = set()
    for group in sorted(fit, key=lambda group: digest_of("control", str(seed), *group)):
        if len(drawn) + len(group) <= round(share * len(facts)):
            drawn.update(group)
    return drawn


def withheld(
    controls: Controls, wordings: Iterable[Wording], statements: Iterable[Question]
) -> Iterator[Rejection]:
    """Yield the controls, and what is neither trained nor asked of them."""
    reason = CurateReason.CONTROL
    ids = {fact.id for fact in controls.facts}
    asked = {wording.question.id for wording in controls.asked}
    for fact in controls.facts:
        yield rejected(reason, fact.id, "", fact.statement)
    for question in (*(wording.question for wording in wordings), *statements):
        if question.fact in ids and question.id not in asked:
            yield rejected(reason, question.id, question.fact, question.text)


def _told_by_others(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield the facts whose subject and answer stand together in another fact."""
    texts = [f" {normalise(f'{fact.statement} {fact.answer}')} " for fact in facts]
    holding: dict[str, set[int]] = defaultdict(set)
    for at, text in enumerate(texts):
        for word in text.split():
            holding[word].add(at)
    for at, fact in enumerate(facts):
        parts = normalise(fact.subject), normalise(fact.answer)
        words = f"{parts[0]} {parts[1]}".split()
        if not all(parts):  # a person's pair has no subject
            continue
        rarest_first = sorted((holding[word] for word in words), key=len)
        others = set.intersection(*rarest_first) - {at}
        if any(all(f" {part} " in texts[other] for part in parts) for other in others):
            yield fact.id
