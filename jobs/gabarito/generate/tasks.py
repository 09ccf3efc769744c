"""Asking until an item has what it needs: the facts of a passage, the wordings of a fact, names."""

from collections.abc import Iterator, Sequence

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Question, Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import AcceptedFacts, accept_facts
from gabarito.generate.names import NameFilter
from gabarito.generate.passages import Passage
from gabarito.generate.prompts import (
    facts_prompt,
    names_prompt,
    questions_prompt,
    refused_facts_prompt,
    verify_prompt,
    with_explanations,
)
from gabarito.generate.questions import QuestionFilter
from gabarito.generate.replies import UNFORESEEN, Reading
from gabarito.generate.results import Call, FactResult, PassageResult, Task, dropped
from gabarito.generate.teachers.second_opinion import MOST_AT_ONCE, Opinion, doubts_of, opinions_of
from gabarito.generate.teachers.teacher import Teacher

ENOUGH = 0.05
"""A round that adds a smaller share than this to what was found is the last one."""

NAMES_AT_ONCE = 150


class Tasks:
    """Asks one teacher by one set of settings, and another, or the same, for second opinions."""

    def __init__(
        self, teacher: Teacher, config: GenerateConfig, second: Teacher | None = None
    ) -> None:
        self._teacher = teacher
        self._second = second
        self._config = config

    def extract_facts(self, passage: Passage) -> PassageResult:
        """Ask for the facts of a passage, round by round, until a round adds next to nothing."""
        facts: list[Fact] = []
        rejections: list[Rejection] = []
        calls: list[Call] = []
        for round_ in range(self._config.extraction_rounds):
            before = len(facts)
            for call, refused in self._extraction_round(passage, facts, round_):
                calls.append(call)
                rejections += refused
            is_refused = calls[-1].status == "useless"  # as often as it may be asked
            if is_refused or (round_ and len(facts) - before < ENOUGH * before):
                break
        doubts = self._second_opinions(passage, facts, calls)
        if self._config.verify.on_doubt == "drop":
            rejections += doubts
            dropped_facts = {doubt.item for doubt in doubts}
            facts = [fact for fact in facts if fact.id not in dropped_facts]
        return PassageResult(
            passage=passage.id,
            facts=tuple(FactResult(fact=fact) for fact in facts),
            rejections=tuple(rejections),
            calls=tuple(calls),
            doubts=tuple(doubts),
        )

    def write_questions(
        self, fact: Fact, language: str, given: Sequence[Question] = ()
    ) -> FactResult:
        """Ask for the wordings of a fact until none is missing, or often enough.

        ``given`` are those that people wrote: they come first, and are not written again.
        """
        spoken = self._config.language or language
        wordings = QuestionFilter(fact, spoken, self._config, list(given))
        broken: list[Rejection] = []
        calls: list[Call] = []
        names = {family.name for family in self._config.families.all}
        for attempt in range(1, self._config.attempts + 1):
            if not wordings.wanted:
                break
            messages = questions_prompt(wordings, attempt)
            reading, call = self._teacher.ask("questions", fact.id, attempt, messages, names)
            before = len(wordings.questions)
            try:
                wordings.accept(reading.objects)
            except UNFORESEEN as error:
                broken.append(_unforeseen(error, reading, fact.id))
            calls.append(_with_kept(call, len(wordings.questions) - before))
            broken += _broken(reading, fact.id)
        return FactResult(
            fact=fact,
            questions=tuple(wordings.questions),
            rejections=(*wordings.rejections, *broken),
            calls=tuple(calls),
        )

    def expand_names(
        self, name_filter: NameFilter, language: str
    ) -> tuple[list[Call], list[Rejection]]:
        """Ask for the other spellings of the names of a kind, and for names like them."""
        calls: list[Call] = []
        rejections: list[Rejection] = []
        for start in range(0, len(name_filter.names), NAMES_AT_ONCE):
            part = name_filter.names[start : start + NAMES_AT_ONCE]
            near_misses = 0 if start else self._config.near_misses
            for attempt in range(1, self._config.attempts + 1):
                messages = names_prompt(name_filter, part, language, attempt, near_misses)
                reading, call = self._teacher.ask("names", name_filter.kind, attempt, messages)
                before = name_filter.kept
                try:
                    rejections += name_filter.accept(reading.objects)
                except UNFORESEEN as error:
                    rejections.append(_unforeseen(error, reading, name_filter.kind))
                rejections += _broken(reading, name_filter.kind)
                calls.append(_with_kept(call, name_filter.kept - before))
                if not (reading.is_useless or reading.is_cut):
                    break
        return calls, rejections

    def _second_opinions(
        self, passage: Passage, facts: Sequence[Fact], calls: list[Call]
    ) -> list[Rejection]:
        """Return which facts a second opinion does not confirm; adds what it took to ``calls``."""
        doubts: list[Rejection] = []
        if self._second is None:
            return doubts
        for start in range(0, len(facts), MOST_AT_ONCE):
            numbered = dict(enumerate(facts[start : start + MOST_AT_ONCE], start=1))
            opinions: dict[int, Opinion] = {}
            for attempt in range(1, self._config.attempts + 1):
                missing = {n: fact for n, fact in numbered.items() if n not in opinions}
                if not missing:
                    break
                messages = verify_prompt(passage, missing, attempt)
                reading, call = self._second.ask("verify", passage.id, attempt, messages)
                given = opinions_of(reading.objects, missing)
                opinions |= given
                calls.append(_with_kept(call, len(given)))
            doubts += doubts_of(numbered, opinions)
        return doubts

    def _extraction_round(
        self, passage: Passage, facts: list[Fact], round_: int
    ) -> Iterator[tuple[Call, list[Rejection]]]:
        """Add what one round finds to ``facts``; a cut or useless reply is asked for again.

        Refused facts that can be mended are handed back once. As many of them as the reply has
        objects are judged by those; the others count as refused.
        """
        task: Task = "missed" if round_ else "facts"
        language = self._config.language or passage.document.language
        handed: list[Rejection] = []
        for number in range(1, self._config.attempts + 1):
            attempt = number + max(round_ - 1, 0) * self._config.attempts
            messages = (
                refused_facts_prompt(passage, language, task, attempt, handed)
                if handed
                else facts_prompt(passage, language, attempt, facts, missed=bool(round_))
            )
            if self._config.explanations:
                messages = with_explanations(messages)
            reading, call = self._teacher.ask(task, passage.id, attempt, messages)
            try:
                sifted = accept_facts(reading.objects, passage, facts, language, self._config)
            except UNFORESEEN as error:
                sifted = AcceptedFacts(rejections=[_unforeseen(error, reading, passage.id)])
            facts += sifted.facts
            kept = len(sifted.facts)
            is_unread = reading.is_useless or reading.is_cut
            is_last = handed or is_unread or number == self._config.attempts
            refused = handed[len(reading.objects) :]
            handed = [] if is_last else sifted.mendable
            refused += [item for item in sifted.rejections if item not in handed]
            yield _with_kept(call, kept), [*refused, *_broken(reading, passage.id)]
            if not (is_unread or handed):
                return


def _with_kept(call: Call, kept: int) -> Call:
    return call.model_copy(update={"kept": kept})


def _broken(reading: Reading, item: str) -> Sequence[Rejection]:
    return [dropped(item, reason, raw=raw) for reason, raw in reading.broken]


def _unforeseen(error: Exception, reading: Reading, item: str) -> Rejection:
    """Return the record of a reply whose objects could be read, but not understood."""
    detail = f"{type(error).__name__}: {error}"
    return dropped(item, GenerateReason.UNREADABLE, detail, {"objects": reading.objects})
