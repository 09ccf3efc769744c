"""Whether a text reads as a person wrote it, or was garbled on its way.

The thresholds were tried on 215 good texts (documents.md of the project's notes): none of them
has as much, and the garbled ones have twice as much or more.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice

from gabarito.core.account_records import Finding
from gabarito.core.forms import UNSPACED

MIN_LETTERS = 300
"""A share of less text than this says nothing."""

MIN_HITS = 3
"""Fewer hits than this are a word, or a sign, that is meant."""

LONG_WORD = 22
MAX_LONG_WORDS = 0.015
MIN_MEAN_LETTERS = 3.9
MAX_MISREAD = 0.2
MAX_UNKNOWN_SIGNS = 1.0
"""The latter two for a thousand letters."""

MIN_LITTLE_WORDS = 0.08
"""Running text has four times this share of its language's most frequent words."""

_MIN_WORDS = 150
_MIN_WORDS_OF_MEAN = 400
"""Fewer words than these may all be short without being pieces."""

_SAMPLE_CHARS = 60
_ENOUGH_CHARS = 1_000_000
_ENOUGH_OF_LINE = 20_000
"""Of a text of more characters, and of a longer line, a part says what its words are like."""

_LITTLE_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "de": "der die das und in von zu den mit ist des für im auf dem nicht ein eine sie es sich "
        "auch als werden wird an bei er oder aus sind nach zur hat zum wie durch wenn nur einer",
        "en": "the of and to in a is that for it as on be with are by or an this from at not you "
        "was have can if which has will but your they we all been their one when more there",
        "es": "de la que el en y a los se del las un por con no una su para es al lo como más o "
        "pero sus le ha si este entre cuando son ser esta también sin sobre puede hay",
        "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se "
        "il sont ce avec ou cette aux être son vous la leur si nous peut été comme ces",
        "it": "di e il la che in un per è a con non una del si da le i della sono al dei alla più "
        "come nel ha gli o anche lo se ma delle essere dal questo può ad tra",
        "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas ao "
        "das à ou ser são sua nos pode seu está pela pelo foi tem até isso também",
    }.items()
}
"""The most frequent words of the languages that are told apart where none are set."""

_FENCE = "```"
_MARKS = ".,;:!?()\"'"
_NO_WORD = re.compile(r"[/\\_@=]")
"""Stands in an address, a path or a name of a program."""

_MAX_ADDRESS = 300
_RUN = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_HUMP = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
"""Where the parts of a name such as ``readNextLine`` meet."""

_MISREAD = re.compile(
    "[ÃÐÑÂâðï](?:(?<=Ã)[\u0080-\u00bf‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›]|(?<=[ÐÑ])[\u0080-\u00bf‚ƒ„…†‡ˆ‰‹•˜™›]"
    "|(?<=Â)[\u00a0-\u00bf]|(?<=â)€|(?<=ð)Ÿ|(?<=ï)(?:¿½|»¿))"
)
"""UTF-8 that was read as Windows-1252; a class of signs at its beginning is found fast."""

_UNKNOWN = re.compile("[(\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd](?:(?<!\\()|cid:\\d{1,6}\\))")


def implausible(text: str, language: str) -> list[Finding]:
    """Return what is wrong with a text, in words that a person knows."""
    found = [*_signs(text)]
    if _has_letters(text):
        lines = list(_some(_without_code(text), len(text)))
        found += _words(_words_of(lines))
        running = _words_of(line for line in lines if line[:1] != "|")  # tables hold codes, too
        found += _pieces(running, language)
        found += _little_words(running, language)
    return found


def _letters_of_runs(text: str) -> Iterator[int]:
    return (found.end() - found.start() for found in _RUN.finditer(text))


def _has_letters(text: str) -> bool:
    """Tell whether a text has letters enough, and look no further."""
    return any(letters >= MIN_LETTERS for letters in accumulate(_letters_of_runs(text)))


def _without_code(text: str) -> Iterator[str]:
    """Yield the lines of a text that stand between no fences."""
    fence = ""
    for line in text.split("\n"):
        if fence:
            fence = "" if line.startswith(fence) else fence
        elif line.startswith(_FENCE):
            fence = line[: len(line) - len(line.lstrip("`"))]
        else:
            yield line


def _some(lines: Iterable[str], chars: int) -> Iterator[str]:
    """Yield of the lines of a long text one of so many, and of a long line its beginning."""
    for line in islice(lines, 0, None, 1 + chars // _ENOUGH_CHARS):
        yield line[:_ENOUGH_OF_LINE]


def _words_of(lines: Iterable[str]) -> list[str]:
    pieces = (piece for line in lines for piece in line.split())
    wanted = (one for one in pieces if len(one) > _MAX_ADDRESS or not _NO_WORD.search(one))
    return [word for one in wanted for word in _RUN.findall(one)]


def _signs(text: str) -> Iterator[Finding]:
    misread, unknown = _MISREAD.findall(text), _UNKNOWN.findall(text)
    if max(len(misread), len(unknown)) < MIN_HITS:
        return
    letters = sum(_letters_of_runs(text))
    if len(misread) >= MIN_HITS and 1000 * len(misread) > MAX_MISREAD * letters:
        yield Finding(
            kind="wrongly decoded letters",
            said=f"{len(misread)} letters were decoded wrongly, such as {_sample(misread)}; save "
            "it as UTF-8 from a program that shows it right",
        )
    if len(unknown) >= MIN_HITS and 1000 * len(unknown) > MAX_UNKNOWN_SIGNS * letters:
        yield Finding(
            kind="unknown signs",
            said=f"{len(unknown)} signs stand for no known letter; compare it with its original, "
            "and save that in another format",
        )


def _words(words: list[str]) -> Iterator[Finding]:
    long = [
        word
        for word in words
        if len(word) > LONG_WORD
        and max(map(len, _HUMP.split(word))) > LONG_WORD
        and not _UNSPACED.search(word)
    ]
    if len(long) >= MIN_HITS and len(long) > MAX_LONG_WORDS * len(words):
        yield Finding(
            kind="words run together",
            said=f"{100 * len(long) / len(words):.1f} % of the words have more than {LONG_WORD} "
            f"letters, such as {_sample(long)}: words run together; save its original in another "
            "format",
        )


def _pieces(words: list[str], language: str) -> Iterator[Finding]:
    if language in _LITTLE_WORDS and len(words) >= _MIN_WORDS_OF_MEAN:
        mean = sum(map(len, words)) / len(words)
        if mean < MIN_MEAN_LETTERS:
            yield Finding(
                kind="words broken apart",
                said=f"a word has {mean:.1f} letters on average, such as {_sample(words)}: words "
                "are broken apart; save its original in another format",
            )


def little_words_share(words: Sequence[str]) -> float:
    """Return which share of words, of two letters or more, is frequent in one known language."""
    plain = [word.casefold().strip(_MARKS) for word in words]
    known = max(
        sum(word in little and len(word) > 1 for word in plain) for little in _LITTLE_WORDS.values()
    )
    return known / max(len(plain), 1)


def _little_words(words: list[str], language: str) -> Iterator[Finding]:
    little = _LITTLE_WORDS.get(language)
    if little is None or len(words) < _MIN_WORDS:
        return
    share = sum(word.casefold() in little for word in words) / len(words)
    if share < MIN_LITTLE_WORDS:
        yield Finding(
            kind="hardly any known words",
            said=f"only {100 * share:.1f} % are frequent words of its language: it is no running "
            "text, or its letters stand for others; compare it with its original",
        )


def _sample(pieces: Iterable[str]) -> str:
    return repr(" ".join(list(pieces)[:8])[:_SAMPLE_CHARS])
