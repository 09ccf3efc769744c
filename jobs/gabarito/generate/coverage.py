"""How much of the documents became facts, how much of what was asked for came, and what is left."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from gabarito.core.errors import DataError
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.passages import Passage
from gabarito.generate.results import FactResult, Whole

NOT_GIVEN = "never given"
NOT_A_FAILURE = frozenset(
    {
        GenerateReason.REPEATED_FACT,
        GenerateReason.SAME_FACT,
        GenerateReason.SAME_PASSAGE,
        GenerateReason.FAMILY_AGAIN,
        GenerateReason.EMPTY_ALIAS,
        GenerateReason.EXCESS_ALIAS,
    }
)
"""What was dropped is there already, or its fact is kept: they do not lower the yield."""

OF_A_REPLY = frozenset(
    {GenerateReason.EMPTY_REPLY, GenerateReason.CUT_REPLY, GenerateReason.UNREADABLE}
)
"""What was dropped is a reply or a piece of one: nobody knows how many facts were in it."""

_SENTENCE_END = re.compile(r"(?<=[.!?…]) |\n")
_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")
_SHOWN_CHARS = 80


@dataclass(frozen=True)
class Share:
    """How much passed the checks, and the reasons of what did not, both counted in ``what``."""

    what: str
    kept: int
    asked: int
    lost: Counter[str]

    @property
    def value(self) -> float:
        """In 0..1; nothing of nothing is 0."""
        return self.kept / self.asked if self.asked else 0.0


def shares(whole: Whole, config: GenerateConfig) -> tuple[Share, Share, Share]:
    """Return the yield in passages read, in facts offered, and in wordings asked for."""
    return _passages(whole), _facts(whole), _wordings(whole, config)


def _passages(whole: Whole) -> Share:
    """Count the passages that some reply could be read about."""
    ids = {passage.id for passage in whole.passages}
    read = {call.item for call in whole.calls if call.item in ids and call.status != "useless"}
    last = {
        item.item: item.reason
        for item in whole.rejections
        if item.item in ids - read and item.reason in OF_A_REPLY
    }
    return Share("passages", len(read), len(ids), Counter(last.values()))


def _facts(whole: Whole) -> Share:
    ids = {passage.id for passage in whole.passages}
    lost = Counter(item.reason for item in whole.rejections if item.item in ids and _is_loss(item))
    return Share("facts offered", len(whole.facts), len(whole.facts) + lost.total(), lost)


def _wordings(whole: Whole, config: GenerateConfig) -> Share:
    names = {family.name for family in config.families.all}
    kept = sum(question.family in names for question in whole.questions)
    asked = len(names) * len(whole.facts)
    reasons = Counter(
        item.reason for fact in whole.facts for item in fact.rejections if _is_loss(item)
    )
    reasons[NOT_GIVEN] = max(asked - kept - reasons.total(), 0)
    return Share("wordings asked for", kept, asked, reasons)


def _is_loss(item: Rejection) -> bool:
    return item.reason not in NOT_A_FAILURE | OF_A_REPLY


def refuse_low_yield(whole: Whole, config: GenerateConfig) -> None:
    """Do nothing if enough passed the checks.

    Raises:
        DataError: says how much passed, and which reason cost most.
    """
    for share in shares(whole, config):
        if share.value < config.yield_floor or not share.asked:
            raise DataError(_complaint(share, whole, config))


def _complaint(share: Share, whole: Whole, config: GenerateConfig) -> str:
    message = (
        f"generate.yield_floor: {share.kept} of {share.asked} {share.what} passed "
        f"({share.value:.0%}), the floor is {config.yield_floor:.0%}"
    )
    if share.lost.total():
        message += f"; most were lost to {_worst(share, whole)}"
    unread = sum(call.status == "useless" for call in whole.calls)
    if unread:
        message += f"; {unread} of {len(whole.calls)} replies could not be read"
    return f"{message}; try another generate.teacher.model, or lower generate.yield_floor"


def _worst(share: Share, whole: Whole) -> str:
    """Return the reason that cost most, how often, and an example."""
    reason, count = share.lost.most_common(1)[0]
    examples = (item.detail or item.raw for item in whole.rejections if item.reason == reason)
    example = _shown(next(examples, ""))
    return f"{reason!r}: {count}, such as {example!r}" if example else f"{reason!r}: {count}"


def coverage_of(whole: Whole, config: GenerateConfig) -> dict[str, Any]:
    """Return what ``coverage.json`` holds."""
    names = [family.name for family in config.families.all]
    have = {item.fact.id: Counter(q.family for q in item.questions) for item in whole.facts}
    lacking = {
        item.fact.id: [name for name in names if not have[item.fact.id][name]]
        for item in whole.facts
    }
    counted = [len(names) - len(lacking[item.fact.id]) for item in whole.facts]
    return {
        "documents": len({passage.document.id for passage in whole.passages}),
        "passages": len(whole.passages),
        "passages_without_facts": list(_without_facts(whole)),
        "facts": len(whole.facts),
        "facts_without_questions": [
            {"fact": item.fact.id, "statement": item.fact.statement}
            for item in whole.facts
            if len(lacking[item.fact.id]) == len(names)
        ],
        "facts_that_lack_families": {key: value for key, value in lacking.items() if value},
        "families": {name: sum(bool(got[name]) for got in have.values()) for name in names},
        "wordings_per_fact": {
            "min": min(counted, default=0),
            "median": median(counted) if counted else 0,
            "max": max(counted, default=0),
        },
        "sentences": _quoted_sentences(whole),
        "numbers": _asked_numbers(whole),
        "yield": {
            share.what: {"kept": share.kept, "asked": share.asked, "lost": dict(share.lost)}
            for share in shares(whole, config)
        },
    }


def _without_facts(whole: Whole) -> Iterator[dict[str, str]]:
    for passage in whole.passages:
        if not whole.facts_of[passage.id]:
            yield {
                "passage": passage.id,
                "document": passage.document.id,
                "title": passage.document.title,
                "begins": _shown(passage.text),
            }


def _quoted_sentences(whole: Whole) -> dict[str, int]:
    """Count the sentences and rows, and those of them that support a fact."""
    quotes = _by_document(whole.facts)
    total = supporting = 0
    for passage in whole.passages:
        mine = [_folded(item.fact.quote) for item in quotes.get(passage.document.id, ())]
        for sentence in _sentences(passage):
            total += 1
            supporting += any(quote in sentence or sentence in quote for quote in mine)
    return {"total": total, "with_a_fact": supporting}


def _asked_numbers(whole: Whole) -> dict[str, int]:
    """Count the different numbers of the documents, and those that an answer holds."""
    text = {number for item in whole.passages for number in _NUMBER.findall(item.text)}
    asked = {number for item in whole.facts for number in _NUMBER.findall(item.fact.answer)}
    return {"total": len(text), "in_an_answer": len(text & asked)}


def _by_document(facts: Iterable[FactResult]) -> dict[str, list[FactResult]]:
    groups: dict[str, list[FactResult]] = {}
    for item in facts:
        groups.setdefault(item.fact.document, []).append(item)
    return groups


def _sentences(passage: Passage) -> Iterator[str]:
    for part in _SENTENCE_END.split(passage.text):
        sentence = _folded(part)
        if any(char.isalnum() for char in sentence) and not sentence.startswith("#"):
            yield sentence


def _folded(text: str) -> str:
    return " ".join(text.split())


def _shown(text: str) -> str:
    return _folded(text)[:_SHOWN_CHARS]
