"""Two texts word by word: what is the same in both, and where they differ."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from rapidfuzz.distance import Levenshtein

from gabarito.ingest.versions.word_list import WordList

_ANCHOR = 8
"""Words in a row that occur once in either text: there the texts are laid side by side, so that
the work grows with their length and not with its square."""

_MAX_WHOLE = 2_000
"""Shorter texts need no anchors: the square of their length is small."""

_MOST_ANCHORS = 100_000
"""About as many rows are kept of a text: of a longer one only some, the same ones in both texts."""

_MAX_STRETCH = 20_000
"""Words without an anchor that are compared one by one (0.1 s); longer ones count as different."""

_RUNNING_TITLE = 3
"""Times that the same words, but for digits, were put in, from which they are a running title."""

_DIGITS = re.compile(r"\d+")
_SHOWN_WORDS = 6

Words = Sequence[str]


@dataclass(frozen=True)
class WordDifference:
    """Places of words in the first text for which those in the second stand; one may be empty."""

    first: range
    second: range

    @property
    def is_replaced(self) -> bool:
        """Tell whether words stand for other words."""
        return bool(self.first) and bool(self.second)

    @property
    def words(self) -> int:
        """How many words differ."""
        return max(len(self.first), len(self.second))


@dataclass(frozen=True)
class Alignment:
    """What two texts share, in the same order, and where they differ, layout left out."""

    first: WordList
    second: WordList
    shared: int
    differences: Sequence[WordDifference]

    @property
    def is_same(self) -> bool:
        """Tell whether they say the same in the same words."""
        return not self.differences and self.shared > 0

    @property
    def share(self) -> float:
        """The share of the longer text's words that both have."""
        first = self.shared + sum(len(one.first) for one in self.differences)
        second = self.shared + sum(len(one.second) for one in self.differences)
        return self.shared / max(first, second, 1)

    @property
    def is_first_inside(self) -> bool:
        """Tell whether the second holds all of the first, in one piece."""
        ends = (0, len(self.first.folded))
        inside = (not one.first and one.first.start in ends for one in self.differences)
        return self.shared > 0 and all(inside)

    @property
    def is_second_inside(self) -> bool:
        """Tell whether the first holds all of the second, in one piece."""
        ends = (0, len(self.second.folded))
        inside = (not one.second and one.second.start in ends for one in self.differences)
        return self.shared > 0 and all(inside)

    def told(self, is_second_older: bool = False) -> str:
        """Say how much differs, with an example, the older first: of figures if some differ."""
        number = sum(one.words for one in self.differences)
        example = min(self.differences, key=self._dullness)
        first = _shown(self.first.shown, example.first, example.is_replaced)
        second = _shown(self.second.shown, example.second, example.is_replaced)
        verb = "word differs" if number == 1 else "words differ"
        if is_second_older:
            first, second = second, first
        return f"{number} {verb}, such as {first} / {second}"

    def _dullness(self, one: WordDifference) -> tuple[bool, bool, int]:
        words = [*map(self.first.shown.__getitem__, one.first)]
        words += map(self.second.shown.__getitem__, one.second)
        has_figure = any(_DIGITS.search(word) for word in words)
        return not has_figure, not one.is_replaced, one.words


def _shown(shown: Words, places: range, is_replaced: bool) -> str:
    """Return the words with the one that follows; where none were put in, the one before, too."""
    start = places.start if is_replaced else max(0, places.start - 1)
    words = shown[start : places.stop + 1]
    return " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")


def align(first: WordList, second: WordList) -> Alignment:
    """Lay two texts side by side."""
    shared, differences = 0, list[WordDifference]()
    for is_equal, one in _runs(first.folded, second.folded):
        if is_equal:
            shared += len(one.first)
        elif (
            differences
            and differences[-1].first.stop == one.first.start
            and (differences[-1].second.stop == one.second.start)
        ):
            last = differences.pop()
            differences.append(
                WordDifference(
                    range(last.first.start, one.first.stop),
                    range(last.second.start, one.second.stop),
                )
            )
        else:
            differences.append(one)
    kept = _without_layout(first, second, differences)
    return Alignment(first, second, shared, kept)


def _runs(first: Words, second: Words) -> Iterator[tuple[bool, WordDifference]]:
    """Yield runs of words that are the same or differ, from the beginnings to the ends."""
    cuts = [(0, 0), *_anchors(first, second), (len(first), len(second))]
    for (left, right), (left_end, right_end) in pairwise(cuts):
        ours, theirs = first[left:left_end], second[right:right_end]
        if ours == theirs:
            yield True, WordDifference(range(left, left_end), range(right, right_end))
        elif len(ours) > _MAX_STRETCH and len(theirs) > _MAX_STRETCH:
            yield False, WordDifference(range(left, left_end), range(right, right_end))
        else:
            for code in Levenshtein.opcodes(ours, theirs):
                places = WordDifference(
                    range(left + code.src_start, left + code.src_end),
                    range(right + code.dest_start, right + code.dest_end),
                )
                yield code.tag == "equal", places


def _anchors(first: Words, second: Words) -> list[tuple[int, int]]:
    """Return places of the same rare words in both, rising in both: as many as there are.

    Of those that go on from the one before, in both texts, only the first is named.
    """
    if len(first) <= _MAX_WHOLE and len(second) <= _MAX_WHOLE:
        return []
    every = 1 + max(len(first), len(second)) // _MOST_ANCHORS
    in_second = _once(second, every)
    in_first = _once(first, every)
    pairs = [(at, in_second[words]) for words, at in in_first.items() if words in in_second]
    tails: list[int] = []
    chain: list[int] = []
    above: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        above.append(chain[place - 1] if place else -1)
        tails[place : place + 1] = [at]
        chain[place : place + 1] = [number]
    found: list[tuple[int, int]] = []
    number = chain[-1] if chain else -1
    while number >= 0:
        found.append(pairs[number])
        number = above[number]
    found.reverse()
    steps = zip(found, [(-1, -1), *found], strict=False)
    return [(at, to) for (at, to), above in steps if above != (at - 1, to - 1)]


def _once(words: Words, every: int) -> dict[tuple[str, ...], int]:
    """Return where each row of words begins that occurs once, in order: one row of ``every``."""
    places: dict[tuple[str, ...], int] = {}
    for at in range(len(words) - _ANCHOR + 1):
        row = tuple(words[at : at + _ANCHOR])
        if every > 1 and crc32(" ".join(row).encode()) % every:
            continue
        places[row] = -1 if row in places else at
    return {row: at for row, at in places.items() if at >= 0}


def _without_layout(
    first: WordList, second: WordList, differences: Sequence[WordDifference]
) -> list[WordDifference]:
    """Leave out marks of lists and running titles that only one of the texts has."""
    titles: Counter[tuple[bool, tuple[str, ...]]] = Counter()
    for one in differences:
        if not one.is_replaced:
            titles[_masked(first, second, one)] += 1

    def is_layout(one: WordDifference) -> bool:
        if one.is_replaced:
            return False
        in_first, _ = key = _masked(first, second, one)
        places, words = (one.first, first) if in_first else (one.second, second)
        return titles[key] >= _RUNNING_TITLE or words.list_marks.issuperset(places)

    return [one for one in differences if not is_layout(one)]


def _masked(first: WordList, second: WordList, one: WordDifference) -> tuple[bool, tuple[str, ...]]:
    """Return which text alone has the words, and the words with their digits masked."""
    words, places = (first, one.first) if one.first else (second, one.second)
    return bool(one.first), tuple(_DIGITS.sub("0", words.folded[place]) for place in places)
