import random

import pytest

from gabarito.ingest.versions import word_alignment
from gabarito.ingest.versions.word_alignment import Alignment, align
from gabarito.ingest.versions.word_list import WordList


def aligned(first: str, second: str) -> Alignment:
    return align(WordList.of(first), WordList.of(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("exam-\nple", "example"),
        ("e-mail", "E‑Mail"),
        ("ﬁve", "five"),
        ("10⁶ m²", "10^(6) m2"),
        ("H₂O", "H_(2)O"),
        ("5 %, R$ 3", "5%, r$3"),
        ("> said he", "said he"),
        ("$x$ and `y`", "x and y"),
        ("−5 °C", "-5 °C"),
    ],
)
def test_signs_that_change_nothing_are_not_compared(first: str, second: str) -> None:
    assert aligned(first, second).is_same


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("10⁶", "106"),
        ("−5", "5"),
        ("1.5", "15"),
        ("5 €", "5 $"),
        ("5 %", "5 ‰"),
        ("x ≥ 5", "x ≤ 5"),
        ("a < 5", "a <= 5"),
        ("a == b", "a != b"),
        ("☐ yes", "☑ yes"),
        ("9h", "10h"),
    ],
)
def test_signs_that_change_a_figure_are_compared(first: str, second: str) -> None:
    assert not aligned(first, second).is_same


def test_words_put_in_three_times_are_a_running_title_and_twice_are_none() -> None:
    pages = ["one two three four", "five six seven eight", "nine ten eleven twelve", "end"]
    title = "\nPolicy, page 1 of 3\n"
    assert aligned(" ".join(pages), title.join(pages)).is_same
    assert not aligned(" ".join(pages[:3]), title.join(pages[:3])).is_same


def test_the_example_is_a_figure_if_one_differs() -> None:
    first = "a red door is open for 30 days in all houses"
    second = "a blue door is open for 45 days in most houses"
    assert aligned(first, second).told() == "3 words differ, such as 30 days / 45 days"


def test_what_was_put_in_is_shown_between_its_neighbours() -> None:
    told = aligned("smoking is allowed here", "smoking is not allowed here").told()
    assert told == "1 word differs, such as is allowed / is not allowed"


def test_long_texts_are_laid_side_by_side_at_rare_words() -> None:
    numbers = random.Random(1)
    words = [f"w{numbers.randrange(9_000)}" for _ in range(60_000)]
    other = [f"x{at}" if at % 1000 == 7 else word for at, word in enumerate(words)]
    del other[30_000:30_010]
    both = aligned(" ".join(words), " ".join(other))
    assert (both.shared, len(both.differences)) == (59_931, 60)


def test_a_long_text_is_compared_at_some_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_alignment, "_MOST_ANCHORS", 500)
    text = " ".join(f"number {n} is followed by {n + 1} and not by {n + 2}" for n in range(3000))
    one, two = WordList.of(text), WordList.of(text.replace("number 1500 is", "number 1500 was"))
    (difference,) = align(one, two).differences
    assert [one.shown[place] for place in difference.first] == ["is"]
