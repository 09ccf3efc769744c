from random import Random

import pytest

from gabarito.curate.distance import edit_distance, is_similar, runs, similarity, word_overlap


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("champions", "chmapions", 2),
        ("quem foi o campeão", "quem foi campeão", 2),
        ("abc", "xyz", 3),
    ],
)
def test_the_edit_distance_counts_letters(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


def test_the_edit_distance_is_that_of_the_plain_table() -> None:
    random = Random(1)
    for _ in range(200):
        one, other = ("".join(random.choices("abc ", k=random.randrange(90))) for _ in range(2))
        assert edit_distance(one, other) == _by_table(one, other)


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


@pytest.mark.parametrize("one", ["", "abc", "abcd", "abcdefgh"])
@pytest.mark.parametrize("other", ["", "abcx", "xabcd", "abcdefghi"])
@pytest.mark.parametrize("over", [0.0, 0.5, 0.75, 1.0])
def test_the_quick_look_agrees_with_the_whole_one(one: str, other: str, over: float) -> None:
    alike = similarity(one, other) if one or other else 0
    assert is_similar(one, other, over) == (alike > over)


def test_the_word_overlap_is_the_share_of_common_words() -> None:
    assert word_overlap("quem foi campeão", "foi campeão quem") == 1
    assert word_overlap("a b c", "b c d") == 0.5


def test_runs_are_all_neighbouring_words() -> None:
    assert runs("a b c", 2) == {("a", "b"), ("b", "c")}
    assert runs("a b", 3) == set()
