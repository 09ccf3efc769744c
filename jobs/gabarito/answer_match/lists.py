"""Lists: answers of several items, whose order means nothing.

Signs tell them, and no knowledge: a comma alone stands in *Paris, France* and *Silva, José*, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gabarito.answer_match.languages import LANGUAGES
from gabarito.answer_match.normal_form import canonical, normalise
from gabarito.answer_match.numerals import any_of

_OR = any_of({language.alternative for language in LANGUAGES} - {""})
_AND = any_of(
    {language.conjunction for language in LANGUAGES}
    | {phrase for language in LANGUAGES for phrase in language.joins}
)
_BOTH = re.compile(rf"^ ?(?:{any_of({language.both for language in LANGUAGES} - {''})}) ")
_SEPARATORS = re.compile(rf"([,;&]|\b(?:{_AND}|{_OR})\b(?![+#]))")
_ALTERNATIVE = re.compile(rf"(?:{_OR})")
_ENUMERATION = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)
_LEADING_FIGURE = re.compile(r"\W*\d\S*\s*")

MOST_UNTOLD = 2
"""So many parts between commas are no list yet."""


@dataclass(frozen=True)
class ListItems:
    """The items of a text in their normal form, in one order wherever order means nothing.

    ``is_list``: the signs tell that they are a list. ``is_choice``: one of them is meant.
    """

    texts: tuple[str, ...]
    is_list: bool
    is_choice: bool


@lru_cache(maxsize=65536)
def items_of(text: str) -> ListItems:
    """Return the items of a text; a text that is no list may have several parts, too."""
    found = parts_of(text)
    items = [item for item, _ in found]
    inner = [sign for _, sign in found[:-1]]
    is_told = len(items) > 1 and any(sign != "," for sign in inner)
    return ListItems(
        texts=tuple(items if have_an_order(items) else sorted(items)),
        is_list=is_told or len(items) > MOST_UNTOLD,
        is_choice=any(map(_ALTERNATIVE.fullmatch, inner)),
    )


def is_list(answer: str) -> bool:
    """Tell whether an answer is a list: *A and B*, *A; B*, or more than two parts with commas."""
    return items_of(answer).is_list


def is_same_list(answer: str, expected: str) -> bool:
    """Tell whether two texts have the same items, each as often, and one of them is a list."""
    got = items_of(answer)
    if len(got.texts) < 2:
        return False
    right = items_of(expected)
    return (
        got.texts == right.texts
        and got.is_choice == right.is_choice
        and (got.is_list or right.is_list)
    )


def parts_of(text: str) -> list[tuple[str, str]]:
    """Return what stands between separators, in normal form, each with the sign that follows.

    Of two signs with nothing between them (*, and*) the one is given that is no comma.
    """
    if "\n" in text:
        text = _ENUMERATION.sub("", text.strip())
    parts = _SEPARATORS.split(_BOTH.sub("", canonical(text)))
    found: list[tuple[str, str]] = []
    for part, sign in zip(map(normalise, parts[::2]), [*parts[1::2], ""], strict=True):
        if part:
            found.append((part, sign))
        elif found and sign not in ("", ","):
            found[-1] = found[-1][0], sign
    return found


def have_an_order(items: Sequence[str]) -> bool:
    """Tell whether two items are figures of one kind: scores, numbers, or *3 cats and 2 cats*."""
    kinds = [item[found.end() :] for item in items if (found := _LEADING_FIGURE.match(item))]
    return len(set(kinds)) < len(kinds)
