"""Names by kind: those that the facts are about, their other spellings, and near misses."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Fact, Name, Rejection
from gabarito.generate.grounding import letters
from gabarito.generate.language import BEFORE_YEARS, PERIOD_WORDS
from gabarito.generate.replies import text_of, texts_of
from gabarito.generate.results import dropped

QUALIFIER = "qualifier"
"""The kind of what limits facts and is no fact's subject."""

OTHER = "other"
"""The kind of subjects for which the teacher gave none."""

MAX_NAME_CHARS = 300
"""Longer names are compared with texts, word by word, at the cost of both lengths."""

MAX_SPELLINGS = 20
"""No name has more; each is looked for in every question."""

_YEARS = re.compile(
    r"(?<![\d.,/])(?:(?:1[89]|20)\d\d(?:\s?[/–-]\s?(?:\d{4}|\d{2}))?|\d\d[/-]\d\d)(?![\d]|[.,]\d)"
)
_PUNCTUATION = " ,;:()–-"


def without_years(name: str) -> str:
    """Return a name without the years and periods in it, and without what led to them."""
    if not _YEARS.search(name):
        return name.strip()
    words = _YEARS.sub(" ", name).split()
    first, last = 0, len(words)
    trailing = BEFORE_YEARS | PERIOD_WORDS | {""}
    while first < last and words[first].strip(_PUNCTUATION).lower() in BEFORE_YEARS | {""}:
        first += 1
    while first < last and words[last - 1].strip(_PUNCTUATION).lower() in trailing:
        last -= 1
    return " ".join(words[first:last]).strip(_PUNCTUATION)


def names_by_kind(facts: Iterable[Fact]) -> dict[str, list[str]]:
    """Return the subjects of facts and what limits them, each under its commonest kind."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    spelled: dict[str, str] = {}
    for fact in facts:
        subject, limit = without_years(fact.subject), without_years(fact.qualifier)
        named = [(subject, fact.kind or OTHER)]
        if any(char.isupper() for char in limit):
            named.append((limit, QUALIFIER))
        for name, kind in named:
            if letters(name):
                kinds[letters(name)][kind] += 1
                spelled.setdefault(letters(name), name)
    groups: dict[str, list[str]] = defaultdict(list)
    for key, counted in kinds.items():
        known = [kind for kind, _ in counted.most_common() if kind not in (QUALIFIER, OTHER)]
        groups[known[0] if known else counted.most_common(1)[0][0]].append(spelled[key])
    return dict(sorted(groups.items()))


class Mentions:
    """Knows what stands in some documents."""

    def __init__(self, documents: Iterable[Document]) -> None:
        plain = (letters.__wrapped__(f"{item.title} \n {item.text}") for item in documents)
        self._text = f" {' | '.join(plain)} "

    def has(self, name: str) -> bool:
        """Tell whether a name stands in the documents, letter for letter."""
        return f" {letters(name)} " in self._text


class NameFilter:
    """The names of one kind, and what replies add to them."""

    def __init__(
        self,
        kind: str,
        names: Sequence[str],
        mentions: Mentions,
        other_languages: Sequence[str] = (),
    ) -> None:
        """Take the names; ``other_languages`` are the documents', if not that of the names.

        Near misses come with their forms in those, by which they are looked for.
        """
        self.kind = kind
        self.names = names
        self.other_languages = other_languages
        self._mentions = mentions
        self._also: dict[str, dict[str, str]] = {letters(name): {} for name in names}
        self._misses: dict[str, Name] = {}

    @property
    def kept(self) -> int:
        """How many other spellings and near misses there are."""
        return sum(map(len, self._also.values())) + len(self._misses)

    def accept(self, objects: Iterable[dict[str, Any]]) -> list[Rejection]:
        """Keep what is good in a reply and return what is not."""
        rejections = []
        for item in objects:
            fault = self._take(item)
            if fault:
                rejections.append(dropped(self.kind, *fault, item))
        return rejections

    def records(self) -> list[Name]:
        """Return the names, with their spellings, and the near misses."""
        known = [
            Name(
                kind=self.kind,
                name=name,
                also=tuple(self._also[letters(name)].values()),
                known=True,
            )
            for name in self.names
        ]
        return [*known, *self._misses.values()]

    def _take(self, item: dict[str, Any]) -> tuple[GenerateReason, str] | None:
        """Take what an object gives; None, or what is wrong with it."""
        miss, name = text_of(item.get("instead")), text_of(item.get("name"))
        if miss:
            return self._take_miss(miss, texts_of(item.get("original")))
        also = self._also.get(letters(name))
        if also is None and name:
            return GenerateReason.OTHER_NAME, name
        if also is None:
            return GenerateReason.NO_FIELD, "name or instead"
        for spelling in texts_of(item.get("also")):
            key = letters(spelling)
            fits = len(spelling) <= MAX_NAME_CHARS and len(also) < MAX_SPELLINGS
            if key and key not in self._also and fits:
                also.setdefault(key, spelling)
        return None

    def _take_miss(self, miss: str, originals: Sequence[str]) -> tuple[GenerateReason, str] | None:
        originals = originals[:MAX_SPELLINGS] if self.other_languages else ()
        if any(len(name) > MAX_NAME_CHARS for name in (miss, *originals)):
            return GenerateReason.TOO_LONG, "instead"
        if self.other_languages and not originals:
            return GenerateReason.NO_FIELD, "original"
        key = letters(miss)
        if key in self._misses:
            return GenerateReason.REPEATED_NAME, miss
        if not key or any(map(self._mentions.has, (miss, *originals))):
            return GenerateReason.KNOWN_NAME, miss
        also = tuple(name for name in originals if letters(name) not in ("", key))
        self._misses[key] = Name(kind=self.kind, name=miss, also=also, known=False)
        return None
