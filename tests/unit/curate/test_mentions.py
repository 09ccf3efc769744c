import pytest

from gabarito.core.records import Name
from gabarito.curate.unanswerable.mentions import NameFinder, fold, words

INTER = Name(kind="clube", name="Inter de Milão", also=("Inter",), known=True)
MILAN = Name(kind="clube", name="Milan", also=("Milan AC",), known=True)
CUP = Name(
    kind="competição", name="Champions League", also=("Champions", "Liga dos Campeões"), known=True
)
FINDER = NameFinder([INTER, MILAN, CUP])


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.name.name, text[mention.start : mention.end]) for mention in FINDER.find(text)]


def test_folding_keeps_the_length() -> None:
    assert fold("São İstanbul ß") == "sao istanbul ß"
    assert words("Paris Saint-Germain, é?") == ("paris", "saint", "germain", "e")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Quem foi a Inter de Milão?", [("Inter de Milão", "Inter de Milão")]),
        (
            "a inter de milao na champions",
            [("Inter de Milão", "inter de milao"), ("Champions League", "champions")],
        ),
        ("Inter e Milan AC", [("Inter de Milão", "Inter"), ("Milan", "Milan AC")]),
        ("Champions League 2024", [("Champions League", "Champions League")]),
        ("o Interior de Minas", []),
    ],
)
def test_the_longest_spelling_is_found_as_whole_words(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("na champinos league 24/25", ["champinos league"]),
        ("na champions legue 24/25", ["champions legue"]),
        ("na liga dos capeoes 24/25", ["liga dos capeoes"]),
        ("a champions e a Champions League", ["champions", "Champions League"]),
        ("na copa 24/25", []),
    ],
)
def test_one_name_is_found_despite_typing_errors(text: str, expected: list[str]) -> None:
    assert [text[m.start : m.end] for m in FINDER.find_one(text, CUP)] == expected


def test_a_name_is_not_found_inside_another_one() -> None:
    text = "a inter de milao venceu o milan"
    assert [text[m.start : m.end] for m in FINDER.find_one(text, MILAN)] == ["milan"]
