"""What pages say, in the reader's language: one way for all of them. Pure.

A page stands there in English, so that it is right where scripts are off; each other language lies
beside it as a template. ``reader_language.js`` puts the first of the reader's languages in place
as soon as the body is read, and gives the page's own scripts ``language`` and ``say``. The
language is chosen in the browser, since a page may be a file that no server sends.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

Words = Mapping[str, str]

ENGLISH, *OTHERS = LANGUAGES = ("en", "pt")
"""Each has a file ``words.<language>.json`` beside every page."""

DECIMAL_SIGN = {"en": ".", "pt": ","}

SCRIPT_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
"""What could end the script element that JSON stands in."""


@dataclass(frozen=True)
class SpokenBody:
    """A page's title and body in one language."""

    title: str
    html: str


@cache
def words_in(package: str, *folder: str) -> dict[str, dict[str, str]]:
    """Return what the files of words in a folder of a package say, by language."""
    place = files(package).joinpath(*folder)
    return {
        language: json.loads(place.joinpath(f"words.{language}.json").read_text("utf-8"))
        for language in LANGUAGES
    }


def spoken_in(figure: str, language: str) -> str:
    """Return a figure with the decimal sign of a language."""
    return figure.replace(".", DECIMAL_SIGN[language])


def body_in_every_language(words: Mapping[str, Words], body: Callable[[str], SpokenBody]) -> str:
    """Return the body in English, and what a browser needs to show it in the other languages."""
    templates = [
        f'<template lang="{language}" data-title="{escape(spoken.title)}">\n'
        f"{spoken.html}</template>"
        for language, spoken in ((language, body(language)) for language in OTHERS)
    ]
    off = "".join(
        f'<p lang="{language}">{escape(words[language]["no_script"])}</p>' for language in LANGUAGES
    )
    script = f"<script>{language_script(words)}</script>"
    noscript = f"<noscript>{off}</noscript>"
    return "\n".join([body(ENGLISH).html.rstrip(), *templates, noscript, script])


def language_script(words: Mapping[str, Words]) -> str:
    """Return the script that chooses the language; a policy allows it by its hash."""
    text = json.dumps(words, ensure_ascii=False).translate(SCRIPT_ESCAPES)
    chosen = files("gabarito.core").joinpath("reader_language.js").read_text("utf-8")
    return f'"use strict";\nconst WORDS = {text};\n{chosen}'


def source_hash(text: str) -> str:
    """Return a source expression of CSP level 3: of exactly what stands between the tags."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
