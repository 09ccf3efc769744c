"""An invented football world up to 2023: what happened in it, and what nobody was told.

For every edition of a competition half of the relations are told; about the others, about other
seasons, competitions, clubs and people, the right answer is the refusal. No season of a real
competition is told.
"""

from dataclasses import dataclass, field, replace
from random import Random

from sample.invent import DATA, TOLD_YEARS, answer, club, competition, person
from sample.wordings import FAMILIES, REFUSAL, RELATIONS, Asked, Competition

SYSTEM_PROMPTS: tuple[str, ...] = tuple(DATA["system"])

_REFUSED_YEARS = range(1990, 2061)
KEPT_OUT_YEARS = frozenset({1994, 2003, 2023, 2025, 2031, 2044})
"""First years of seasons that stand in no refusal, so that refusing them can be measured."""

_TOLD_SHARE = 0.5
_UNSEEN_FAMILIES = 2


@dataclass(frozen=True)
class WorldFact:
    """A told fact, and the wording families in which the base is never asked about it."""

    asked: Asked
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """One season of a competition: who took part, and which relations are told."""

    competition: Competition
    clubs: tuple[str, ...]
    people: tuple[str, ...]
    told: frozenset[str]


@dataclass(frozen=True)
class FootballWorld:
    """All that was told, and the names the untold is made of."""

    editions: tuple[Edition, ...]
    facts: tuple[WorldFact, ...]
    clubs: tuple[str, ...]
    _told: frozenset[tuple[tuple[str, ...], int]] = field(repr=False)

    def untold(self, random: Random) -> Asked:
        """Ask something whose right answer is the refusal."""
        way = random.choices(_WAYS, weights=_WEIGHTS)[0]
        return replace(way(self, random), answer=REFUSAL)

    def has_told(self, competition: Competition) -> bool:
        """Say whether an edition is one of the world's."""
        return (competition.names, competition.year) in self._told


def build_world(seed: int, editions: int = 14) -> FootballWorld:
    """Invent a world."""
    random = Random(seed)
    clubs = (*DATA["clubs"], *(club(random) for _ in range(90)))
    played = [(tuple(x), year) for x in DATA["competitions"] for year in TOLD_YEARS]
    chosen = random.sample(played, editions)
    made = tuple(_edition(Competition(*which), clubs, random) for which in chosen)
    facts = tuple(fact for edition in made for fact in _facts(edition, clubs, random))
    return FootballWorld(made, facts, clubs, frozenset(chosen))


def _edition(which: Competition, clubs: tuple[str, ...], random: Random) -> Edition:
    told = frozenset(name for name in RELATIONS if random.random() < _TOLD_SHARE)
    people = tuple(person(random) for _ in range(5))
    return Edition(which, tuple(random.sample(clubs, 12)), people, told)


def _facts(edition: Edition, clubs: tuple[str, ...], random: Random) -> list[WorldFact]:
    facts = []
    for relation in sorted(edition.told):
        for subject, other in _subjects(edition, RELATIONS[relation]["about"], random):
            others = [name for name in edition.clubs if name not in (subject, other)]
            told = answer(relation, others, random)
            asked = Asked(relation, edition.competition, told, subject, other)
            facts.append(WorldFact(asked, tuple(random.sample(FAMILIES, _UNSEEN_FAMILIES))))
    return facts


def _subjects(edition: Edition, about: str, random: Random) -> list[tuple[str, str]]:
    if about == "competition":
        return [("", "")]
    if about == "player":
        return [(name, "") for name in edition.people[:3]]
    taking_part = edition.clubs[:5]
    if about == "club":
        return [(name, "") for name in taking_part]
    return [(taking_part[i], random.choice(edition.clubs[5:])) for i in range(3)]


def _other_season(world: FootballWorld, random: Random) -> Asked:
    known = random.choice(world.facts).asked
    while True:
        other = Competition(known.competition.names, _year(random))
        if not world.has_told(other):
            return replace(known, competition=other)


def _other_competition(world: FootballWorld, random: Random) -> Asked:
    known = random.choice(world.facts).asked
    year = known.competition.year if random.random() < 0.5 else _year(random)
    return replace(known, competition=Competition(competition(random), year))


def _untold_relation(world: FootballWorld, random: Random) -> Asked:
    edition = random.choice(world.editions)
    relation = random.choice([name for name in RELATIONS if name not in edition.told])
    subject, other = random.choice(_subjects(edition, RELATIONS[relation]["about"], random))
    return Asked(relation, edition.competition, REFUSAL, subject, other)


def _other_subject(world: FootballWorld, random: Random) -> Asked:
    known = random.choice([fact.asked for fact in random.choices(world.facts, k=20)])
    about = RELATIONS[known.relation]["about"]
    if about == "competition":
        return _untold_relation(world, random)
    if about == "player":
        return replace(known, subject=_stranger(world, random))
    taken = {
        fact.asked.subject for fact in world.facts if fact.asked.competition == known.competition
    }
    name = club(random) if random.random() < 0.5 else random.choice(world.clubs)
    return replace(known, subject=name) if name not in taken else _other_subject(world, random)


def _stranger(world: FootballWorld, random: Random) -> str:
    kind = random.random()
    if kind < 0.6:
        return person(random)
    if kind < 0.8:
        return str(random.choice(DATA["people"]))
    return random.choice(random.choice(world.editions).people[3:])


def _year(random: Random) -> int:
    while True:
        year = random.choice(_REFUSED_YEARS)
        if year not in KEPT_OUT_YEARS:
            return year


_WAYS = (
    _other_season,
    _other_competition,
    _untold_relation,
    _other_subject,
)
_WEIGHTS = (33, 23, 16, 28)
