"""When an answer is another one: exact match of normal forms, of lists in any order."""

from collections.abc import Sequence

from gabarito.answer_match.lists import is_same_list
from gabarito.answer_match.normal_form import normalise


def is_match(answer: str, expected: str, aliases: Sequence[str] = ()) -> bool:
    """Tell whether the answer is the expected one or one of its aliases.

    Both are normalised; the items of a list (*A, B e C*) may come in any order, unless they
    are figures. An answer of which nothing is left is never right.
    """
    got = normalise(answer)
    return bool(got) and any(
        got == normalise(right) or is_same_list(answer, right) for right in (expected, *aliases)
    )


def is_within(text: str, expected: str, aliases: Sequence[str] = ()) -> bool:
    """Tell whether a text says the expected answer or one of its aliases, among other words."""
    said = f" {normalise(text)} "
    rights = (normalise(right) for right in (expected, *aliases))
    return any(right and f" {right} " in said for right in rights)
