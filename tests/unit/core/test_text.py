import pytest

from gabarito.core.text import in_number, printable


def test_a_line_is_left_as_it_is() -> None:
    assert printable("São Paulo\n\t1 – 2 · 🏆") == "São Paulo\n\t1 – 2 · 🏆"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x9b2Jgone", r"\x9b2Jgone"),
        ("one\rtwo", r"one\rtwo"),
        ("cod.\u202efdp", r"cod.\u202efdp"),
        ("\udcff.yaml", r"\udcff.yaml"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert printable("a" * 10_000_000, 3) == "aaa… (9999997 more characters)"


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("files", "file"),
        ("words left out", "word left out"),
        ("hidden or temporary files passed over", "hidden or temporary file passed over"),
        ("question rows", "question row"),
        ("replies", "reply"),
        ("facts with few wordings", "fact with few wordings"),
        ("pages or parts that could not be read", "page or part that could not be read"),
        ("loss", "loss"),
        ("reverse", "reverse"),
    ],
)
def test_of_one_thing_the_singular_is_said(plural: str, singular: str) -> None:
    assert in_number(1, plural) == singular
    assert in_number(2, plural) == plural
