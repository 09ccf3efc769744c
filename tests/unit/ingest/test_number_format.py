import pytest

from gabarito.ingest.formats.figures.date_format import date_as_shown
from gabarito.ingest.formats.figures.number_format import (
    number_as_shown,
    sections,
    text_as_shown,
)

ACCOUNTS = '_($* #,##0.00_);_($* \\(#,##0.00\\);_($* "-"??_);_(@_)'
SHOWN = [
    (0.125, "0.0%", "12.5%"),
    (0.125, "0.00", "0.13"),
    (1234.5, '#,##0.00 "€"', "1,234.50 €"),
    (1234.5, "[$R$-416]\\ #,##0.00", "R$ 1,234.50"),
    (-1234.5, "#,##0;[Red]-#,##0", "-1,235"),
    (-1234.5, "#,##0_);(#,##0)", "(1,235)"),
    (-1234.567, ACCOUNTS, "$ (1,234.57)"),
    (0, ACCOUNTS, "$ -"),
    (1234567.891, '0.0,,"M"', "1.2M"),
    (11987654321, "(00) 0000-0000", "(119) 8765-4321"),
    (7, "00000", "00007"),
    (1234.5, "#\\ ##0.00", "1 234.50"),
    (12, "0.0#", "12.0"),
    (12, "#.##", "12"),
    (-0.004, "0.00", "0.00"),
    (1234.5, "0.00E+00", "1.23E+03"),
    (9.999, "0.00E+00", "1.00E+01"),
    (5, 'General" kg"', "5 kg"),
    (1500, '[>=1000]#,##0.0,"k";0.0', "1.5k"),
    (5, "0;;", "5"),
    (-5, "0;;", ""),
]


@pytest.mark.parametrize(("value", "code", "shown"), SHOWN)
def test_a_number_is_written_as_its_code_shows_it(value: float, code: str, shown: str) -> None:
    assert number_as_shown(value, code) == shown


@pytest.mark.parametrize(
    "code", ["# ?/?", "[DBNum1]0", "0.0.0", "@", "##0.0E+0", "0 kg", "0" * 300]
)
def test_a_code_that_is_not_understood_shows_no_number(code: str) -> None:
    assert number_as_shown(0.125, code) is None


@pytest.mark.parametrize("value", [1e300, -1e30, float("nan"), float("inf")])
@pytest.mark.parametrize("code", ["0.00", "#,##0.00%", "000-000", "0.00E+00", "0;-0;0"])
def test_a_number_beyond_counting_is_no_fault(value: float, code: str) -> None:
    shown = number_as_shown(value, code)
    assert shown is None or "E+" in shown or shown.strip("-0123456789") == ""


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [("12", '0;0;0;"Nr. "@', "Nr. 12"), ("um", "0.00", "um"), ("um", ";;;", ""), ("um", "@", "um")],
)
def test_a_text_is_written_as_its_code_shows_it(text: str, code: str, shown: str) -> None:
    assert text_as_shown(text, code) == shown


DATES = [
    (45000, "dd/mm/yyyy", "2023-03-15"),
    (45000, '[$-416]d" de "mmmm" de "yyyy', "2023-03-15"),
    (45000, "mmm-yy", "2023-03"),
    (45000, "yyyy", "2023"),
    (45000.75, "dd/mm/yyyy hh:mm", "2023-03-15 18:00"),
    (0.75, "h:mm AM/PM", "18:00"),
    (1.5, "[h]:mm:ss", "36:00:00"),
    (0.001, "mm:ss.0", "01:26.4"),
    (1, "yyyy-mm-dd", "1900-01-01"),
    (0, "yyyy-mm-dd", None),
    (1e9, "yyyy-mm-dd", None),
]


@pytest.mark.parametrize(("serial", "code", "shown"), DATES)
def test_a_date_is_written_as_far_as_its_code_shows_it(
    serial: float, code: str, shown: str | None
) -> None:
    assert date_as_shown(serial, sections(code)[0]) == shown


def test_dates_that_are_counted_from_1904_are_told() -> None:
    assert date_as_shown(0.5, sections("h:mm")[0], is_1904=True) == "12:00"
    assert date_as_shown(1462, sections("yyyy-mm-dd")[0], is_1904=True) == "1908-01-02"
