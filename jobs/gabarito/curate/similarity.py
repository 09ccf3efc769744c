"""How similar two texts are, by letters and by words."""

import math
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein


def similarity(one: str, other: str) -> float:
    """Return the edit similarity: 1 for equal texts, 0 if every letter has to change."""
    return Levenshtein.normalized_similarity(one, other)


def is_any_similar(text: str, others: Sequence[str], limit: float) -> bool:
    """Tell whether any of the others is more similar to a text than ``limit``."""
    return greatest_similarity(text, others, limit) is not None


def greatest_similarity(text: str, others: Sequence[str], limit: float) -> float | None:
    """Return how similar the most similar of the others is, if that is more than ``limit``."""
    found = process.extractOne(
        text,
        others,
        scorer=Levenshtein.normalized_similarity,
        processor=None,
        score_cutoff=math.nextafter(limit, 1.0),
    )
    return found[1] if found else None


def word_overlap(one: str, other: str) -> float:
    """Return the share of words that both have, among those that either has (Jaccard)."""
    first, second = set(one.split()), set(other.split())
    either = first | second
    return len(first & second) / len(either) if either else 1.0


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Return every run of ``length`` words."""
    words = text.split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
