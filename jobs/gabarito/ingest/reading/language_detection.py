"""Which language a text is in."""

import re
from collections.abc import Callable, Sequence

from lingua import IsoCode639_1, LanguageDetectorBuilder

from gabarito.core.language_names import UNDETERMINED

_ENOUGH_CHARS = 10_000

_LATIN = re.compile("[A-Za-zªºÀ-\u024f\u1e00-\u1eff]+")
_SYLLABLES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Signs of Japanese, Chinese and Korean, each of which says as much as two letters or more."""


def language_tagger(languages: Sequence[str]) -> Callable[[str], str]:
    """Return a function from a text to the likeliest of ``languages`` (ISO 639-1 codes).

    A text of more figures than letters, such as a table of measurements, is in none. Where most of
    a text is in another script than the Latin one, the names and code in it that are Latin do not
    count: a page in Japanese is in none of the languages of Europe.

    Three letters at a time are compared, which takes 30 MB where all models take 180 and
    errs only on texts of a few words.
    """
    codes = [IsoCode639_1.from_str(code.upper()) for code in languages]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    detector = builder.with_low_accuracy_mode().build()

    def tag(text: str) -> str:
        beginning = text[:_ENOUGH_CHARS]
        letters, figures = (sum(map(kind, beginning)) for kind in (str.isalpha, str.isdigit))
        language = detector.detect_language_of(_told_by(beginning)) if letters > figures else None
        return language.iso_code_639_1.name.lower() if language else UNDETERMINED

    return tag


def _told_by(text: str) -> str:
    """Return the part of a text that tells its language: without its Latin words, if these are few.

    Few is less than half, a syllable sign counted as two letters.
    """
    other = _LATIN.sub(" ", text)
    latin = sum(map(str.isalpha, text)) - sum(map(str.isalpha, other))
    is_other = sum(map(str.isalpha, other)) + len(_SYLLABLES.findall(other)) > latin
    return other if is_other else text
