"""Rows to pairs: what a row lacks, which rows say the same, and which contradict each other."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gabarito.answer_match import is_match, normalise
from gabarito.core.pair_records import Pair
from gabarito.core.reasons import PairReason, rejected
from gabarito.core.records import Rejection, digest_of
from gabarito.ingest.pairs.pair_tables import TableRow
from gabarito.ingest.pairs.pair_text import is_broken
from gabarito.ingest.pairs.pairs_source import PairsSource

CURES = {
    PairReason.EMPTY_CELL: "fill it in, or remove the row",
    PairReason.BROKEN_ENCODING: "write the row anew, or set encoding of the source",
    PairReason.OTHER_CELLS: "put cells that hold the separator in quotation marks",
    PairReason.UNREADABLE_ROW: "write it as one JSON object on a line, with a text for each",
    PairReason.NO_TABLE: "save it as csv, or take it out of the folder",
    PairReason.LONG_AS_A_PAGE: "shorten it, or raise max_chars of the source",
    PairReason.TWO_ANSWERS: "keep the row that is right",
}
"""What to do about a row that was dropped; one that stands there twice needs nothing."""

_SHOWN_CHARS = 200

GroupKey = tuple[str, str]


@dataclass(frozen=True)
class PairRow:
    """A row that can be used; ``place`` is its file and number."""

    place: str
    question: str
    answer: str
    id: str = ""
    source: str = ""
    group: str = ""
    language: str = ""
    table: str = ""
    """The source's path: groups of two sources have nothing to do with each other."""

    @property
    def key(self) -> GroupKey:
        """What it shares with the rows of its group; a row without one is alone."""
        return (self.table, self.group) if self.group else ("", self.place)


@dataclass
class PairRows:
    """The rows that can be used, and what became of the others."""

    kept: list[PairRow] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    total: int = 0

    def add(self, rows: Iterable[TableRow], name: str, source: PairsSource) -> None:
        """Take the rows of one table, by the columns that the source names."""
        for row in rows:
            self.total += row.number > 0
            place = f"{name}:{row.number}" if row.number else name
            cells = {
                setting: _cell(row.cells.get(column, ""))
                for setting, column in source.columns.items()
            }
            flaw = row.flaw or _nested(row, source) or _flaw(cells, source)
            if flaw:
                text = " | ".join(map(_cell, row.cells.values()))[:_SHOWN_CHARS]
                self.rejections.append(rejected(flaw[0], place, flaw[1], text))
                continue
            language = source.language or ""
            self.kept.append(PairRow(place, **cells, language=language, table=source.path))


def pairs_of(rows: Sequence[PairRow]) -> tuple[list[Pair], list[Rejection]]:
    """Put rows of one group together; drop what stands there twice or has two answers."""
    once, rejections, joined = _settled(rows)
    groups: dict[GroupKey, list[PairRow]] = defaultdict(list)
    for row in once:
        groups[_joined_to(row.key, joined)].append(row)
    pairs = []
    for group in groups.values():
        others = [row for row in group if not _is_same_answer(group[0], row)]
        if others:
            rejections += _disputed(group)
        else:
            pairs.append(_pair(group))
    return pairs, rejections


def _cell(text: str) -> str:
    """Return a cell letter for letter, in composed letters, without white space around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", lines).strip()


def _nested(row: TableRow, source: PairsSource) -> tuple[PairReason, str] | None:
    column = next((one for one in (source.question, source.answer) if one in row.nested), None)
    return (PairReason.UNREADABLE_ROW, f"{column}: several values, not a text") if column else None


def _flaw(cells: dict[str, str], source: PairsSource) -> tuple[PairReason, str] | None:
    """Return what is wrong with a row's question or answer, or None."""
    for setting in ("question", "answer"):
        text, column = cells[setting], source.columns[setting]
        if not text or (setting == "question" and not normalise(text)):
            return PairReason.EMPTY_CELL, f"{setting} ({column})"
        if is_broken(text):
            return PairReason.BROKEN_ENCODING, f"{column}: {text[:_SHOWN_CHARS]}"
        if len(text) > source.max_chars:
            said = f"{column}: {len(text):,} characters, at most {source.max_chars:,} wanted"
            return PairReason.LONG_AS_A_PAGE, said
    return None


def _joined_to(key: GroupKey, joined: Mapping[GroupKey, GroupKey]) -> GroupKey:
    while key in joined:
        key = joined[key]
    return key


def _settled(
    rows: Sequence[PairRow],
) -> tuple[list[PairRow], list[Rejection], dict[GroupKey, GroupKey]]:
    """Keep each question once, in the order of its first row, and none that has two answers.

    Groups that share a question are about one fact: also returns which is joined to which.
    """
    groups: dict[str, list[PairRow]] = defaultdict(list)
    for row in rows:
        groups[normalise(row.question)].append(row)
    kept: list[PairRow] = []
    rejections: list[Rejection] = []
    joined: dict[GroupKey, GroupKey] = {}
    for group in groups.values():
        first, *others = group
        if not all(_is_same_answer(first, row) for row in others):
            rejections += _disputed(group)
            continue
        kept.append(first)
        for row in others:
            said = f"as {first.place}"
            rejections.append(rejected(PairReason.REPEATED_ROW, row.place, said, row.question))
            own, other = _joined_to(row.key, joined), _joined_to(first.key, joined)
            if own != other:
                joined[own] = other
    return kept, rejections, joined


def _disputed(group: Sequence[PairRow]) -> list[Rejection]:
    """Return the record of each row: nobody can tell which of the answers is right."""
    return [
        rejected(PairReason.TWO_ANSWERS, row.place, _against(row, group), row.question)
        for row in group
    ]


def _against(row: PairRow, group: Sequence[PairRow]) -> str:
    other = next((one for one in group if not _is_same_answer(row, one)), row)
    return f"{row.answer!r:.80}, but {other.answer!r:.80} at {other.place}"


def _is_same_answer(one: PairRow, other: PairRow) -> bool:
    return one.answer == other.answer or is_match(one.answer, other.answer)


def _pair(group: Sequence[PairRow]) -> Pair:
    first = group[0]
    file, _, _ = first.place.rpartition(":")
    return Pair(
        id=first.id or digest_of(first.question, first.answer),
        questions=tuple(row.question for row in group),
        answer=first.answer,
        source=first.source or file,
        row=first.place,
        group=first.group,
        language=first.language,
    )
