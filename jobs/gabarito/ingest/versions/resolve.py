"""Which of the documents that say the same, or nearly, stay."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from hashlib import blake2b
from itertools import product

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import KeptVersions
from gabarito.ingest.page import fold, pieces_of
from gabarito.ingest.versions.dating import Newer, newer_of
from gabarito.ingest.versions.likeness import Likeness, WordSketch
from gabarito.ingest.versions.origin import Origin
from gabarito.ingest.versions.subjects import have_other_names, have_other_titles, may_be_others
from gabarito.ingest.versions.word_alignment import Alignment, align
from gabarito.ingest.versions.word_list import WordList, folded_words

MAX_ALIGNED_CHARS = 10_000_000
"""Longer texts, of some 4,000 pages, are not compared word by word: that would fill the memory."""

_LIKE = 0.5
"""Likeness of long texts from which they are versions: a tenth of their words may differ."""

_TOO_LONG = "much alike, but too long to be compared word by word; take one of them out"

_MOST_ORIGINS = 3
"""Of how many documents of the same words it is asked what tells their version."""


@dataclass(frozen=True)
class VersionVerdict:
    """What there is to say of one document; ``other`` is the number of the one it is compared to.

    Of a document that goes, ``other`` is one that stays in its place; one with a conflict stays.
    """

    reason: IngestReason
    other: int
    detail: str

    @property
    def is_kept(self) -> bool:
        """Tell whether the document stays."""
        return self.reason is IngestReason.CONFLICT


class _Kind(Enum):
    SAME = auto()
    INSIDE = auto()
    OLDER = auto()
    CONFLICT = auto()


@dataclass(frozen=True)
class _Relation:
    """How the first of two documents stands to the second, by their numbers."""

    kind: _Kind
    first: int
    second: int
    told: str = ""
    is_certain: bool = True


class Versions:
    """All documents, each by a sketch; after the last one it is decided which of them stay.

    It holds about a kilobyte for each, however long it is.
    """

    def __init__(self, least_shared: float, kept: KeptVersions) -> None:
        self._least_shared = least_shared
        self._keeps_all = kept == "all"
        self._origins: list[Origin] = []
        self._texts: list[bytes] = []
        """A digest of each text, its white space and case left out."""
        self._firsts: list[int] = []
        """The first document of the same words, for each."""
        self._by_words: dict[bytes, int] = {}
        self._told_by: dict[int, list[Origin]] = {}
        """Some of the origins of the same words, by the first of them."""
        self._lengths = array("L")
        self._sketched: list[int] = []
        self._likeness = Likeness()

    def add(self, origin: Origin, text: str) -> None:
        """Take note of one more document; the first has the number 0."""
        number = len(self._origins)
        self._origins.append(origin)
        self._lengths.append(len(text))
        text_digest, words_digest, sketch = _sketched(text)
        first = self._by_words.setdefault(words_digest or text_digest, number)
        self._texts.append(text_digest)
        self._firsts.append(first)
        told_by = self._told_by.setdefault(first, [])
        if len(told_by) < _MOST_ORIGINS:
            told_by.append(origin)
        if words_digest and first == number:
            self._sketched.append(number)
            self._likeness.add(sketch)

    def decide(self, text_of: Callable[[int], str]) -> Mapping[int, VersionVerdict]:
        """Return verdicts by the documents' numbers, where there is anything to say.

        ``text_of`` returns the text of a document by its number: only those that are much alike
        are asked for.
        """
        decision = _Decision(self._origins, self._texts)
        relations = list(self._relations(text_of))
        twins = [(one.first, one.second) for one in relations if one.kind is _Kind.SAME]
        decision.drop_twins([*enumerate(self._firsts), *twins])
        decision.drop_parts(one for one in relations if one.kind is _Kind.INSIDE)
        older = [one for one in relations if one.kind is _Kind.OLDER]
        decision.drop_older(sorted(older, key=lambda one: not one.is_certain))
        decision.note_conflicts(one for one in relations if one.kind is _Kind.CONFLICT)
        return decision.verdicts()

    def _relations(self, text_of: Callable[[int], str]) -> Iterator[_Relation]:
        @lru_cache(maxsize=2)
        def words_of(number: int) -> WordList:
            return WordList.of(text_of(number))

        for one, two in self._likeness.pairs():
            first, second = self._sketched[one], self._sketched[two]
            if max(self._lengths[first], self._lengths[second]) > MAX_ALIGNED_CHARS:
                if not self._keeps_all and self._likeness.of(one, two) >= _LIKE:
                    yield _Relation(_Kind.CONFLICT, first, second, _TOO_LONG)
                continue
            relation = self._relation(first, second, align(words_of(first), words_of(second)))
            if relation:
                yield relation

    def _relation(self, first: int, second: int, texts: Alignment) -> _Relation | None:
        is_version = texts.share >= self._least_shared
        is_same_page = self._origins[first].leads_to_or_from(self._origins[second])
        if texts.is_same or (is_version and is_same_page):
            return _Relation(_Kind.SAME, first, second)
        is_part = texts.is_first_inside or texts.is_second_inside
        if (is_version and self._keeps_all) or not (is_version or is_part):
            return None
        newer = self._newer(first, second, texts)
        if is_part and not (is_version and newer.order):
            inner, outer = (first, second) if texts.is_first_inside else (second, first)
            is_newer = newer.order > 0 if inner == first else newer.order < 0
            return None if is_newer else _Relation(_Kind.INSIDE, inner, outer)
        return self._version(first, second, texts, newer)

    def _version(self, first: int, second: int, texts: Alignment, newer: Newer) -> _Relation | None:
        """Return which is older; what only looks like a version may be a form filled in anew.

        A file's time does not supersede where names differ: licences of two programs do.
        """
        is_retitled = have_other_titles(texts)
        if not newer.is_certain and (is_retitled or have_other_names(texts)):
            return None
        is_doubtful = not newer.is_certain and may_be_others(texts)
        if is_retitled or is_doubtful or not newer.order:
            return _Relation(_Kind.CONFLICT, first, second, texts.told())
        is_first_newer = newer.order > 0
        older, other = (second, first) if is_first_newer else (first, second)
        told = f"{texts.told(is_first_newer)}; newer {newer.by}"
        return _Relation(_Kind.OLDER, older, other, told, newer.is_certain)

    def _newer(self, first: int, second: int, texts: Alignment) -> Newer:
        """Return what tells best which is newer: any origin of the same words may say it."""
        found = [
            newer_of(one, texts.first.text, two, texts.second.text)
            for one, two in product(self._told_by[first], self._told_by[second])
        ]
        return max(found, key=lambda newer: (newer.is_certain, newer.order != 0))


def _sketched(text: str) -> tuple[bytes, bytes, WordSketch]:
    """Return digests of a text and of its words, the latter empty if it has none, and a sketch."""
    whole, words, sketch = blake2b(digest_size=16), blake2b(digest_size=16), WordSketch()
    has_words = False
    for piece in pieces_of(text):
        found = folded_words(piece)
        whole.update(f"{fold(piece).casefold()} ".encode())
        if found:
            words.update(f"{' '.join(found)} ".encode())
            sketch.update(found)
            has_words = True
    return whole.digest(), words.digest() if has_words else b"", sketch


class _Decision:
    """The verdicts so far; what goes is always dropped for one that stays."""

    def __init__(self, origins: list[Origin], texts: list[bytes]) -> None:
        self._origins = origins
        self._texts = texts
        self._instead: dict[int, int] = {}
        self._twin: dict[int, int] = {}
        self._dropped: dict[int, tuple[IngestReason, str]] = {}
        self._conflicts: dict[int, tuple[int, str]] = {}

    def verdicts(self) -> dict[int, VersionVerdict]:
        """Return what was decided, in the order of the documents."""
        verdicts = {
            number: VersionVerdict(reason, self._kept(number), detail)
            for number, (reason, detail) in self._dropped.items()
        }
        for number, (other, detail) in self._conflicts.items():
            verdicts[number] = VersionVerdict(IngestReason.CONFLICT, other, detail)
        return {number: verdicts[number] for number in sorted(verdicts)}

    def drop_twins(self, twins: Iterable[tuple[int, int]]) -> None:
        """Keep of those that say the same the one with most structure, or else the first."""
        above: dict[int, int] = {}

        def top(number: int) -> int:
            while number in above:
                number = above[number]
            return number

        for one, two in twins:
            better, worse = sorted((top(one), top(two)), key=self._rank)
            if better != worse:
                above[worse] = better
        for number in sorted(above):
            self._twin[number] = kept = top(number)
            reason, said = self._likeness(number, kept)
            self._drop(number, kept, reason, f"{said} {self._origins[kept].name}")

    def drop_parts(self, relations: Iterable[_Relation]) -> None:
        """Drop what stands in another document as a whole."""
        for one in relations:
            inner, outer = self._of_twins(one)
            detail = f"contained in {self._origins[outer].name}"
            self._drop(inner, outer, IngestReason.CONTAINED, detail)

    def drop_older(self, relations: Iterable[_Relation]) -> None:
        """Drop what a newer version supersedes."""
        for one in relations:
            older, newer = self._of_twins(one)
            detail = f"superseded by {self._origins[newer].name}: {one.told}"
            self._drop(older, newer, IngestReason.SUPERSEDED, detail)

    def note_conflicts(self, relations: Iterable[_Relation]) -> None:
        """Say of versions that both stay that they differ."""
        for one in relations:
            first, second = self._of_twins(one)
            if self._instead.keys().isdisjoint((first, second)) and first != second:
                for this, other in ((first, second), (second, first)):
                    detail = f"conflicts with {self._origins[other].name}: {one.told}"
                    self._conflicts.setdefault(this, (other, detail))

    def _likeness(self, number: int, kept: int) -> tuple[IngestReason, str]:
        if self._origins[number].is_same_page(self._origins[kept]):
            return IngestReason.SAME_PAGE, "the same page as"
        if self._texts[number] == self._texts[kept]:
            return IngestReason.EXACT_DUPLICATE, "same text as"
        return IngestReason.OTHER_FORM, "same words as"

    def _drop(self, number: int, instead: int, reason: IngestReason, detail: str) -> None:
        if number not in self._instead and self._kept(instead) != number:
            self._instead[number] = instead
            self._dropped[number] = reason, detail

    def _of_twins(self, one: _Relation) -> tuple[int, int]:
        return self._twin.get(one.first, one.first), self._twin.get(one.second, one.second)

    def _kept(self, number: int) -> int:
        kept = number
        while kept in self._instead:
            kept = self._instead[kept]
        if kept != number:
            self._instead[number] = kept
        return kept

    def _rank(self, number: int) -> tuple[int, int]:
        return -self._origins[number].structure, number
