"""Names that nobody has: made from parts of real ones, so that they sound alike.

Refusal rows that draw them as well as listed near misses teach "not one that I know" where a
list alone would teach "one of these".
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Self

from gabarito.curate.similarity import is_any_similar, runs
from gabarito.curate.unanswerable.mentions import fold, words

_HEAD = re.compile(r"[^\W\d_]*?[aeiouyáéíóúâêôãõàäëïöü]+", re.IGNORECASE)
_MIN_LETTERS, _MAX_LETTERS = 4, 12
_MIN_TAIL = 3
_TYPING_ERROR = 0.7
"""More similar names may be meant to be the same."""

_TRIES = 20


class Inventor:
    """Makes names of a kind from the parts of near misses and of known names.

    None of them stands in ``texts``, is refused, or could be a known name with a typing error.
    """

    def __init__(
        self,
        near: Mapping[str, Sequence[str]],
        known: Mapping[str, Sequence[str]],
        texts: Iterable[str],
        is_refused: Callable[[str], bool],
    ) -> None:
        self._pools = {kind: _NamePool.of(near, known, kind) for kind in {*near, *known}}
        self._texts = [" ".join(words(text)) for text in texts]
        self._is_refused = is_refused
        self._runs: dict[int, set[tuple[str, ...]]] = {}

    def name(self, kind: str, random: Random) -> str | None:
        """Return a new name of a kind, or None where there is nothing to make it from."""
        pool = self._pools.get(kind)
        if pool is None or not pool.has_two:
            return None
        for _ in range(_TRIES):
            one, other = random.choice(pool.near), random.choice(pool.all)
            if " " not in other:
                other = random.choice(pool.near)
            parts = random.sample((one, other), 2)
            made = _joined(*parts)
            if made and made not in parts and not self._is_taken(made, pool):
                return made
        return None

    def _is_taken(self, name: str, pool: "_NamePool") -> bool:
        spelled = words(name)
        size = len(spelled)
        if size not in self._runs:
            self._runs[size] = {run for text in self._texts for run in runs(text, size)}
        if spelled in self._runs[size] or self._is_refused(name):
            return True
        return is_any_similar(fold(name), pool.folded, _TYPING_ERROR)


@dataclass(frozen=True)
class _NamePool:
    """The names of a kind, as thousands of draws need them."""

    near: Sequence[str]
    all: Sequence[str]
    folded: Sequence[str]
    """Those that the documents know, in lower case and without accents."""
    has_two: bool

    @classmethod
    def of(
        cls, near: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]], kind: str
    ) -> Self:
        """Return the names of one kind."""
        there = known.get(kind, ())
        misses = near.get(kind) or there
        every = (*misses, *there)
        return cls(misses, every, [fold(name) for name in there], len(set(every)) > 1)


def _joined(one: str, other: str) -> str | None:
    """First word of one and the rest of the other; of single words, head and tail."""
    first, rest = one.partition(" ")[0], other.partition(" ")[2]
    if " " in one and rest:
        return f"{first} {rest}" if _is_telling(first, rest) else None
    head, cut = _HEAD.match(one), _HEAD.match(other)
    if " " in one or rest or not head or not cut or len(other) - cut.end() < _MIN_TAIL:
        return None
    made = head[0] + other[cut.end() :]
    return made if _MIN_LETTERS <= len(made) <= _MAX_LETTERS else None


def _is_telling(first: str, rest: str) -> bool:
    """Tell whether both parts have a word that means something, and not the same one."""
    longest = max(words(rest), key=len, default="")
    return min(len(first), len(longest)) >= _MIN_LETTERS and words(first)[:1] != (longest,)
