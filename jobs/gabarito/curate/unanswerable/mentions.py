"""Where names stand in a text, however they are spelled there."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from gabarito.core.records import Name

_WORD = re.compile(r"\w+")
_FUZZY_LETTERS = 5
"""Shorter words have neighbours that are other words."""


@dataclass(frozen=True)
class WordSpan:
    """A word of a text, folded, and where it stands."""

    start: int
    end: int
    word: str


@dataclass(frozen=True)
class Mention:
    """A name in a text, and where it stands."""

    start: int
    end: int
    name: Name


Spelling = tuple[str, ...]


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0].lower()
    return base if len(base) == 1 else letter


def fold(text: str) -> str:
    """Return the text in lower case and without accents, letter for letter."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=65536)
def tokens(text: str) -> tuple[WordSpan, ...]:
    """Return the words of a text, folded."""
    found = _WORD.finditer(fold(text))
    return tuple(WordSpan(match.start(), match.end(), match[0]) for match in found)


def words(text: str) -> Spelling:
    """Return the words of a text, folded, without their places."""
    return tuple(_WORD.findall(fold(text)))


class NameFinder:
    """Finds names by all of their spellings; the longest spelling wins."""

    def __init__(self, names: Iterable[Name]) -> None:
        self.names = tuple(names)
        self._by_first: dict[str, list[tuple[Spelling, Name]]] = defaultdict(list)
        seen: set[Spelling] = set()
        for name in self.names:
            for spelling in spellings(name):
                if spelling not in seen:
                    seen.add(spelling)
                    self._by_first[spelling[0]].append((spelling, name))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, text: str) -> list[Mention]:
        """Return the names of a text, from left to right."""
        found: list[Mention] = []
        row = tokens(text)
        place = 0
        while place < len(row):
            match = self._match(row, place)
            if match is None:
                place += 1
                continue
            size, name = match
            found.append(Mention(row[place].start, row[place + size - 1].end, name))
            place += size
        return found

    def find_one(self, text: str, name: Name) -> list[Mention]:
        """Return where one name stands in a text, typing errors forgiven."""
        others = [mention for mention in self.find(text) if mention.name != name]
        row = tokens(text)
        taken = {
            place
            for place, token in enumerate(row)
            if any(other.start <= token.start < other.end for other in others)
        }
        found: list[Mention] = []
        for spelling in sorted(spellings(name), key=len, reverse=True):
            for place in range(len(row) - len(spelling) + 1):
                places = set(range(place, place + len(spelling)))
                part = row[place : place + len(spelling)]
                typed = [token.word for token in part]
                is_named = all(_is_word(*pair) for pair in zip(typed, spelling, strict=True))
                if is_named and not places & taken:
                    taken |= places
                    found.append(Mention(part[0].start, part[-1].end, name))
        return sorted(found, key=lambda mention: mention.start)

    def _match(self, row: Sequence[WordSpan], place: int) -> tuple[int, Name] | None:
        for spelling, name in self._by_first.get(row[place].word, ()):
            part = row[place : place + len(spelling)]
            if tuple(token.word for token in part) == spelling:
                return len(spelling), name
        return None


def spellings(name: Name) -> list[Spelling]:
    """Return every spelling of a name, as folded words."""
    return [spelling for text in (name.name, *name.also) if (spelling := words(text))]


def _is_word(typed: str, word: str) -> bool:
    if typed == word:
        return True
    if min(len(typed), len(word)) < _FUZZY_LETTERS - 1 or len(word) < _FUZZY_LETTERS:
        return False
    is_close = typed[:2] == word[:2] or typed[-2:] == word[-2:]
    if not is_close or abs(len(typed) - len(word)) > 1:
        return False
    distance = Levenshtein.distance(typed, word)
    return distance == 1 or (distance == 2 and sorted(typed) == sorted(word))
