import pytest

from gabarito.ingest.reading.raised import subscript, superscript


@pytest.mark.parametrize(
    ("raised", "before", "written"),
    [
        ("6", "10", "10⁶"),
        ("-3", "10", "10⁻³"),
        ("2", "m", "m²"),
        ("2", "(a+b)", "(a+b)²"),
        ("n", "2", "2ⁿ"),
        ("kt", "e", "e^(kt)"),
        ("n+1", "2", "2ⁿ⁺¹"),
        ("th", "10", "10th"),
        ("o", "1", "1º"),
        ("h", "02", "02h"),
        ("TM", "Nome", "Nome™"),
        ("[3]", "1987", "1987 [3]"),
        ("4", "fim.", "fim. [4]"),
        ("", "x", "x"),
    ],
)
def test_what_is_raised_is_no_part_of_the_figure_before_it(
    raised: str, before: str, written: str
) -> None:
    assert before + superscript(raised, before) == written


@pytest.mark.parametrize(
    ("lowered", "before", "written"), [("2", "H", "H₂"), ("max", "v", "v_(max)"), ("1", "", "1")]
)
def test_what_is_lowered_is_no_part_of_the_word_before_it(
    lowered: str, before: str, written: str
) -> None:
    assert before + subscript(lowered, before) == written
