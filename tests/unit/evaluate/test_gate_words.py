"""The gate says the same, with the same figures, in every language."""

import re
from collections.abc import Callable

import pytest

from gabarito.core.model_records import GateCheck
from gabarito.core.page_words import OTHERS, words_in
from gabarito.evaluate.report import Report

Make = Callable[..., Report]

NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
SETTINGS: tuple[dict[str, object], ...] = (
    {"conversation": "whole", "min_coverage": 0.1},
    {"tasks": 40, "max_forgetting": 0.05},
    {"tasks": 40, "max_forgetting": 0.0, "floor": 1.0},
)


def checks_of(report: Make) -> list[GateCheck]:
    return [check for settings in SETTINGS for check in report(**settings).verdict.checks]


def figures(text: str) -> list[str]:
    return sorted(NUMBER.findall(text.replace(",", ".")))


def test_each_sentence_is_there_in_every_language_with_its_figures(report: Make) -> None:
    found = checks_of(report)
    assert len({check.name for check in found}) >= 6
    for check in found:
        assert list(check.translations) == list(OTHERS)
        for said in check.translations.values():
            assert said != check.text
            assert figures(said) == figures(check.text), said
            assert not re.search(r"[{}]|\d\.\d", said)


@pytest.mark.parametrize("language", OTHERS)
def test_what_failed_has_its_cure_in_every_language(report: Make, language: str) -> None:
    floor = next(check for check in report(floor=1.0).verdict.checks if check.name == "floor")
    words = words_in("gabarito.evaluate")[language]
    assert not floor.passed
    assert floor.translations[language].endswith(words["gate_floor_cure"])
    assert words["gate_floor_missed"] in floor.translations[language]
