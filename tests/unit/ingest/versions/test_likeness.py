import random

from gabarito.ingest.versions.likeness import Likeness, WordSketch


def pairs(*texts: list[str]) -> list[tuple[int, int]]:
    likeness = Likeness()
    for text in texts:
        sketch = WordSketch()
        sketch.update(text)
        likeness.add(sketch)
    return likeness.pairs()


def words(seed: int, length: int = 300) -> list[str]:
    numbers = random.Random(seed)
    return [f"w{numbers.randrange(5000)}" for _ in range(length)]


def test_texts_with_a_third_of_their_sequences_in_common_are_a_pair() -> None:
    changed = [f"x{at}" if at % 8 == 0 else word for at, word in enumerate(words(1))]
    assert pairs(words(1), words(2), changed, words(3)) == [(0, 2)]


def test_a_half_and_its_whole_are_a_pair() -> None:
    assert pairs(words(1), words(2), words(1)[:150]) == [(0, 2)]


def test_texts_of_a_word_or_two_are_compared_too() -> None:
    assert pairs(["a"], ["a", "b"], ["a", "b"]) == [(1, 2)]


def test_a_pile_of_forms_makes_no_more_pairs_than_each_has_neighbours() -> None:
    forms = [[*words(1), f"name{number}"] for number in range(400)]
    found = pairs(*forms)
    assert len(found) <= 3 * len(forms)
    assert {number for pair in found for number in pair} == set(range(len(forms)))


def test_the_nearest_in_a_pile_of_forms_is_found() -> None:
    forms = [[*words(1, 100), *words(number, 60)] for number in range(2, 202)]
    newer = ["x", *forms[100][1:]]
    assert (100, 200) in pairs(*forms, newer)


def test_nothing_makes_no_pairs() -> None:
    assert pairs() == []
