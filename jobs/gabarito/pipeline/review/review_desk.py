"""The facts of a run on a desk: found by text, document and state, each with all that is known."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from gabarito.core.account_records import Account
from gabarito.core.coverage import Coverage
from gabarito.core.errors import MissingError
from gabarito.core.records import Fact, PairsInfo, Question, Rejection
from gabarito.curate.corrections import CorrectionLine
from gabarito.pipeline.review.corrections_file import LinesByFact
from gabarito.pipeline.review.excerpt import Excerpts
from gabarito.pipeline.review.fact_sheet import (
    FactRow,
    FactSheet,
    State,
    decisions_of,
    outcome_of,
    questions_of,
)
from gabarito.pipeline.review.remarks import Items, Remarks, split_of_families
from gabarito.pipeline.show.made import Made

_DROPPING = ("generate", "curate")
_DOUBTS = "doubts.jsonl"
"""Written by generate where ``verify.on_doubt`` is set."""

_ACCENTS = re.compile("[\u0300-\u036f]")


class Desk:
    """The facts that generate made in one run, and what was decided of them so far."""

    def __init__(self, made: Made, decided: LinesByFact, name: str) -> None:
        """Read a run; ``name`` is that of the file of decisions, for messages.

        Raises:
            MissingError: if generate is not finished, or made no facts.
        """
        self.run = made.run
        self._decided = decided
        self._name = name
        self._states: dict[str, tuple[tuple[CorrectionLine, ...], State]] = {}
        self.facts = {fact.id: fact for fact in made.facts("generate")}
        if not self.facts:
            raise MissingError(
                f"run {made.run.run}: generate made no facts, so there is nothing to review; "
                "gabarito show ledger says what was dropped"
            )
        self._questions: dict[str, list[Question]] = defaultdict(list)
        for question in made.questions("generate"):
            self._questions[question.fact].append(question)
        self._documents = made.documents
        info = made.finished("generate").record("pairs.json", PairsInfo)
        self._splits = split_of_families(info.families)
        self._remarks = _remarks(made, self.facts, self._questions, info)
        doubted = self._remarks.doubted  # they come first
        self.facts = dict(sorted(self.facts.items(), key=lambda one: one[0] not in doubted))
        settings = made.run.pipeline.generate
        self._excerpts = Excerpts(made.documents, settings.max_chars if settings else 0)

    @property
    def sources(self) -> list[str]:
        """The names of the documents that facts are of, in their order."""
        of_facts = {fact.document for fact in self.facts.values()}
        named = [one.source for one in self._documents.values() if one.id in of_facts]
        given = (fact.given.source for fact in self.facts.values() if fact.given)
        return list(dict.fromkeys((*named, *given)))

    @property
    def gone(self) -> tuple[int, ...]:
        """The numbers of the lines about facts that are not in this run: curate refuses them."""
        strange = [fact for fact in self._decided.facts if fact not in self.facts]
        return tuple(sorted(number for fact in strange for number, _ in self._decided.about(fact)))

    def find(self, text: str = "", document: str = "", state: str = "") -> list[str]:
        """Return the ids of the facts with all these words, of such a document, in this state.

        Case and accents do not count. A state may also be ``remarks``: a check said something.
        """
        words = folded(text).split()
        named = folded(document).strip()
        return [
            fact
            for fact in self.facts
            if (not state or self._is(fact, state))
            and (not named or named in self._place(self.facts[fact]))
            and all(word in self._texts[fact] or word == fact for word in words)
        ]

    def states(self) -> dict[str, int]:
        """Return how many facts are in each state."""
        decided = (fact for fact in self._decided.facts if fact in self.facts)
        found: Counter[str] = Counter(map(self._state, decided))
        found["open"] = len(self.facts) - found.total()
        remarked = sum(bool(self._remarks.count(fact)) for fact in self.facts)
        return {**found, "remarks": remarked}

    def row(self, fact: str) -> FactRow:
        """Return what a list shows of a fact."""
        before = self.facts[fact]
        asked = self._questions.get(fact, ())
        outcome = outcome_of(before, asked, self._decided.about(fact), self._name)
        return FactRow(
            id=fact,
            state=outcome.state,
            statement=outcome.now.statement,
            answer=outcome.now.answer,
            source=self._source(before),
            remarks=self._remarks.count(fact),
        )

    def sheet(self, fact: str) -> FactSheet:
        """Return all that is known of a fact."""
        before, asked = self.facts[fact], self._questions.get(fact, [])
        lines = self._decided.about(fact)
        outcome = outcome_of(before, asked, lines, self._name)
        document = self._documents.get(before.document)
        return FactSheet(
            row=self.row(fact),
            fact=before,
            now=outcome.now,
            title=document.title if document else "",
            url=document.url if document else "",
            language=document.language if document else "",
            excerpt=self._excerpts.of(before),
            questions=questions_of(outcome, asked, self._splits, self._remarks.fates),
            remarks=self._remarks.about(before),
            decisions=decisions_of(lines),
            problem=outcome.problem,
        )

    def has_wording(self, fact: str, text: str) -> bool:
        """Tell whether generate wrote such a wording of a fact."""
        return any(one.text == text for one in self._questions.get(fact, ()))

    def sheets(self) -> Iterator[FactSheet]:
        """Yield the sheets of all facts."""
        return map(self.sheet, self.facts)

    def _is(self, fact: str, state: str) -> bool:
        if state == "remarks":
            return self._remarks.count(fact) > 0
        if state == "decided":
            return bool(self._decided.about(fact))
        return self._state(fact) == state

    def _state(self, fact: str) -> State:
        """Return what was decided of a fact; it is worked out once for the same lines."""
        lines = tuple(self._decided.about(fact))
        if not lines:
            return "open"
        known = self._states.get(fact)
        if known is None or known[0] != lines:
            asked = self._questions.get(fact, ())
            known = lines, outcome_of(self.facts[fact], asked, lines, self._name).state
            self._states[fact] = known
        return known[1]

    def _source(self, fact: Fact) -> str:
        if fact.given:
            return fact.given.source
        document = self._documents.get(fact.document)
        return document.source if document else fact.document

    def _place(self, fact: Fact) -> str:
        if fact.given:
            return folded(f"{fact.given.source}\n{fact.given.row}")
        return self._places.get(fact.document, "")

    @cached_property
    def _places(self) -> Mapping[str, str]:
        found = self._documents.values()
        return {one.id: folded(f"{one.id}\n{one.source}\n{one.title}") for one in found}

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        return {fact.id: self._text_of(fact) for fact in self.facts.values()}

    def _text_of(self, fact: Fact) -> str:
        own = (fact.statement, fact.answer, *fact.aliases, fact.quote, fact.subject)
        asked = (question.text for question in self._questions.get(fact.id, ()))
        return folded("\n".join((*own, fact.relation, fact.qualifier, *asked)))


def folded(text: str) -> str:
    """Return a text without case and accents, as the page's own search compares them."""
    return _ACCENTS.sub("", unicodedata.normalize("NFD", text)).lower()


def _remarks(
    made: Made,
    facts: Mapping[str, Fact],
    questions: Mapping[str, Sequence[Question]],
    info: PairsInfo,
) -> Remarks:
    """Collect what the stages said; of curate only if it is finished."""
    remarks = Remarks()
    remarks.add_lacking({fact: questions.get(fact, ()) for fact in facts}, info)
    every = (question for asked in questions.values() for question in asked)
    items = Items(made, every, facts)
    generated = made.finished("generate")
    if _DOUBTS in generated.manifest.files:
        remarks.add_doubts(generated.records(_DOUBTS, Rejection), items)
    for artifact in filter(None, map(made.find, _DROPPING)):
        remarks.add_ledger(artifact.records("ledger.jsonl", Rejection), items)
    remarks.add_accounts(made.finished("ingest").records("accounts.jsonl", Account))
    remarks.add_coverage(generated.record("coverage.json", Coverage))
    return remarks
