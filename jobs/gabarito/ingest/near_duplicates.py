"""Texts that say the same as an earlier one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Document
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold

_PERMUTATIONS = 256
"""The standard error of an estimated similarity of 0.8 is then 0.025."""

_BANDS = 64
"""Of 4 values each: two texts half of whose sequences agree are compared in 98 of 100 cases."""

_SEED = 1
_SEQUENCE = 3

_WORD = re.compile(r"\w+")
_OPENING = re.compile(
    r"(?:^[^\w\n|]*|[.!?…]\s(?:[^\w\n|.!?…]|[.!?…](?!\s))*)\w+(?=[^\w\n]+\w)", re.MULTILINE
)
"""A word that opens a line or a sentence, where a capital makes no name; a row of a table or a
line of one word does not open with it."""


@dataclass(frozen=True)
class _Known:
    source: str
    document: str
    numbers: frozenset[str]
    names: frozenset[str]
    sketch: RMinHash


class NearDuplicates:
    """The documents so far; the first of several that say the same is kept."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._exact: dict[bytes, _Known] = {}
        self._near = RMinHashLSH(threshold, _PERMUTATIONS, _BANDS)
        self._known: list[_Known] = []

    def add(self, document: Document) -> None:
        """Remember a document.

        Raises:
            Dropped: if an earlier one says the same.
        """
        words = _WORD.findall(document.text.casefold())
        new = _Known(
            source=document.source,
            document=document.id,
            numbers=frozenset(word for word in words if word.isdecimal()),
            names=frozenset(_names(document.text)),
            sketch=_sketch(words),
        )
        exact = sha256(fold(document.text).casefold().encode()).digest()
        twin = self._exact.setdefault(exact, new)
        if twin is not new:
            detail = f"same text as {twin.source}"
            raise Dropped(IngestReason.EXACT_DUPLICATE, detail, twin.document)
        self._refuse_near(new)
        self._near.insert(len(self._known), new.sketch)
        self._known.append(new)

    def _refuse_near(self, new: _Known) -> None:
        """Refuse what is much like an earlier text, with its names and no number not in it.

        The same words around other numbers are a table's next page or a newer version, around
        other names a form that was filled in anew.
        """
        for known in (self._known[at] for at in sorted(self._near.query(new.sketch))):
            likeness = new.sketch.jaccard(known.sketch)
            is_same = new.numbers <= known.numbers and new.names == known.names
            if likeness >= self._threshold and is_same:
                detail = f"{likeness:.2f} like {known.source}"
                raise Dropped(IngestReason.NEAR_DUPLICATE, detail, known.document)


def _names(text: str) -> Iterator[str]:
    """Yield the words that have a capital within a sentence."""
    for word in _WORD.findall(_OPENING.sub(" ", text)):
        if word[0].isupper():
            yield word.casefold()


def _sketch(words: list[str]) -> RMinHash:
    sketch = RMinHash(_PERMUTATIONS, _SEED)
    sketch.update(list(_sequences(words)))
    return sketch


def _sequences(words: list[str]) -> Iterator[str]:
    for start in range(max(len(words) - _SEQUENCE + 1, 1)):
        yield " ".join(words[start : start + _SEQUENCE])
