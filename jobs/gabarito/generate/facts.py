"""Facts of a reply: each is checked against the passage that it must come from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gabarito.answer_match import normalise
from gabarito.answer_match.explanations import is_explanation, key_points, share_said
from gabarito.core.language_names import is_same_language
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Rejection
from gabarito.generate.config import (
    MAX_EXPLANATION_CHARS,
    MAX_EXPLANATION_WORDS,
    GenerateConfig,
)
from gabarito.generate.grounding import (
    has_same_figures,
    is_supported_by,
    letters,
    quoted,
    support_of,
)
from gabarito.generate.language import (
    is_deictic,
    is_of_names,
    is_other_language,
    names_nothing,
)
from gabarito.generate.passages import Passage
from gabarito.generate.replies import text_of, texts_of
from gabarito.generate.results import dropped

MIN_QUOTE_LETTERS = 4
"""Fewer letters and digits stand in every passage; four characters of Chinese say something."""

MAX_QUOTE_CHARS = 2000
"""A longer quote points at nothing, and looking for it costs its length times the passage's."""

Faults = Iterator[tuple[GenerateReason, str]]

_FINAL = frozenset((GenerateReason.REPEATED_FACT, GenerateReason.TOO_LONG))
"""Reasons that are not handed back: the fact is there, or a prompt would be too long as well."""

MAX_ALIASES = 20
"""No answer has more ways to be given; each is compared with every answer of the model."""

MAX_POINTS = 8
"""An explanation with more of them is several facts."""

MAX_HANDED_BACK = 50
"""A passage has fewer facts; a reply of more that are all wrong is noise."""

REQUIRED = ("quote", "statement", "subject", "relation", "answer")


@dataclass(frozen=True)
class FactCandidate:
    """What a reply offers as a fact.

    ``original`` is the answer in the words of the passage, where that is in another language.
    """

    fields: Mapping[str, str]
    original: str
    aliases: tuple[str, ...]
    points: tuple[str, ...]
    shown: str
    language: str
    is_translated: bool
    config: GenerateConfig

    @property
    def explains(self) -> bool:
        """Whether its answer is an explanation, where those are asked for."""
        return self.config.explanations and is_explanation(self.fields["answer"])

    @property
    def points_said(self) -> tuple[str, ...]:
        """The points of an explanation that it says itself."""
        answer = self.fields["answer"]
        return tuple(point for point in self.points if share_said(answer, [point]) == 1)


@dataclass
class AcceptedFacts:
    """The facts that passed, and what happened to the others.

    ``mendable`` are those of the rejections that are worth handing back, where two languages
    are concerned: there teachers mix them up.
    """

    facts: list[Fact] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    mendable: list[Rejection] = field(default_factory=list)


def accept_facts(
    objects: Iterable[dict[str, Any]],
    passage: Passage,
    known: Iterable[Fact],
    language: str,
    config: GenerateConfig,
) -> AcceptedFacts:
    """Keep the facts that stand in the passage; those of earlier replies are no news."""
    sifted = AcceptedFacts()
    before = {fact.id: fact.statement for fact in known}
    ids = set(before)
    for item in objects:
        candidate = _candidate(item, passage, language, config)
        fault = next(_faults(candidate), None)
        fact = None if fault else _fact(candidate, passage)
        if fact and before.get(fact.id) == fact.statement:
            continue
        if fact and fact.id in ids:
            fault = GenerateReason.REPEATED_FACT, fact.statement
        if fault:
            sifted.rejections.append(dropped(passage.id, *fault, item))
            if candidate.is_translated and fault[0] not in _FINAL:
                sifted.mendable.append(sifted.rejections[-1])
        elif fact:
            sifted.facts.append(fact)
            ids.add(fact.id)
            sifted.rejections += [
                dropped(passage.id, reason, alias, item)
                for alias, reason in _aliases(candidate)
                if reason
            ]
            unsaid = [point for point in candidate.points if point not in candidate.points_said]
            sifted.rejections += [
                dropped(passage.id, GenerateReason.UNSAID_POINT, point, item) for point in unsaid
            ]
    sifted.mendable = sifted.mendable[:MAX_HANDED_BACK]
    return sifted


def _candidate(
    item: Mapping[str, Any], passage: Passage, language: str, config: GenerateConfig
) -> FactCandidate:
    is_translated = not is_same_language(language, passage.document.language)
    return FactCandidate(
        fields={name: text_of(item.get(name)) for name in (*REQUIRED, "qualifier", "kind")},
        original=text_of(item.get("original")) if is_translated else "",
        aliases=texts_of(item.get("aliases")),
        points=texts_of(item.get("points"))[:MAX_POINTS] if config.explanations else (),
        shown=shown_text(passage),
        language=language,
        is_translated=is_translated,
        config=config,
    )


def shown_text(passage: Passage) -> str:
    """Return all that a teacher sees of a passage: title, headings and text."""
    return "\n".join([passage.document.title, *passage.headings, passage.text])


def _faults(candidate: FactCandidate) -> Faults:
    fields = candidate.fields
    missing = [name for name in REQUIRED if not fields[name]]
    if missing:
        yield GenerateReason.NO_FIELD, ", ".join(missing)
    yield from _faults_of_length(candidate)
    support = support_of(fields["quote"], candidate.shown)
    if not support:
        yield GenerateReason.NO_QUOTE, fields["quote"]
    if len(letters(fields["quote"]).replace(" ", "")) < MIN_QUOTE_LETTERS:
        yield GenerateReason.SHORT_QUOTE, fields["quote"]
    yield from _faults_of_answer(candidate, support)
    if is_deictic(fields["statement"], candidate.language):
        yield GenerateReason.DEICTIC, fields["statement"]
    if is_other_language(fields["statement"], candidate.language):
        yield GenerateReason.OTHER_LANGUAGE, fields["statement"]


def _faults_of_answer(candidate: FactCandidate, support: str) -> Faults:
    """Yield what is wrong with the answer, without aliases: with a true one any would pass.

    Where two languages are concerned, the answer is checked by its original, if there is one.
    """
    fields = candidate.fields
    answer = candidate.original or fields["answer"]
    if candidate.explains and not candidate.is_translated:
        yield from _faults_of_explanation(answer, candidate.points_said, support)
        return
    is_quoted = is_supported_by([answer], support)
    if candidate.is_translated and not candidate.original and not is_quoted:
        yield GenerateReason.NO_FIELD, "original"
    if not is_supported_by([answer], candidate.shown):
        yield GenerateReason.NO_SUPPORT, answer
    if not is_quoted:
        yield GenerateReason.NOT_QUOTED, answer
    if candidate.is_translated:
        yield from _faults_of_translation(fields["answer"], answer, candidate.language)


def _faults_of_explanation(answer: str, points: Sequence[str], support: str) -> Faults:
    """Yield what of an explanation the quote does not say: it need not repeat it word for word."""
    if is_supported_by([answer], support):
        return
    unsaid = [one for one in (*key_points(answer), *points) if not share_said(support, [one])]
    if unsaid:
        yield GenerateReason.NOT_QUOTED, unsaid[0]


def _faults_of_translation(answer: str, original: str, language: str) -> Faults:
    if not has_same_figures(original, answer):
        yield GenerateReason.OTHER_FIGURES, f"{answer} | {original}"
    is_copied = letters(answer) == letters(original)
    if is_copied and not is_of_names(answer) and is_other_language(answer, language):
        yield GenerateReason.OTHER_LANGUAGE, answer


def _faults_of_length(candidate: FactCandidate) -> Faults:
    """Yield what is too long, before anything is looked for in anything."""
    most, room = candidate.config.max_question_chars, 0
    if candidate.explains:
        room = MAX_EXPLANATION_CHARS
        words = len(candidate.fields["answer"].split())
        if words > MAX_EXPLANATION_WORDS:
            yield GenerateReason.TOO_LONG, f"answer of {words} words"
    longest = {
        "quote": MAX_QUOTE_CHARS,
        "answer": max(candidate.config.max_answer_chars, room),
        "statement": most + room,
        **dict.fromkeys(("subject", "relation", "qualifier", "kind"), most),
    }
    if len(candidate.original) > longest["answer"]:
        yield GenerateReason.TOO_LONG, "original"
    for name, chars in longest.items():
        if len(candidate.fields[name]) > chars:
            yield GenerateReason.TOO_LONG, name


def _fact(candidate: FactCandidate, passage: Passage) -> Fact:
    fields = dict(candidate.fields)
    fields["quote"] = quoted(fields["quote"], candidate.shown) or fields["quote"]
    fields["kind"] = fields["kind"].lower()
    aliases = [alias for alias, reason in _aliases(candidate) if reason is None]
    if candidate.original not in ("", fields["answer"], *aliases):
        aliases.append(candidate.original)
    return Fact.of(
        document=passage.document.id,
        aliases=tuple(aliases),
        points=candidate.points_said if candidate.explains else (),
        **fields,
    )


def _aliases(candidate: FactCandidate) -> Iterator[tuple[str, GenerateReason | None]]:
    """Yield the other ways to give the answer, each with the reason to drop it, or None."""
    kept = 0
    for alias in candidate.aliases:
        if alias == candidate.fields["answer"]:
            continue
        if kept >= MAX_ALIASES or len(alias) > candidate.config.max_answer_chars:
            yield alias[: candidate.config.max_answer_chars], GenerateReason.EXCESS_ALIAS
        elif _is_empty(alias, candidate):
            yield alias, GenerateReason.EMPTY_ALIAS
        else:
            kept += 1
            yield alias, None


def _is_empty(alias: str, candidate: FactCandidate) -> bool:
    """Tell whether an alias names nothing: *qualquer um*, or a letter that the answer has not.

    An answer of such words (*yes*, *The Who*) may be given in others of them.
    """
    answer, plain = candidate.fields["answer"], normalise(alias)
    if not plain or names_nothing(answer, candidate.language):
        return not plain
    if len(plain) == 1 and plain.isascii() and not plain.isdigit():
        return alias.strip() not in answer.split()
    return names_nothing(alias, candidate.language)
