"""A garbled text is told from a good one."""

import pytest

from gabarito.ingest.reading.plausible import implausible

GOOD = """A biblioteca da cidade abre às nove horas e fecha às seis, de segunda a sexta. Quem mora
no bairro pode levar até cinco livros para casa por três semanas, e a carteira é de graça. Nos
sábados há leitura para crianças no jardim, que não é paga, mas para a qual é bom chegar cedo.
"""
LONG = GOOD * 4


def kinds(text: str, language: str = "pt") -> list[str]:
    return [finding.kind for finding in implausible(text, language)]


def shifted(text: str) -> str:
    """Every letter by another one, as a font without its table gives them."""
    return "".join(chr((ord(c) - 94) % 26 + 97) if c.isascii() and c.islower() else c for c in text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LONG, []),
        (LONG.replace(" ", ""), ["words run together"]),
        (LONG.replace(" ", "").replace("\n", "e/ou"), ["words run together"]),
        (" ".join(LONG.replace(" ", "")[i : i + 2] for i in range(0, 920, 2)), ["words broken"]),
        (LONG.encode().decode("cp1252", "replace"), ["wrongly decoded"]),
        (LONG.replace("a", "\ufffd"), ["unknown signs"]),
        (LONG.replace("livros", "(cid:12)(cid:7)"), ["unknown signs"]),
        (shifted(LONG), ["hardly any known words"]),
    ],
)
def test_each_kind_of_garbling_is_named(text: str, found: list[str]) -> None:
    named = kinds(text)
    assert all(any(kind.startswith(want) for kind in named) for want in found)
    assert bool(named) == bool(found)


@pytest.mark.parametrize(
    "text",
    [
        LONG + "https://example.org/" + "a" * 90 + " /usr/share/" + "b" * 90 + "\n",
        LONG + "```\n" + "averylongnameofafunctionincode " * 40 + "\n```\n",
        LONG + "aNameOfAFunctionThatReadsTheNextLine " * 20,
        LONG + "| 0xBD | a | b | x1f |\n" * 400,
        LONG + "NÃO É SÃO PAULO. " * 20,
        LONG + "Die Donaudampfschifffahrtsgesellschaft kam zweimal vor. " * 2,
        "Ã© Ã© curto",
    ],
)
def test_what_only_looks_garbled_is_left_alone(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize("language", ["ja", "", "en"])  # others than ingest.detect are not told
@pytest.mark.parametrize(
    "sentence",
    [
        "図書館は朝九時に開き夕方六時に閉まりますそして日曜日は休みです。",
        "图书馆早上九点开门晚上六点关门星期天不开放欢迎市民免费办证借书。",
        "ห้องสมุดเปิดเก้าโมงเช้าและปิดหกโมงเย็นทุกวันยกเว้นวันอาทิตย์ ",
    ],
)
def test_a_script_without_spaces_is_not_measured_by_its_words(sentence: str, language: str) -> None:
    assert "words run together" not in kinds(sentence * 40, language)


def test_words_that_run_together_beside_such_a_script_are_found() -> None:
    mixed = "図書館は朝九時に開き夕方六時に閉まります。 " + LONG.replace(" ", "")
    assert kinds(mixed, "ja") == ["words run together"]


def test_a_finding_says_what_to_do() -> None:
    (finding,) = implausible(LONG.replace(" ", ""), "pt")
    assert "save its original in another format" in finding.said


@pytest.mark.parametrize("joint", ["\n", " "])
def test_a_long_text_is_judged_by_a_part_of_it(joint: str) -> None:
    good = LONG.replace(" e ", " também ").replace("\n", joint)
    long = joint.join([good] * 2000)
    assert len(long) > 2_000_000
    assert kinds(long) == []
    assert "words run together" in kinds(joint.join([LONG.replace(" ", "")] * 2000))
