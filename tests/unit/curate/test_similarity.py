from random import Random

import pytest

from gabarito.curate.similarity import (
    greatest_similarity,
    is_any_similar,
    runs,
    similarity,
    word_overlap,
)


def test_the_similarity_is_one_less_the_share_of_letters_to_edit() -> None:
    random = Random(1)
    for _ in range(200):
        one, other = ("".join(random.choices("abç ", k=random.randrange(1, 90))) for _ in range(2))
        edits = _by_table(one, other)
        assert similarity(one, other) == pytest.approx(1 - edits / max(len(one), len(other)))


def test_of_many_texts_any_that_is_more_similar_is_found() -> None:
    random = Random(2)
    texts = ["".join(random.choices("ab ", k=random.randrange(1, 9))) for _ in range(60)]
    for limit in (0.25, 0.5, 0.7):  # some are exactly as similar as that
        for one in texts:
            found = any(similarity(one, other) > limit for other in texts[:30])
            assert is_any_similar(one, texts[:30], limit) == found
            best = max(similarity(one, other) for other in texts[:30])
            assert greatest_similarity(one, texts[:30], limit) == (best if found else None)
    assert not is_any_similar("a", [], 0.5)


def _by_table(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(before + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def test_equal_texts_are_fully_similar_and_others_in_part() -> None:
    assert similarity("", "") == similarity("taça", "taça") == 1
    assert similarity("abcd", "abcx") == 0.75


def test_the_word_overlap_is_the_share_of_common_words() -> None:
    assert word_overlap("quem foi campeão", "foi campeão quem") == 1
    assert word_overlap("a b c", "b c d") == 0.5


def test_runs_are_all_neighbouring_words() -> None:
    assert runs("a b c", 2) == {("a", "b"), ("b", "c")}
    assert runs("a b", 3) == set()
