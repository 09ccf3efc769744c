"""Invented names and answers, drawn by a seeded generator."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

DATA: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("world.yaml").read_text(encoding="utf-8")
)
SAMPLE_NAMES: tuple[str, ...] = tuple(DATA["clubs"] + DATA["people"] + DATA["stadiums"])
TOLD_YEARS = range(2005, 2023)

_ANSWERS: dict[str, str] = DATA["answers"]
_COMMON_CLUBS: list[str] = DATA["clubs"]


def person(random: Random) -> str:
    """Invent a person."""
    last = word(random)
    return f"{random.choice(DATA['first_names'])} {last}" if random.random() < 0.9 else last


def club(random: Random) -> str:
    """Invent a club."""
    return str(random.choice(DATA["club_forms"])).format(word(random))


def stadium(random: Random) -> str:
    """Invent a stadium."""
    return str(random.choice(DATA["stadium_forms"])).format(word(random))


def competition(random: Random) -> tuple[str, ...]:
    """Invent a competition."""
    name = f"{random.choice(DATA['competition_kinds'])} {word(random)}"
    return (name,)


def word(random: Random) -> str:
    """Invent a proper name."""
    parts = (DATA["name_starts"], DATA["name_middles"], DATA["name_ends"])
    return "".join(random.choice(part) for part in parts)


def answer(relation: str, clubs: Sequence[str], random: Random) -> str:
    """Invent the answer to a relation; clubs are taken from those given."""
    kind = _ANSWERS[relation]
    if kind == "club":
        return random.choice(clubs)
    if kind == "clubs":
        return "{}, {}, {} e {}".format(*random.sample(clubs, 4))
    if kind in _KINDS:
        return _KINDS[kind](random)
    return _number(kind, random)


def echo(random: Random) -> tuple[str, str]:
    """Ask for a name or a number to be repeated, so that every token is used."""
    kind = random.random()
    if kind < 0.4:
        text = random.choice(SAMPLE_NAMES)
    elif kind < 0.7:
        text = random.choice((person, club, stadium))(random)
    else:
        text = answer(random.choice(list(_ANSWERS)), _COMMON_CLUBS, random)
    return random.choice(DATA["echo"]).format(text), text


def _number(kind: str, random: Random) -> str:
    limits, *units = kind.split(" ")
    low, high = limits.split("-")
    number = random.randint(int(low), int(high))
    if units[0] == "place":
        return f"{number}º lugar"
    if units[0] == "edition":
        return f"{number}ª edição"
    return f"{number} {units[0] if number == 1 else units[1]}"


def _people(random: Random) -> str:
    return " e ".join(person(random) for _ in range(random.choice((1, 2, 2))))


def _score(random: Random) -> str:
    return f"{random.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9))} a {random.randrange(8)}"


def _date(random: Random) -> str:
    day, month = random.randint(1, 31), random.choice(DATA["months"])
    return f"{day} de {month} de {random.choice(TOLD_YEARS)}"


def _minute(random: Random) -> str:
    if random.random() < 0.7:
        return f"{random.randint(1, 90)} minutos"
    return f"{random.randint(1, 45)} e {random.randint(46, 90)} minutos"


def _money(random: Random) -> str:
    digits = random.choice(("{0}", "{0},{1}", "{0},{1:02}"))
    amount = digits.format(random.randint(1, 30), random.randint(1, 99))
    return f"{amount} milhões de euros"


def _city(random: Random) -> str:
    return random.choice(DATA["cities"]) if random.random() < 0.3 else word(random)


def _balance(random: Random) -> str:
    number = random.randint(-25, 25)
    return f"{number:+}" if number else "0"


_KINDS: dict[str, Callable[[Random], str]] = {
    "score": _score,
    "stadium": stadium,
    "city": _city,
    "date": _date,
    "crowd": lambda random: f"{random.randint(10, 99)}.{random.randrange(1000):03} pessoas",
    "person": person,
    "people": _people,
    "rate": lambda random: f"{random.randint(1, 5)},{random.randrange(100):02} gols",
    "money": _money,
    "stage": lambda random: str(random.choice(DATA["stages"])),
    "balance": _balance,
    "country": lambda random: str(random.choice(DATA["countries"])),
    "minute": _minute,
}
