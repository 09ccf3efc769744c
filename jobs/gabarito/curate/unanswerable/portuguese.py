"""Agreement before names: a name put in another's place may need another one.

Only Portuguese: "do Benfica" and "da Roma". Which names are feminine is learned from the
texts themselves. In other languages nothing is changed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Literal

from gabarito.core.records import Name
from gabarito.curate.unanswerable.mentions import NameFinder, words

Gender = Literal["m", "f"]

_FEMININE = {"o": "a", "do": "da", "no": "na", "pelo": "pela", "ao": "à"}
_MASCULINE = {feminine: masculine for masculine, feminine in _FEMININE.items()}
_TELLING: dict[str, Gender] = {
    **dict.fromkeys(("do", "no", "ao", "pelo"), "m"),
    **dict.fromkeys(("da", "na", "à", "pela"), "f"),
}
"""Not "o" and "a": "a" is a preposition as well."""

_FEMININE_ENDINGS = ("cao", "dade", "gem")
_MASCULINE_ENDINGS = ("o", "al")
"""Of a name's first word, folded: Associação, Universidade; Campeonato, Mundial."""

_BEFORE = re.compile(r"(?<!\w)(\w+)(\s+)$")
_REACH = 40
"""An article stands within so many characters before a name; farther back nothing is read."""


class Agreement:
    """Knows the genders of the names in some texts, and guesses those of other names."""

    def __init__(self, texts: Iterable[str], finder: NameFinder, language: str) -> None:
        self._genders = _learned(texts, finder) if language.startswith("pt") else {}
        self._by_kind: dict[str, Counter[Gender]] = defaultdict(Counter)
        self._by_kind_in_a: dict[str, Counter[Gender]] = defaultdict(Counter)
        for name, gender in self._genders.items():
            self._by_kind[name.kind][gender] += 1
            if _ends_in(name.name, "a"):
                self._by_kind_in_a[name.kind][gender] += 1

    def agree(self, before: str, old: Name, new: str) -> str:
        """Return the text before a name as it must read when ``new`` stands there, not ``old``."""
        match = _word_before(before, len(before))
        was, now = self._genders.get(old), self._guess(new, old.kind)
        if match is None or was is None or now in (was, None):
            return before
        article = (_FEMININE if was == "m" else _MASCULINE).get(match[1].lower())
        if article is None:
            return before
        if match[1][0].isupper():
            article = article.capitalize()
        return before[: match.start()] + article + match[2]

    def _guess(self, name: str, kind: str) -> Gender | None:
        if _ends_in(name, *_FEMININE_ENDINGS):
            return "f"
        if _ends_in(name, *_MASCULINE_ENDINGS):
            return "m"
        if _ends_in(name, "a"):
            return _majority(self._by_kind_in_a[kind]) or "f"
        return _majority(self._by_kind[kind])


def _learned(texts: Iterable[str], finder: NameFinder) -> dict[Name, Gender]:
    votes: dict[Name, Counter[Gender]] = defaultdict(Counter)
    for text in texts:
        for mention in finder.find(text):
            match = _word_before(text, mention.start)
            gender = _TELLING.get(match[1].lower()) if match else None
            if gender:
                votes[mention.name][gender] += 1
    return {name: gender for name, counts in votes.items() if (gender := _majority(counts))}


def _word_before(text: str, end: int) -> re.Match[str] | None:
    return _BEFORE.search(text, max(end - _REACH, 0), end)


def _majority(votes: Counter[Gender]) -> Gender | None:
    if votes["m"] == votes["f"]:
        return None
    return "m" if votes["m"] > votes["f"] else "f"


def _ends_in(name: str, *endings: str) -> bool:
    first = words(name)[:1]
    return bool(first) and first[0].endswith(endings)
