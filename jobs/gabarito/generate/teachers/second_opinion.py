"""A second opinion on the facts of a passage: who gives it sees the passage, and no answer.

Asked is what a reader would ask: the relation of the subject within its limits. What comes back is
compared as answers are; whether it is this subject and these limits, the other says itself, since
only who reads the passage can tell that two names are one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gabarito.answer_match import AnswerKey, Expected, normalise
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Rejection
from gabarito.generate.grounding import is_supported_by, letters
from gabarito.generate.replies import text_of
from gabarito.generate.results import dropped

MOST_AT_ONCE = 40
"""Questions in one request; more of them make models lose count."""

_YES = frozenset(
    ["yes", "y", "true", "same", "sim", "si", "oui", "ja", "да", "tak", "evet", "是", "はい"]
)
_NO = frozenset(
    ["no", "false", "nao", "non", "nein", "нет", "nie", "ne", "hayir", "hayır", "否", "いいえ"]
)
"""The prompt asks for the English words; some answer in the language of the passage."""

_NOTHING = re.compile(
    r"(?:not|nao|no|non|nicht)\s+(?:stated|said|given|mentioned|specified|found|informad[oa]|"
    r"mencionad[oa]|consta|diz|dice|menciona|indique|angegeben|erwahnt)\b.*|unknown|none|null"
    r"|(?:the passage|o texto|a passagem) (?:does not|nao) .*"
)
"""How models say that there is no answer where they were asked to leave it empty."""

_LIST = re.compile(r"[,;&]|\b(?:e|and|y|et|und)\b")


@dataclass(frozen=True)
class Opinion:
    """What was said of one fact: the whole answer, the subject and the limits as they are."""

    answer: str
    subject: str
    limits: str


def opinions_of(
    objects: Iterable[Mapping[str, Any]], asked: Mapping[int, Fact]
) -> dict[int, Opinion]:
    """Return the opinions of a reply by the number of the question, the first of each."""
    found: dict[int, Opinion] = {}
    for item in objects:
        number = re.search(r"\d{1,4}", text_of(item.get("n")))
        if number and int(number[0]) in asked:
            said = (text_of(item.get(name)) for name in ("answer", "subject", "limits"))
            found.setdefault(int(number[0]), Opinion(*said))
    return found


def doubts_of(facts: Mapping[int, Fact], opinions: Mapping[int, Opinion]) -> list[Rejection]:
    """Return why facts are doubted, one record for each that is not confirmed."""
    doubts = []
    for number, fact in facts.items():
        opinion = opinions.get(number)
        doubt = _doubt(fact, opinion) if opinion else (GenerateReason.NO_OPINION, "")
        if doubt:
            doubts.append(dropped(fact.id, *doubt, fact.model_dump_json()))
    return doubts


def _doubt(fact: Fact, opinion: Opinion) -> tuple[GenerateReason, str] | None:
    if _is_nothing(opinion.answer):
        return GenerateReason.NOT_STATED, opinion.answer
    if not _is_same_subject(opinion.subject, fact.subject):
        return GenerateReason.OTHER_SUBJECT, f"{opinion.subject} | {fact.subject}"
    if fact.qualifier and not _is_same_limit(opinion.limits, fact.qualifier):
        return GenerateReason.OTHER_LIMITS, f"{opinion.limits} | {fact.qualifier}"
    if not _is_same_answer(opinion.answer, fact):
        return GenerateReason.OTHER_OPINION, f"{opinion.answer} | {fact.answer}"
    return None


def _is_nothing(answer: str) -> bool:
    plain = letters(answer)
    is_not_applicable = re.fullmatch(r"n\s*/\s*a\W*", answer.strip(), re.IGNORECASE)
    return not plain or bool(is_not_applicable or _NOTHING.fullmatch(plain))


def _is_same_answer(given: str, fact: Fact) -> bool:
    """Tell whether an answer is the fact's, also with more or fewer words around it.

    *64,327 spectators* is *64,327*; *Ana and Rui* is not *Ana*: what one of them says more must
    be no figure and no further item.
    """
    if AnswerKey().is_right(given, Expected.of_fact(fact)):
        return True
    known = f"{fact.subject} {fact.relation} {fact.qualifier}"
    for right in (fact.answer, *fact.aliases):
        longer, shorter = (given, right) if len(given) > len(right) else (right, given)
        if is_supported_by([shorter], longer) and not _is_telling(longer, shorter, known):
            return True
    return False


def _is_telling(longer: str, shorter: str, known: str) -> bool:
    """Tell whether the longer of two answers has a figure or an item that is not known."""
    there = set(normalise(f"{shorter} {known}").split())
    more = " ".join(word for word in normalise(longer).split() if word not in there)
    are_more_items = len(_LIST.findall(longer)) > len(_LIST.findall(shorter))
    return bool(more) and (are_more_items or any(map(str.isdigit, more)))


def _is_same_subject(said: str, subject: str) -> bool:
    """Tell whether a subject is confirmed: by a yes, by its name, by part of it, or by nothing."""
    plain = letters(said)
    if plain.split(" ")[0] in _NO:
        return False
    return not plain or _is_part(said, subject) or plain.split(" ")[0] in _YES


def _is_same_limit(said: str, qualifier: str) -> bool:
    """Tell whether limits are confirmed: by a yes, or by the same words; nothing is none."""
    plain = letters(said)
    if not plain or plain.split(" ")[0] in _NO:
        return False
    return _is_part(said, qualifier) or plain.split(" ")[0] in _YES


def _is_part(one: str, other: str) -> bool:
    """Tell whether the words of one of two names are among those of the other."""
    words = set(normalise(one).split()), set(normalise(other).split())
    return bool(words[0]) and (words[0] <= words[1] or words[1] <= words[0])
