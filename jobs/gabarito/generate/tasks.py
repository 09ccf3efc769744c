"""Asking until an item has what it needs: the facts of a passage, the wordings of a fact, names."""

from collections.abc import Iterator, Sequence

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import AcceptedFacts, accept_facts
from gabarito.generate.names import NameFilter
from gabarito.generate.passages import Passage
from gabarito.generate.prompts import facts_prompt, names_prompt, questions_prompt
from gabarito.generate.questions import QuestionFilter
from gabarito.generate.replies import UNFORESEEN, Reading
from gabarito.generate.results import Call, FactResult, PassageResult, Task, dropped
from gabarito.generate.teacher import Teacher

ENOUGH = 0.05
"""A look that adds a smaller share than this to what was found is the last one."""

NAMES_AT_ONCE = 150


class Tasks:
    """Asks one teacher by one set of settings."""

    def __init__(self, teacher: Teacher, config: GenerateConfig) -> None:
        self._teacher = teacher
        self._config = config

    def extract_facts(self, passage: Passage) -> PassageResult:
        """Look at a passage until a look adds next to nothing."""
        facts: list[Fact] = []
        rejections: list[Rejection] = []
        calls: list[Call] = []
        for look in range(self._config.extraction_rounds):
            before = len(facts)
            for call, refused in self._look(passage, facts, look):
                calls.append(call)
                rejections += refused
            is_refused = calls[-1].status == "useless"  # as often as it may be asked
            if is_refused or (look and len(facts) - before < ENOUGH * before):
                break
        return PassageResult(
            passage=passage.id,
            facts=tuple(FactResult(fact=fact) for fact in facts),
            rejections=tuple(rejections),
            calls=tuple(calls),
        )

    def write_questions(self, fact: Fact, language: str) -> FactResult:
        """Ask for the wordings of a fact until none is missing, or often enough."""
        wordings = QuestionFilter(fact, self._config.language or language, self._config)
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
                messages = names_prompt(name_filter.kind, part, language, attempt, near_misses)
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

    def _look(
        self, passage: Passage, facts: list[Fact], look: int
    ) -> Iterator[tuple[Call, list[Rejection]]]:
        """Add what one look finds to ``facts``; a cut or useless reply is asked for again."""
        task: Task = "missed" if look else "facts"
        language = self._config.language or passage.document.language
        for number in range(1, self._config.attempts + 1):
            attempt = number + max(look - 1, 0) * self._config.attempts
            messages = facts_prompt(passage, language, attempt, facts, missed=bool(look))
            reading, call = self._teacher.ask(task, passage.id, attempt, messages)
            try:
                sifted = accept_facts(reading.objects, passage, facts, language, self._config)
            except UNFORESEEN as error:
                sifted = AcceptedFacts(rejections=[_unforeseen(error, reading, passage.id)])
            facts += sifted.facts
            kept = len(sifted.facts)
            yield _with_kept(call, kept), [*sifted.rejections, *_broken(reading, passage.id)]
            if not (reading.is_useless or reading.is_cut):
                return


def _with_kept(call: Call, kept: int) -> Call:
    return call.model_copy(update={"kept": kept})


def _broken(reading: Reading, item: str) -> Sequence[Rejection]:
    return [dropped(item, reason, raw=raw) for reason, raw in reading.broken]


def _unforeseen(error: Exception, reading: Reading, item: str) -> Rejection:
    """Return the record of a reply whose objects could be read, but not understood."""
    detail = f"{type(error).__name__}: {error}"
    return dropped(item, GenerateReason.UNREADABLE, detail, {"objects": reading.objects})
