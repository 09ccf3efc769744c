import pytest

from gabarito.core.forms import comparable, normalise_forms, set_figures_apart


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("o\ufb01cina, \ufb02or, a\ufb03che", "oficina, flor, affiche"),
        ("\ufef3\ufeeb\ufbac", "يهھ"),
        ("\ufb2a\ufb4f", "שׁאל"),
        ("\u2f42\u2f08", "文人"),
        ("Sa\u0303o", "São"),
        ("super\u00admer\u200bcado\ufeff", "supermercado"),
        ("\u202babc\u202c \u200fdef\u2069", "abc def"),
        ("\U000e0041\U000e0042texto", "texto"),
        ("in\u200cter\u200dno", "interno"),
    ],
)
def test_signs_that_are_no_spelling_become_letters_or_go(source: str, text: str) -> None:
    assert normalise_forms(source) == text


@pytest.mark.parametrize(
    "text",
    [
        "10⁶ m² H₂O ½ Ⅳ ① № … “a” – b",
        "می\u200cشوند",
        "क्\u200dष श्रीमान्\u200c",
        "ന്\u200d",
        "👩\u200d🔬 ❤\ufe0f\u200d🔥",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_signs_that_mean_something_stay(text: str) -> None:
    assert normalise_forms(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“aspas” – e l’eau", '"ASPAS" - e l\'eau'),
        ("ﬁca perto", "fica  perto"),
        ("**Inter** e `x`", "Inter e x"),
        (r"3\. item", "3. item"),
        ("m² de １２", "m2 de 12"),
        ("۱۹۸۷", "1987"),
        ("10⁶", "10^6"),
        ("می\u200cشوند", "میشوند"),
    ],
)
def test_forms_of_one_text_compare_as_equal(one: str, other: str) -> None:
    assert comparable(one).text == comparable(other).text


@pytest.mark.parametrize(
    ("one", "other"), [("10⁶", "106"), ("1½", "11/2"), ("x₁₂", "x"), ("é", "e")]
)
def test_other_figures_and_letters_do_not(one: str, other: str) -> None:
    assert comparable(one).text != comparable(other).text


def test_a_place_in_what_is_compared_leads_back_to_the_text() -> None:
    text = "a  **o\ufb01cina** daqui"
    compared = comparable(text)
    at = compared.text.index("oficina")
    begin, end = compared.span(at, at + len("oficina"))
    assert text[begin:end] == "o\ufb01cina"


def test_an_exponent_is_set_apart_from_its_figure() -> None:
    assert set_figures_apart("10⁻⁶ m², 1½") == "10^⁻⁶ m², 1 ½"
