"""Which of many texts are much alike: pairs worth a comparison word by word."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import eq

from rensa import RMinHash

_PERMUTATIONS = 192
"""The standard error of an estimated likeness of 0.5 is then 0.036."""

_SEED = 1
_SEQUENCE = 3
_BAND = 3
"""Values in a row that must agree: of two texts a third of whose sequences agree, one of the 64
bands does in 91 of 100 cases, of those half of whose sequences do in all."""

_SORTED_BY = 8
"""Values by which texts are sorted from each band on, so that the most alike are neighbours."""

_BYTES = 2
_LEAST = 0.25
"""Likeness under which two texts share fewer than four fifths of their words, wherever the others
stand, and neither holds the other unless it is four times as long."""

_PARTNERS = 3
"""Texts that each one is compared with, the most alike; more would cost time in a pile of forms."""


class WordSketch:
    """What sequences of words a text has, gathered piece by piece: its length does not matter."""

    def __init__(self) -> None:
        self._hashes = RMinHash(_PERMUTATIONS, _SEED)
        self._last: list[str] = []
        self._is_short = True

    def update(self, words: Sequence[str]) -> None:
        """Go on with the next words of the text."""
        row = [*self._last, *words]
        starts = range(len(row) - _SEQUENCE + 1)
        self._hashes.update([" ".join(row[start : start + _SEQUENCE]) for start in starts])
        self._is_short = self._is_short and not starts
        self._last = row[-(_SEQUENCE - 1) :]

    def values(self) -> "array[int]":
        """Return the sketch, once the text is at its end."""
        if self._is_short:
            self._hashes.update([" ".join(self._last)])
        return array("H", [value & 0xFFFF for value in self._hashes.digest()])


class Likeness:
    """Sketches of texts, 400 bytes each, numbered in the order in which they were added."""

    def __init__(self) -> None:
        self._sketches = bytearray()
        self._row = (_PERMUTATIONS + _SORTED_BY) * _BYTES

    def add(self, sketch: WordSketch) -> None:
        """Keep the sketch of one more text."""
        values = sketch.values()
        self._sketches += (values + values[:_SORTED_BY]).tobytes()

    def pairs(self) -> list[tuple[int, int]]:
        """Return the pairs that may be nearly the same, each once, in order.

        Texts are sorted by their sketch, from each band on in turn (Bawa et al. 2005, *LSH
        Forest*), and neighbours compared: this takes one sort a band, however many are alike.
        """
        partners: dict[int, dict[int, float]] = {}
        for first, second in self._neighbours():
            if second in partners.get(first, ()) or first in partners.get(second, ()):
                continue
            likeness = self.of(first, second)
            if likeness >= _LEAST:
                _keep_best(partners.setdefault(first, {}), second, likeness)
                _keep_best(partners.setdefault(second, {}), first, likeness)
        return sorted(
            {(min(one, two), max(one, two)) for one, twos in partners.items() for two in twos}
        )

    def _neighbours(self) -> Iterator[tuple[int, int]]:
        sketches, row = bytes(self._sketches), self._row
        numbers = range(len(sketches) // row)
        for start in range(0, _PERMUTATIONS * _BYTES, _BAND * _BYTES):
            end = start + _SORTED_BY * _BYTES
            keys = [sketches[number * row + start : number * row + end] for number in numbers]
            band = _BAND * _BYTES
            for first, second in pairwise(sorted(numbers, key=keys.__getitem__)):
                if keys[first][:band] == keys[second][:band]:
                    yield first, second

    def of(self, first: int, second: int) -> float:
        """Return about which share of the sequences of two texts, by their numbers, both have."""
        agreeing: int = sum(map(eq, self._values(first), self._values(second)))
        return agreeing / _PERMUTATIONS

    def _values(self, number: int) -> "memoryview[int]":
        start = number * self._row
        row = memoryview(self._sketches)[start : start + _PERMUTATIONS * _BYTES]
        return row.cast("H")


def _keep_best(partners: dict[int, float], other: int, likeness: float) -> None:
    partners[other] = likeness
    if len(partners) > _PARTNERS:
        del partners[min(partners, key=partners.__getitem__)]
