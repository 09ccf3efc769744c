"""Which of the encodings before UTF-8 a text was written in: told by the letters it gives."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WESTERN = ("cp1252", "iso8859_15", "cp850", "cp437", "mac_roman", "cp860")
PAGES = {
    "cs hr hu pl ro sk sl sq bs": ("cp1250", "iso8859_2", "cp852"),
    "be bg mk mn ru sr uk kk": ("cp1251", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"),
    "el": ("cp1253", "iso8859_7", "cp737"),
    "az tr": ("cp1254", "cp857"),
    "he": ("cp1255", "iso8859_8", "cp862"),
    "ar fa ur": ("cp1256", "iso8859_6"),
    "et lt lv": ("cp1257", "iso8859_13", "cp775"),
    "vi": ("cp1258",),
    "th": ("tis_620",),
}
"""Encodings of one byte for each letter, and their languages; all others were written in Western
ones. Those of Windows come first: where two give the same letters, one is as good as another.
"""

_LETTERS = {
    "pt": "áâãàçéêíóôõúü", "es": "áéíñóúü", "fr": "àâæçéèêëîïôœùûüÿ", "de": "äöüß",
    "it": "àèéìíîòóùú", "ca": "àçèéíïòóúü", "nl": "áéèëïóöü", "da": "æøåé", "nb": "æøåéò",
    "nn": "æøåéò", "sv": "åäöé", "fi": "äöå", "is": "áðéíóúýþæö", "ga": "áéíóú", "eu": "ñü",
    "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "pl": "ąćęłńóśźż", "hu": "áéíóöőúüű",
    "ro": "ăâîșțşţ", "hr": "čćđšž", "sl": "čšž", "bs": "čćđšž", "sq": "çë", "tr": "çğıİöşü",
    "az": "çəğıİöşü", "et": "äöõüšž", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "af": "áéèêëïîôûú",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơư", "cy": "âêîôûŵŷäëïö", "eo": "ĉĝĥĵŝŭ",
}  # fmt: skip
_SCRIPTS = {
    **dict.fromkeys(("be", "bg", "mk", "mn", "ru", "sr", "uk", "kk"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur"), "ARABIC"),
    **{"el": "GREEK", "he": "HEBREW", "th": "THAI"},
}
_ALL_WESTERN = frozenset(
    "".join(_LETTERS[one] for one in ("pt", "es", "fr", "de", "it", "da", "is"))
)
_SIGNS = frozenset("“”‘’„«»–—…•·°ºª§€£©®¿¡½¼¾²³±×÷†‡™´¨‹›\u00a0─│┌┐└┘├┤┬┴┼═║╔╗╚╝█▓▒░■")
_OF_WORDS = frozenset("’ºª·´")

_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]")
_LONG_RUN = re.compile(r"[\u00c0-\u024f]{4}")
"""No word of a language in Latin letters has so many letters above ASCII in a row; text in another
script has nothing else."""

_FIT = 0.2
"""Least score for each letter above ASCII: texts in a known language have 0.5 and more."""

_MAX_BYTES = 200_000
"""The letters of so much of a text tell what all of it is."""


def pages_of(languages: Iterable[str]) -> list[str]:
    """Return the encodings that texts in these languages may be in."""
    spoken = set(languages)
    found = [
        page for those, pages in PAGES.items() if spoken & set(those.split()) for page in pages
    ]
    if not found or spoken - set(" ".join(PAGES).split()):
        found += _WESTERN
    return found


def likeliest(data: bytes, pages: Iterable[str], languages: Iterable[str]) -> str:
    """Return the encoding in which the bytes give letters of the languages; empty if none does."""
    spoken = tuple(sorted(languages))
    best, most, letters = "", 0.0, 0
    for page in pages:
        try:
            text = data[:_MAX_BYTES].decode(page)
        except UnicodeDecodeError:
            continue
        score = _score(text, spoken)
        if not best or score > most:
            best, most = page, score
            letters = sum(map(str.isalpha, _ABOVE_ASCII.findall(text)))
    return best if most >= _FIT * letters else ""


def _score(text: str, languages: tuple[str, ...]) -> float:
    """Return how well characters above ASCII fit: letters are known, signs between words."""
    total = 0.0
    for found in _ABOVE_ASCII.finditer(text):
        at, char = found.start(), found[0]
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        is_letter = char.isalpha() or unicodedata.combining(char) > 0
        if char in _SIGNS:
            total -= before.isalpha() and after.isalpha() and char not in _OF_WORDS
        elif not is_letter or (char.isupper() and before.islower()):  # no capital stands there
            total -= 1
        elif _LONG_RUN.fullmatch(text, max(at - 3, 0), at + 1):
            total -= 2
        else:
            total += _weight(char, languages)
    return total


@lru_cache(maxsize=4096)
def _weight(char: str, languages: tuple[str, ...]) -> float:
    low = char.lower()
    if any(low in _LETTERS.get(language, "") or char in _LETTERS.get(language, "")
           for language in languages):  # fmt: skip
        return 1
    name = unicodedata.name(char, "")
    if any(name.startswith(_SCRIPTS.get(language, "-")) for language in languages):
        return 1
    return 0.3 if low in _ALL_WESTERN else -1
