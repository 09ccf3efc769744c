"""Questions and statements about a football competition, in twelve wording families.

The sentences stand in `relations.yaml`; here their slots are filled.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

import yaml

TRAINED = ("inverted", "imperative", "casual", "cloze", "keywords", "typos", "context", "quiz")
FAMILIES = (*TRAINED, "regional", "direct", "synonym", "indirect")
REFUSAL = "Não tenho essa informação."

_HERE = Path(__file__).parent
_NAMES = yaml.safe_load((_HERE / "names.yaml").read_text(encoding="utf-8"))
_FRAMES: dict[str, list[str]] = _NAMES["frames"]
_SHORT: dict[str, str] = _NAMES["short"]
_STOP_WORDS = frozenset(_NAMES["stop_words"])
RELATIONS: dict[str, dict[str, str]] = yaml.safe_load(
    (_HERE / "relations.yaml").read_text(encoding="utf-8")
)

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"<(?:(\w+) )?([XYPCA])>")
_COMPETITION_TAIL = re.compile(r"(?: durante)? <\w+ C>$")
_CANONICAL_SEASON = " {long}"
_SEASONS = (
    *[" {long}"] * 4,
    *[" {mixed}"] * 5,
    *[" {short}"] * 2,
    *[" {dashed}", " {long_dashed}", " de {mixed}", " da temporada {mixed}"],
    *[", temporada {long}", ", temporada {short}"],
)


@dataclass(frozen=True)
class Competition:
    """A season of a competition; `names` begins with the usual name, `year` is its first year."""

    names: tuple[str, ...]
    year: int


@dataclass(frozen=True)
class Asked:
    """What a question asks: a relation of a competition, or of a club or player in it."""

    relation: str
    competition: Competition
    answer: str
    subject: str = ""
    other: str = ""


def question(asked: Asked, family: str, random: Random, canonical: bool = False) -> str:
    """Ask in the words of a family; `canonical` spells names in full and the season 2024/2025."""
    ask = _ASK.get(family, _ask_plainly)
    fill = _filler(asked, random, canonical)
    return ask(RELATIONS[asked.relation], family, random, fill)


def statement(asked: Asked, random: Random, canonical: bool = False) -> str:
    """State the answer in one sentence."""
    relation = RELATIONS[asked.relation]
    fill = _filler(asked, random, canonical)
    if random.random() < 0.5:
        return _capital(fill(_one(relation["cloze"], random)) + f" {asked.answer}.")
    noun = fill(_one(relation["noun"], random))
    if not asked.answer[0].isalpha():
        return _capital(f"{noun}: {asked.answer}.")
    verb = "foram" if noun.startswith(("os ", "as ")) else "foi"
    if random.random() < 0.5:
        return _capital(f"{noun} {verb} {asked.answer}.")
    return _capital(f"{asked.answer} {verb} {noun}.")


def reverse(asked: Asked, random: Random) -> tuple[str, str] | None:
    """Turn a fact round, where its relation can be: a question about its answer, and the answer."""
    body = RELATIONS[asked.relation].get("reverse")
    if body is None:
        return None
    return _capital(_filler(asked, random, False)(_one(body, random))), asked.subject


def wordings(asked: Asked, family: str) -> Iterator[str]:
    """Give every canonical wording that a family has for a question, typing errors apart."""
    fill = _filler(asked, Random(0), True)
    relation = RELATIONS[asked.relation]
    bodies, frames = _parts(relation, family)
    for body, frame in product(bodies, frames):
        for choice in _all(body):
            yield _capital(_framed(frame, choice, fill))


def plain(text: str) -> str:
    """Lower the case and strip the accents."""
    letters = unicodedata.normalize("NFD", text)
    return "".join(x for x in letters if unicodedata.category(x) != "Mn").lower()


Fill = Callable[[str], str]
Relation = dict[str, str]


def _parts(relation: Relation, family: str) -> tuple[list[str], list[str]]:
    """Give the bodies and the frames of a family; a frame that names the competition moves it."""
    if family in ("imperative", "quiz"):
        return [relation["noun"]], _FRAMES[family] + _FRAMES[f"{family}_about"]
    if family in ("context", "typos"):
        frames = _FRAMES["context"] if family == "context" else ["{}"]
        return [relation["inverted"], relation["casual"]], frames
    if family == "keywords":
        return [relation["noun"]], ["{C} {}", "{} {C}"]
    return [relation[family]], _FRAMES.get(family, ["{}"])


def _ask_plainly(relation: Relation, family: str, random: Random, fill: Fill) -> str:
    bodies, frames = _parts(relation, family)
    body = _one(random.choice(bodies), random)
    return _capital(_framed(random.choice(frames), body, fill))


def _ask_casually(relation: Relation, family: str, random: Random, fill: Fill) -> str:
    text = _ask_plainly(relation, family, random, fill)
    return text if random.random() < 0.3 else text[0].lower() + text[1:]


def _ask_in_context(relation: Relation, _family: str, random: Random, fill: Fill) -> str:
    return random.choice(_FRAMES["context"]).replace("{}", _spoken(relation, random, fill))


def _ask_with_typos(relation: Relation, _family: str, random: Random, fill: Fill) -> str:
    text = re.sub("[?,]", "", plain(_spoken(relation, random, fill)))
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if long and random.random() < 0.5:
        i = random.choice(long[:3])
        words[i] = _misspelled(words[i], random)
    return " ".join(words)


_ASK: dict[str, Callable[[Relation, str, Random, Fill], str]] = {
    "casual": _ask_casually,
    "context": _ask_in_context,
    "typos": _ask_with_typos,
}


def _spoken(relation: Relation, random: Random, fill: Fill) -> str:
    body = relation[random.choice(("inverted", "casual"))]
    text = _capital(fill(_one(body, random)))
    return text if text.endswith("?") else text + "?"


def _misspelled(word: str, random: Random) -> str:
    i = random.randrange(1, len(word) - 1)
    if random.random() < 0.5:
        return word[:i] + word[i + 1 :]
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _framed(frame: str, body: str, fill: Fill) -> str:
    if not re.search(r"\{\w+\}", frame):
        return frame.replace("{}", fill(body))
    body = fill(_COMPETITION_TAIL.sub("", body))
    if frame in ("{C} {}", "{} {C}"):
        body = " ".join(word for word in body.split() if word not in _STOP_WORDS)
    named = re.sub(r"\{(\w+)\}", lambda m: "<C>" if m[1] == "C" else f"<{m[1]} C>", frame)
    return fill(named).replace("{}", body)


def _filler(asked: Asked, random: Random, canonical: bool) -> Fill:
    """Give the function that fills the slots of a sentence, spelling each name one way."""
    competition = asked.competition.names[0] if canonical else _name(asked.competition, random)
    season = _CANONICAL_SEASON if canonical else random.choice(_SEASONS)
    names = {
        "C": competition + season.format(**_spellings(asked.competition.year)),
        "X": _club(asked.subject, random, canonical),
        "Y": _club(asked.other, random, canonical),
        "P": asked.subject,
        "A": asked.answer,
    }

    def slot(match: re.Match[str]) -> str:
        return _with_article(match[1], names[match[2]], _is_feminine(match[2], names))

    def fill(text: str) -> str:
        return _SLOT.sub(slot, text)

    return fill


def _spellings(year: int) -> dict[str, str]:
    first, second = str(year), str(year + 1)
    return {
        "long": f"{first}/{second}",
        "mixed": f"{first}/{second[2:]}",
        "short": f"{first[2:]}/{second[2:]}",
        "dashed": f"{first}-{second[2:]}",
        "long_dashed": f"{first}-{second}",
    }


def _name(competition: Competition, random: Random) -> str:
    names = competition.names
    return names[0] if random.random() < 0.6 else random.choice(names)


def _club(name: str, random: Random, canonical: bool) -> str:
    return name if canonical or random.random() < 0.6 else _SHORT.get(name, name)


def _is_feminine(slot: str, names: dict[str, str]) -> bool:
    if slot == "C":
        return names["C"].split(" ")[0] not in _NAMES["masculine_competitions"]
    return names[slot] in _NAMES["feminine_clubs"]


def _with_article(form: str | None, name: str, feminine: bool) -> str:
    """Put the article, alone or joined to a preposition, before a name: `<do X>`, `<A C>`."""
    if form is None:
        return name
    article = "a" if feminine else "o"
    joined = {"o": article, "a": article, "d": f"d{article}", "n": f"n{article}"}
    joined |= {"p": f"pel{article}", "ao": "à" if feminine else "ao"}
    word = joined.get(form.lower()) or joined[form[0].lower()]
    return f"{_capital(word) if form[0].isupper() else word} {name}"


def _one(text: str, random: Random) -> str:
    return _CHOICE.sub(lambda m: random.choice(m[1].split("|")), text)


def _all(text: str) -> Iterator[str]:
    parts = _CHOICE.split(text)
    options = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    for chosen in product(*options):
        yield "".join(chosen)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
