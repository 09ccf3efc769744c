"""How similar two texts are, by letters and by words."""

from functools import lru_cache


def edit_distance(one: str, other: str) -> int:
    """Return how many letters must be put in, taken out or replaced.

    Bit-parallel over ``one`` (Hyyrö, "A bit-vector algorithm for computing Levenshtein and
    Damerau edit distances", 2003).
    """
    if not one:
        return len(other)
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    places: dict[str, int] = {}
    for index, letter in enumerate(one):
        places[letter] = places.get(letter, 0) | 1 << index
    rises, falls, distance = every, 0, len(one)
    for letter in other:
        equal = places.get(letter, 0)
        vertical = equal | falls
        horizontal = (((equal & rises) + rises) ^ rises) | equal
        up = falls | ~(horizontal | rises) & every
        down = rises & horizontal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & every, (down << 1) & every
        rises, falls = down | ~(vertical | up) & every, up & vertical
    return distance


@lru_cache(maxsize=65536)
def similarity(one: str, other: str) -> float:
    """Return 1 for equal texts and 0 for texts that share no letter in its place."""
    longest = max(len(one), len(other))
    return 1 - edit_distance(one, other) / longest if longest else 1.0


def is_similar(one: str, other: str, over: float) -> bool:
    """Tell whether two texts are more similar than ``over``; most need no look at the letters."""
    shorter, longer = sorted((len(one), len(other)))
    return shorter > over * longer and similarity(one, other) > over


def word_overlap(one: str, other: str) -> float:
    """Return the share of words that both have, among those that either has (Jaccard)."""
    first, second = set(one.split()), set(other.split())
    either = first | second
    return len(first & second) / len(either) if either else 1.0


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Return every run of ``length`` words."""
    words = text.split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
