"""Every page says the same in every language, and nothing that is in no file of words."""

import re
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

import gabarito
from gabarito.core.page_words import (
    LANGUAGES,
    SpokenBody,
    body_in_every_language,
    spoken_in,
    words_in,
)

PACKAGE = Path(gabarito.__file__).parent
FOLDERS = sorted({path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("words.*.json")})
ALIKE = re.compile(r"[\W\d_]*|\{.*\}|Gabarito|Token|Digest|base|AUROC|ECE|Brier", re.DOTALL)
"""What is the same in both languages."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(text) if name is not None}


def words_of(folder: Path) -> dict[str, dict[str, str]]:
    return words_in("gabarito", *folder.parts)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_word_of_the_page(folder: Path, language: str) -> None:
    words, english = words_of(folder)[language], words_of(folder)["en"]
    assert list(words) == list(english)
    assert all(words.values())
    for name, text in english.items():
        assert placeholders(words[name]) == placeholders(text), name


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_no_sentence_was_left_in_english(folder: Path) -> None:
    words = words_of(folder)
    alike = [text for name, text in words["en"].items() if text == words["pt"][name]]
    assert [text for text in alike if not ALIKE.fullmatch(text)] == []


def test_english_stands_there_and_the_others_lie_beside_it() -> None:
    words = {language: {"no_script": f"off <{language}>"} for language in LANGUAGES}
    html = body_in_every_language(words, lambda name: SpokenBody(f'"{name}"', f"<p>{name}</p>\n"))
    assert html.startswith(
        '<p>en</p>\n<template lang="pt" data-title="&quot;pt&quot;">\n<p>pt</p>\n</template>\n'
        '<noscript><p lang="en">off &lt;en&gt;</p><p lang="pt">off &lt;pt&gt;</p></noscript>\n'
    )
    assert html.count("<pt>") == 0


def test_figures_have_the_decimal_sign_of_their_language() -> None:
    assert spoken_in("97.3–99.1%", "en") == "97.3–99.1%"
    assert spoken_in("97.3–99.1%", "pt") == "97,3–99,1%"


def test_the_script_that_chooses_is_in_the_package() -> None:
    assert files("gabarito.core").joinpath("reader_language.js").is_file()


TEMPLATES = sorted(PACKAGE.rglob("*_body.html"))
OUTSIDE_OF_TAGS = re.compile(r"\{[%{#].*?[%}#]\}|<[^>]*>|\$\w+|&\w+;", re.DOTALL)
SAID = re.compile(r'(?:aria-label|placeholder|title|data-label)="([^"]*)"')
NAMES = {"Gabarito", "sha256", "Home", "End", *"jkcxaslwWedur"}
"""What stands in templates themselves: names, keys of the keyboard."""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_body_holds_no_text_of_its_own(template: Path) -> None:
    text = re.sub(r"\{[%{#].*?[%}#]\}", " ", template.read_text("utf-8"), flags=re.DOTALL)
    pieces = [text, *SAID.findall(text)]
    said = " ".join(OUTSIDE_OF_TAGS.sub(" ", piece) for piece in pieces)
    assert set(re.findall(r"[^\W\d_]\w*", said)) <= NAMES


def test_every_page_has_such_a_body() -> None:
    assert {path.name for path in TEMPLATES} == {
        "ask_body.html",
        "report_body.html",
        "review_body.html",
    }


SCRIPTS = sorted(PACKAGE.rglob("*.js"))
GIVEN_AS_TEXT = re.compile(
    r'(?:\b(?:textContent|title|placeholder) = |\belement\("\w+", [^,()]*, |\bappend\()'
    r'["`]([^"`]*)["`]'
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_holds_no_text_of_its_own(script: Path) -> None:
    source = re.sub(r"say\(`[^`]*`", "say(", script.read_text("utf-8"))
    source = re.sub(r"\$\{[^{}]*\}", " ", source)
    given = " ".join(GIVEN_AS_TEXT.findall(source))
    assert set(re.findall(r"[^\W\d_]\w*", given)) <= NAMES
