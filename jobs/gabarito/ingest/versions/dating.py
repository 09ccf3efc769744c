"""Which of two versions is the newer: by text, title, properties, name, place or file's time.

Dates are of year, month and day, or as much of it as is told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from gabarito.answer_match.languages import LANGUAGES, without_accents
from gabarito.ingest.versions.origin import Origin

Date = tuple[int, ...]

_MONTH_OF = {
    word: number
    for language in LANGUAGES
    for number, words in enumerate(language.months, start=1)
    for word in words
}
_MONTH = "|".join(sorted(_MONTH_OF, key=len, reverse=True))

_ENGLISH = (
    r"version of|version dated|effective(?: as of| from| date| on)?|as of|in force (?:from|since)|"
    r"valid (?:from|as of)|(?:last )?(?:updated|revised|modified|changed)(?: on)?|revision of|"
    r"issued(?: on)?|date of issue"
)
_OTHERS = (
    r"versao de|vigente (?:a partir de|desde)|em vigor (?:a partir de|desde)|"
    r"(?:atualizad|revisad|valid)[oa] (?:em|a partir de)|revisto em|redacao de|"
    r"com efeitos? a partir de|ultima (?:atualizacao|revisao)|"
    r"version del?|vigente a partir del|en vigor (?:desde|a partir del?)(?: el)?|"
    r"(?:actualizad|revisad|valid)[oa] (?:el|en|desde|a partir del?)(?: el)?|"
    r"ultima (?:actualizacion|revision|modificacion)|con efectos? desde|"
    r"version du|en vigueur (?:depuis|a partir|a compter|au|des)(?: du| de| le)?|etat au|"
    r"applicable (?:au|a partir du|a compter du)|mise? a jour (?:le|du|en)?|"
    r"derniere (?:mise a jour|modification)|"
    r"stand(?: vom)?|fassung vom|gultig (?:ab|seit)|(?:tritt )?in kraft(?: seit| ab)?|gilt ab|"
    r"wirksam ab|version vom|(?:zuletzt )?(?:geandert|aktualisiert)(?: am)?|"
    r"versione del|in vigore dal|valid[oa] dal|aggiornat[oa] (?:al|il|a)|ultimo aggiornamento|"
    r"vigente dal|con effetto dal|"
    r"(?:date|data|datum|fecha)(?=:)"
)
_ORDINAL = r"(?:st|nd|rd|th|o|er|\.)?"
_OF = r"(?:,| de| del| di| of)?"
_DATED = re.compile(
    rf"\b(?:(?P<english>{_ENGLISH})|{_OTHERS})\b[^\w\n]{{1,4}}(?:(?:the|dem|den|o|el|le|il|du) )?"
    r"(?:(?P<y1>\d{4})(?:[-/.](?P<m1>\d{1,2})(?:[-/.](?P<d1>\d{1,2}))?)?(?!\d)"
    r"|(?P<d2>\d{1,2})[-/.] ?(?P<m2>\d{1,2})[-/.] ?(?P<y2>\d{4})(?!\d)"
    r"|(?P<m3>\d{1,2})[./](?P<y3>\d{4})(?!\d)"
    rf"|(?:(?P<d4>\d{{1,2}}){_ORDINAL}{_OF} )?(?P<n4>{_MONTH})\.?{_OF} (?P<y4>\d{{4}})(?!\d)"
    rf"|(?P<n5>{_MONTH})\.? (?P<d5>\d{{1,2}}){_ORDINAL},? (?P<y5>\d{{4}})(?!\d))"
)
_NUMBERED = re.compile(
    r"(?:^|[\s_.(/-])(?:version|versao|versione|fassung|revision|revisao|revisione|rev|ver|v|r)"
    r"[.:]?[ _-]?(?P<number>\d{1,3}(?:\.\d{1,3}){0,3})(?![\w])"
)
_TITLED = re.compile(
    rf"(?:\b(?P<n>{_MONTH})\.?{_OF} )?(?<![\d/.-])(?P<y>(?:19|20)\d\d)(?:[/–-](?:\d\d)?\d\d)?(?!\d)"
)
_MAX_TITLE_CHARS = 150
_MAX_NUMBERED_CHARS = 100
"""A longer line speaks of some version, a shorter one may state its own."""

_ENDS = 2_000
"""Characters at a text's beginning and end in which it states the number of its version."""

_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)"
    r"(?:[-_.]?(?P<m>0[1-9]|1[0-2])(?:[-_.]?(?P<d>0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<d>0[1-9]|[12]\d|3[01])[-_.](?P<m>0[1-9]|1[0-2])[-_.](?P<y>(?:19|20)\d\d)(?!\d)"
)
_OLD = re.compile(
    r"(?<![^\W_])(?:old|draft|previous|archived?|antig[oa]|rascunho|anterior|viej[oa]|borrador|"
    r"ancien(?:ne)?|brouillon|alt|entwurf|vecchi[oa]|bozza)(?![^\W_])"
)
_NEW = re.compile(
    r"(?<![^\W_])(?:new|latest|current|updated|revised|nov[oa]|atual|atualizad[oa]|nuev[oa]|"
    r"actual|actualizad[oa]|nouveau|nouvelle|neue?|aktuell|nuov[oa]|aggiornat[oa])(?![^\W_])"
)
_COPIED_TOGETHER_S = 3600
"""Files whose times are closer than that were laid there by one copy: it tells nothing."""


@dataclass(frozen=True)
class Newer:
    """Which of two is newer: the first (``order`` > 0), the second (< 0) or neither known."""

    order: int = 0
    by: str = ""
    is_certain: bool = False
    """Whether they say themselves that they are versions: in the text, or by their names."""


def newer_of(first: Origin, first_text: str, second: Origin, second_text: str) -> Newer:
    """Tell which of two versions is the newer, by the best of what is known of both."""
    by_text = _newer_by_text(without_accents(first_text), without_accents(second_text))
    if by_text.order:
        return by_text
    if order := _compare(_iso(first.date), _iso(second.date)):
        return Newer(order, "by its properties")
    if order := _compare_names(first.name, second.name):
        is_same_name = _bare(first.name) == _bare(second.name)
        return Newer(order, "by its name", is_certain=is_same_name)
    if first.place != second.place:
        return Newer(1 if first.place < second.place else -1, "by the order of the sources")
    if first.modified and second.modified:
        seconds = (first.modified - second.modified).total_seconds()
        if abs(seconds) > _COPIED_TOGETHER_S:
            return Newer(1 if seconds > 0 else -1, "by its file's time")
    return Newer()


def _newer_by_text(first: str, second: str) -> Newer:
    if order := _compare_latest(set(_dates_in(first)), set(_dates_in(second))):
        return Newer(order, "by the date in its text", is_certain=True)
    if order := _compare_numbers(set(_numbers_in(first)), set(_numbers_in(second))):
        return Newer(order, "by the version in its text", is_certain=True)
    if order := _compare_titles(first, second):
        return Newer(order, "by the date in its title", is_certain=True)
    return Newer()


def _compare(first: Date, second: Date) -> int:
    """Compare as far as both tell."""
    length = min(len(first), len(second))
    one, two = first[:length], second[:length]
    return (one > two) - (one < two)


def _compare_latest(first: set[Date], second: set[Date]) -> int:
    """Compare the latest of each; dates that both name tell nothing where others are."""
    one, two = first - second or first, second - first or second
    return _compare(max(one), max(two)) if one and two else 0


def _compare_numbers(first: set[Date], second: set[Date]) -> int:
    """Compare the highest of each, of which 2.1 is higher than 2."""
    if not first or not second:
        return 0
    one, two = max(first - second or first), max(second - first or second)
    return (one > two) - (one < two)


def _dates_in(text: str) -> Iterator[Date]:
    """Yield the dates that a text gives itself, such as ``effective 1 March 2025``."""
    for found in _DATED.finditer(text):
        parts = found.groupdict()
        year, month, day = (
            next((parts[key] for key in keys if parts.get(key)), None)
            for keys in (
                ("y1", "y2", "y3", "y4", "y5"),
                ("m1", "m2", "m3"),
                ("d1", "d2", "d4", "d5"),
            )
        )
        name = parts["n4"] or parts["n5"]
        number = _MONTH_OF[name] if name else int(month or 0)
        is_either_way = parts["english"] and parts["m2"] and number <= 12 and int(day or 0) <= 12
        date = (
            (int(year or 0),) if is_either_way else _checked(int(year or 0), number, int(day or 0))
        )
        if date:
            yield date


def _compare_titles(first: str, second: str) -> int:
    """Compare the years, with their months, of titles that differ in nothing else."""
    (one, ours), (two, theirs) = _title(first), _title(second)
    return _compare(max(ours), max(theirs)) if one == two and ours and theirs else 0


def _title(text: str) -> tuple[str, list[Date]]:
    """Return the words of a text's first line, and the dates in it, unless it is a sentence."""
    line = text.lstrip().partition("\n")[0].rstrip()
    if len(line) > _MAX_TITLE_CHARS or line.endswith((".", ";", "…")):
        return line, []
    dates = [
        _checked(int(found["y"]), _MONTH_OF[found["n"]] if found["n"] else 0, 0)
        for found in _TITLED.finditer(line)
    ]
    return " ".join(re.findall(r"\w+", _TITLED.sub(" ", line))), dates


def _checked(year: int, month: int, day: int) -> Date:
    if month > 12 >= day:
        month, day = day, month
    if not (1900 <= year < 2100 and month <= 12 and day <= 31):
        return ()
    return tuple(part for part in (year, month, day) if part)


def _numbers_in(text: str) -> Iterator[Date]:
    """Yield the numbers of versions in short lines at the beginning and the end of a text."""
    for line in (text[:_ENDS] + "\n" + text[_ENDS:][-_ENDS:]).split("\n"):
        if len(line) <= _MAX_NUMBERED_CHARS and (found := _NUMBERED.search(line)):
            yield _number(found)


def _number(found: re.Match[str]) -> Date:
    return tuple(map(int, found["number"].split(".")))


def _iso(date: str) -> Date:
    """Return the day of an ISO 8601 date: files that are exported together differ in seconds."""
    found = _YEAR_FIRST.match(date)
    return tuple(int(part) for part in found.groups() if part) if found else ()


def _compare_names(first: str, second: str) -> int:
    one, two = without_accents(first), without_accents(second)
    if order := _compare(_date_of(one), _date_of(two)):
        return order
    if _bare(first) != _bare(second):
        return 0
    if order := _compare((_age(two),), (_age(one),)):
        return order
    versions = [
        found and _number(found) for found in map(_NUMBERED.search, (_stem(one), _stem(two)))
    ]
    ours, theirs = (version or (1,) for version in versions)
    return (ours > theirs) - (ours < theirs)


def _age(name: str) -> int:
    """Return 1 for a name that calls itself old, -1 for one that calls itself new."""
    stem = _stem(name)
    return bool(_OLD.search(stem)) - bool(_NEW.search(stem))


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _date_of(name: str) -> Date:
    found = [*_YEAR_FIRST.finditer(name), *_DAY_FIRST.finditer(name)]
    dates = (tuple(int(one[key]) for key in "ymd" if one[key]) for one in found)
    return max(dates, default=())


def _bare(name: str) -> str:
    """Return a name without its folders, ending, dates and versions."""
    stem = PurePosixPath(without_accents(name)).stem
    for pattern in (_DAY_FIRST, _YEAR_FIRST, _NUMBERED, _OLD, _NEW):
        stem = pattern.sub(" ", stem)
    return " ".join(re.findall(r"[^\W_]+", stem))
