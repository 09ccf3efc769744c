"""How much of what the teacher was asked for came, and what is missing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from gabarito.core.errors import DataError
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.results import OpenResult, Whole

NOT_GIVEN = "never given"
NOT_A_FAILURE = frozenset(
    {
        GenerateReason.REPEATED_FACT,
        GenerateReason.SAME_FACT,
        GenerateReason.SAME_PASSAGE,
        GenerateReason.FAMILY_AGAIN,
        GenerateReason.EMPTY_ALIAS,
        GenerateReason.EXCESS_ALIAS,
        GenerateReason.EXCESS_QUESTION,
        GenerateReason.ANSWERED,
    }
)
"""What was dropped is there already, or its fact is kept, or another teacher knows more: they do
not lower the yield."""

OF_A_REPLY = frozenset(
    {
        GenerateReason.REFUSED,
        GenerateReason.EMPTY_REPLY,
        GenerateReason.CUT_REPLY,
        GenerateReason.UNREADABLE,
    }
)
"""What was dropped is a reply or a piece of one: nobody knows how many facts were in it."""

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
    """Return the yield in passages read, in facts offered, and in wordings asked for.

    A passage is read if some reply about it could be.
    """
    ids = {passage.id for passage in whole.passages}
    read = {call.item for call in whole.calls if call.item in ids and call.status != "useless"}
    unread = {
        item.item: item.reason
        for item in whole.rejections
        if item.item in ids - read and item.reason in OF_A_REPLY
    }
    facts = len(whole.of_documents)
    lost = Counter(item.reason for item in whole.rejections if item.item in ids and _is_loss(item))
    if config.verify.on_doubt == "drop":
        lost += Counter({doubt.item: doubt.reason for doubt in whole.doubts}.values())
    names = {family.name for family in config.families.all}
    kept, asked = (
        sum(question.family in names for question in whole.questions),
        len(names) * len(whole.facts),
    )
    reasons = Counter(
        item.reason for fact in whole.facts for item in fact.rejections if _is_loss(item)
    )
    reasons[NOT_GIVEN] = max(asked - kept - reasons.total(), 0)
    return (
        Share("passages", len(read), len(ids), Counter(unread.values())),
        Share("facts offered", facts, facts + lost.total(), lost),
        Share("wordings asked for", kept, asked, reasons),
    )


def share_of_rewrites(whole: Whole) -> tuple[Share, ...]:
    """Return how many of the rewrites asked for passed the checks, if any were."""
    if not whole.rewrites:
        return ()
    lost = [one.rejections for one in whole.rewrites if one.rewrite is None]
    reasons = Counter(found[-1].reason if found else NOT_GIVEN for found in lost)
    total = len(whole.rewrites)
    return (Share("rewrites asked for", total - len(lost), total, reasons),)


def share_of_open(whole: Whole) -> tuple[Share, ...]:
    """Return how many of the open questions asked for passed the checks, if any were.

    A passage of which the teacher says that it leaves nothing more open was asked for no more
    than it gave, and a question that a second opinion answers was not asked for.
    """
    asked = sum(map(_asked_of, whole.open))
    if not asked:
        return ()
    kept = sum(len(one.questions) for one in whole.open)
    reasons = Counter(
        item.reason for one in whole.open for item in one.rejections if _is_loss(item)
    )
    reasons[NOT_GIVEN] = max(asked - kept - reasons.total(), 0)
    return (Share("open questions asked for", kept, asked, reasons),)


def _asked_of(open_: OpenResult) -> int:
    """Return how many open questions of a passage count as asked for."""
    kept = len(open_.questions)
    if any(call.status == "nothing" for call in open_.calls if call.task == "open"):
        return min(open_.asked, kept + sum(map(_is_loss, open_.rejections)))
    answered = sum(item.reason == GenerateReason.ANSWERED for item in open_.rejections)
    return max(open_.asked - answered, kept)


def _is_loss(item: Rejection) -> bool:
    return item.reason not in NOT_A_FAILURE | OF_A_REPLY


def refuse_low_yield(whole: Whole, config: GenerateConfig) -> None:
    """Do nothing if enough passed the checks; of pairs alone only the wordings are judged.

    Raises:
        DataError: says how much passed, and which reason cost most.
    """
    if config.teacher is None:
        return
    floor, judged = config.yield_floor, shares(whole, config)[0 if whole.passages else 2 :]
    judged += share_of_rewrites(whole) + share_of_open(whole)
    share = next((item for item in judged if item.value < floor or not item.asked), None)
    if share is None:
        return
    message = (
        f"generate.yield_floor: {share.kept} of {share.asked} {share.what} passed "
        f"({share.value:.0%}), the floor is {floor:.0%}"
    )
    if share.lost.total():
        reason, count = share.lost.most_common(1)[0]
        message += f"; most were lost to {reason!r}: {count}"
        examples = (item.detail or item.raw for item in whole.rejections if item.reason == reason)
        example = _shown(next(examples, ""))
        message += f", such as {example!r}" if example else ""
    unread = sum(call.status == "useless" for call in whole.calls)
    if unread:
        message += f"; {unread} of {len(whole.calls)} replies could not be read"
    raise DataError(f"{message}; try another generate.teacher.model, or lower generate.yield_floor")


def yields_of(whole: Whole, config: GenerateConfig) -> dict[str, Any]:
    """Return what ``yields.json`` holds."""
    names = [family.name for family in config.families.all]
    have = {item.fact.id: Counter(q.family for q in item.questions) for item in whole.facts}
    lacking = {
        item.fact.id: [name for name in names if not have[item.fact.id][name]]
        for item in whole.facts
    }
    counted = [len(names) - len(lacking[item.fact.id]) for item in whole.facts]
    return {
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
        "yield": {
            share.what: {"kept": share.kept, "asked": share.asked, "lost": dict(share.lost)}
            for share in (
                *shares(whole, config),
                *share_of_rewrites(whole),
                *share_of_open(whole),
            )
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


def _folded(text: str) -> str:
    return " ".join(text.split())


def _shown(text: str) -> str:
    return _folded(text)[:_SHOWN_CHARS]
