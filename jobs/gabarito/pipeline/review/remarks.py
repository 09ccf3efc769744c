"""What the checks of the stages said of each fact, of its wordings and of its document."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from gabarito.core.account_records import Account
from gabarito.core.coverage import Coverage, DocumentCoverage
from gabarito.core.pair_records import GIVEN
from gabarito.core.reasons import CurateReason
from gabarito.core.records import Fact, FamilySplits, PairsInfo, Question, Record, Rejection
from gabarito.core.text import printable
from gabarito.ingest.blocks import counted
from gabarito.pipeline.show.made import Made

MAX_SHOWN_CHARS = 400
MAX_OF_A_DOCUMENT = 40
"""A page of a thousand dropped pieces would hide the fact that it is shown with."""

_TOLD_ELSEWHERE = frozenset(
    {
        CurateReason.STRUCK,
        CurateReason.STRUCK_WORDING,
        CurateReason.CORRECTED,
        CurateReason.FACT_DROPPED,
    }
)
"""What a decision did in an earlier run follows from its line, as long as it stands; why a fact was
dropped is said of the fact, not of each of its questions.
"""

About = Literal["fact", "wording", "passage", "document"]


class Remark(Record):
    """One thing that a check said: about what, which stage, a constant phrase, the particulars."""

    about: About
    stage: str
    said: str
    detail: str = ""
    text: str = ""


class Remarks:
    """All that was said, by fact and by document; ``fates`` are those of questions by their id."""

    def __init__(self) -> None:
        self._facts: dict[str, list[Remark]] = defaultdict(list)
        self._documents: dict[str, list[Remark]] = defaultdict(list)
        self.fates: dict[str, str] = {}
        """What became of each question that is not in the dataset."""
        self.doubted: set[str] = set()
        """The facts that a second opinion does not confirm."""

    def about(self, fact: Fact) -> tuple[Remark, ...]:
        """Return what was said of a fact, then of its document."""
        of_document = self._documents.get(fact.document, [])[:MAX_OF_A_DOCUMENT]
        return (*self._facts.get(fact.id, ()), *of_document)

    def count(self, fact: str) -> int:
        """Return how much was said of a fact itself and its wordings."""
        return len(self._facts.get(fact, ()))

    def add_ledger(self, ledger: Iterable[Rejection], made: "Items") -> None:
        """Add what a stage dropped."""
        for one in ledger:
            if one.reason in _TOLD_ELSEWHERE:
                continue
            if fact := made.questions.get(one.item):
                self.fates[one.item] = ": ".join(filter(None, (one.reason, one.detail)))
                self._facts[fact].append(_remark("wording", one))
            elif one.item in made.facts:
                about: About = "fact" if one.stage == "curate" else "wording"
                self._facts[one.item].append(_remark(about, one))
            elif document := made.passages.get(one.item):
                self._documents[document].append(_remark("passage", one))

    def add_doubts(self, doubts: Iterable[Rejection], made: "Items") -> None:
        """Add why a second opinion does not confirm facts that were kept all the same."""
        for one in doubts:
            if one.item in made.facts:
                self.doubted.add(one.item)
                self._facts[one.item].insert(0, _remark("fact", one))

    def add_lacking(self, questions: Mapping[str, Sequence[Question]], info: PairsInfo) -> None:
        """Add which families of wordings a fact has none of; a person's own need no other."""
        names = [name for name in split_of_families(info.families) if name != GIVEN]
        for fact, asked in questions.items():
            have = {question.family for question in asked}
            if have == {GIVEN}:
                continue
            if lacking := [name for name in names if name not in have]:
                said = f"has {len(names) - len(lacking)} of {len(names)} wordings"
                remark = Remark(
                    about="fact",
                    stage="generate",
                    said=said,
                    detail=f"none in {', '.join(lacking)}",
                )
                self._facts[fact].append(remark)

    def add_accounts(self, accounts: Iterable[Account]) -> None:
        """Add what reading a document left out or found odd, and how much of it is OCR's."""
        for account in accounts:
            self._documents[account.document] += _of_account(account)

    def add_coverage(self, coverage: Coverage) -> None:
        """Add how much of a document the facts stand for."""
        for one in coverage.by_document:
            self._documents[one.document].append(_of_coverage(one))


class Items:
    """What the items of a ledger are: facts, questions by their fact, passages by document."""

    def __init__(self, made: Made, questions: Iterable[Question], facts: Iterable[str]) -> None:
        self.facts = frozenset(facts)
        self.questions = {question.id: question.fact for question in questions}
        self.passages = {passage.id: passage.document.id for passage in made.passages()}


def split_of_families(families: FamilySplits) -> dict[str, str]:
    """Return on which side of the split each family of wordings is."""
    return {name: split for split, names in families for name in names}


def _remark(about: About, one: Rejection) -> Remark:
    return Remark(
        about=about,
        stage=one.stage,
        said=one.reason,
        detail=printable(one.detail, MAX_SHOWN_CHARS),
        text=printable(one.raw, MAX_SHOWN_CHARS),
    )


def _of_account(account: Account) -> Iterator[Remark]:
    def said(phrase: str, detail: str = "", text: str = "") -> Remark:
        return Remark(about="document", stage="ingest", said=phrase, detail=detail, text=text)

    for finding in account.findings:
        yield said(finding.kind, finding.said)
    if ocr := account.by_ocr:
        yield said("read by OCR", f"{ocr.words} words, {100 * ocr.confidence:.0f} % sure")
    for one in account.left_out:
        left = counted(one.why, one.count, is_words=one.is_words)
        yield said("left out", left, one.sample)


def _of_coverage(one: DocumentCoverage) -> Remark:
    return Remark(
        about="document",
        stage="generate",
        said=f"{one.sentences.count} of {one.sentences.total} sentences support a fact",
        detail=f"in no fact: {' · '.join(one.missing)}" if one.missing else "",
    )
