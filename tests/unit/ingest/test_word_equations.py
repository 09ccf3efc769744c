import pytest

from gabarito.ingest.formats.word.word_equations import equation

SHOWN = [
    (r" EQ \f(1,2) ", "1/2"),
    (r"EQ \f(a+b;2)", "(a+b)/2"),
    (r"EQ \r(3,x)", "∛(x)"),
    (r"EQ \r(\f(1,x))", "√(1/x)"),
    (r"EQ x\s\up8(2)", "x²"),
    (r"EQ a\s\do4(1)", "a₁"),
    (r"EQ \o\ac(○,3)", "③"),
    (r"EQ \i(0,1,x)", "∫_(0)^(1) x"),
    (r"EQ \(a\)", "(a)"),
]


@pytest.mark.parametrize(("instruction", "shown"), SHOWN)
def test_an_equation_of_a_field_is_written_on_one_line(instruction: str, shown: str) -> None:
    assert equation(instruction) == shown


@pytest.mark.parametrize(
    "instruction",
    [
        r"EQ \a \al(1,2)",
        r"EQ \f(1,2",
        r"EQ \f(1)",
        r"EQ \z",
        "EQ " + r"\r(" * 99,
        "EQ " + "1" * 9999,
    ],
    ids=["array", "open", "one part", "unknown", "deep", "long"],
)
def test_an_equation_that_is_not_understood_says_nothing(instruction: str) -> None:
    assert equation(instruction) == ""
