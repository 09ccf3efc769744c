"""The facts of the sample, read off its pages: sentences of a regular form, tables, and a list.

The pages are the only place where a fact stands; `facts.yaml` adds what has no regular form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import yaml

from sample.wordings import RELATIONS, Asked, Competition, statement

SEASON = Competition(("Champions League", "Champions", "Liga dos Campeões"), 2024)
QUALIFIER = "Champions League 2024/25"
DUPLICATES = ("final-copia", "numeros-antigo")
"""Pages that repeat another one; ingest drops them."""

_HERE = Path(__file__).parent
SHORT: dict[str, str] = yaml.safe_load((_HERE / "names.yaml").read_text(encoding="utf-8"))["short"]
"""How clubs are called for short."""

_KINDS = {"competition": "competição", "club": "clube", "pair": "clube", "player": "jogador"}
_COMPETITION = "Champions League"
_ROUNDS = {
    "repescagem": "play-offs",
    "oitavas": "oitavas de final",
    "quartas": "quartas de final",
    "semifinais": "semifinal",
}
_RIVALS = {"oitavas": "rival_oitavas", "quartas": "rival_quartas"}
_DATA = yaml.safe_load((_HERE / "facts.yaml").read_text(encoding="utf-8"))
_TIE = re.compile(
    r"[oa] (?P<winner>[\w .-]+?) eliminou [oa] (?P<loser>[\w .-]+?)(?: nos pênaltis, depois de"
    r"| por) (?P<score>\d+ a \d+) no placar agregado\."
)
_COACH = re.compile(r"o técnico d[oa] (?P<club>[\w .-]+?) era (?P<coach>[^.]+)\.", re.IGNORECASE)
_GAME = re.compile(
    r"[oa] (?P<winner>[\w .-]+?) venceu [oa] (?P<loser>[\w .-]+?) por (?P<score>\d+ a \d+)\."
)
_MONTHS = ("setembro", "outubro", "novembro", "dezembro", "janeiro")
_GIVEN = 4
_DEFAULTS: list[object] = [[], ""]
"""What a fact of facts.yaml may leave out: aliases and subject."""
_SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[A-ZÀ-Ú])")


@dataclass(frozen=True)
class SampleFact:
    """A fact, the page that states it, and the words there that do."""

    page: str
    quote: str
    asked: Asked
    more_aliases: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other ways to give the answer."""
        short = SHORT.get(self.asked.answer)
        known = (short,) if short else ()
        return tuple(dict.fromkeys((*known, *self.more_aliases)))

    @property
    def kind(self) -> str:
        """What sort of thing the fact is about."""
        return _KINDS[RELATIONS[self.asked.relation]["about"]]

    @property
    def subject(self) -> str:
        """What the fact is about, by name."""
        return self.asked.subject or _COMPETITION

    @property
    def relation(self) -> str:
        """What is told of the subject."""
        name = str(_DATA["relations"][self.asked.relation])
        return f"{name} contra {self.asked.other}" if self.asked.other else name

    @property
    def statement(self) -> str:
        """A sentence that says it all, without the page."""
        seed = f"{self.relation} {self.subject} {self.asked.answer}"
        return statement(self.asked, Random(seed), canonical=True)


@cache
def page_text(page: str) -> str:
    """Return the source of a page, without its first line, which names the format."""
    text = (_HERE / "pages" / f"{page}.md").read_text(encoding="utf-8")
    return text.partition("\n")[2]


def pages() -> list[str]:
    """Return the names of the pages, in order."""
    return sorted(path.stem for path in (_HERE / "pages").iterdir())


def page_format(page: str) -> str:
    """Return md, html, pdf or docx."""
    text = (_HERE / "pages" / f"{page}.md").read_text(encoding="utf-8")
    return text.splitlines()[0].removeprefix("format: ")


def sample_facts() -> list[SampleFact]:
    """Return every fact of the pages."""
    return [*_listed(), *_ties(), *_games(), *_coaches(), *_rows()]


def sentences(page: str) -> list[str]:
    """Return the sentences, items and table rows of a page."""
    lines = [line.removeprefix("- ") for line in page_text(page).splitlines() if line]
    return [part for line in lines for part in _SENTENCE_END.split(line)]


def table(page: str) -> list[list[str]]:
    """Return the cells of a page's table, without its head."""
    rows = [line for line in page_text(page).splitlines() if line.startswith("|")]
    return [cells(row) for row in rows[2:]]


def cells(row: str) -> list[str]:
    """Return the cells of a row of a table."""
    return [cell.strip() for cell in row.strip("|").split("|")]


def _listed() -> Iterator[SampleFact]:
    for row in _DATA["facts"]:
        relation, page, answer, words, aliases, subject = row + _DEFAULTS[len(row) - _GIVEN :]
        quote = next(text for text in sentences(page) if answer in text and words in text)
        asked = Asked(relation, SEASON, answer, subject)
        yield SampleFact(page, quote, asked, tuple(aliases))


def _ties() -> Iterator[SampleFact]:
    for page, phase in _ROUNDS.items():
        for quote in sentences(page):
            found = _TIE.search(quote)
            if found:
                yield from _tie(page, phase, quote, found)


def _tie(page: str, phase: str, quote: str, found: re.Match[str]) -> Iterator[SampleFact]:
    winner, loser = found["winner"], found["loser"]
    told = [
        ("eliminou", winner, loser, ""),
        ("fase", phase, loser, ""),
        ("agregado", found["score"], winner, loser),
    ]
    if page in _RIVALS:
        told += [(_RIVALS[page], loser, winner, ""), (_RIVALS[page], winner, loser, "")]
    for relation, answer, subject, other in told:
        yield SampleFact(page, quote, Asked(relation, SEASON, answer, subject, other))


def _games() -> Iterator[SampleFact]:
    for page in _MONTHS:
        for quote in sentences(page):
            found = _GAME.search(quote)
            if found:
                asked = Asked("jogo_liga", SEASON, found["score"], found["winner"], found["loser"])
                yield SampleFact(page, quote, asked)


def _coaches() -> Iterator[SampleFact]:
    for quote in sentences("tecnicos"):
        found = _COACH.search(quote)
        if found:
            asked = Asked("tecnico", SEASON, found["coach"], found["club"])
            yield SampleFact("tecnicos", quote, asked)


def _rows() -> Iterator[SampleFact]:
    """Read tables; the quote is the row from the cell of the subject or the answer on."""
    for place, club, points, *_ in table("tabela"):
        quote = f"| {place} | {club} | {points} |"
        yield SampleFact("tabela", quote, Asked("posicao", SEASON, place, club))
        yield SampleFact("tabela", quote, Asked("pontos", SEASON, points, club))
    for player, club, goals in table("artilharia"):
        quote = f"| {player} | {club} | {goals} |"
        yield SampleFact("artilharia", quote, Asked("gols_jogador", SEASON, goals, player))
        yield SampleFact("artilharia", quote, Asked("clube_jogador", SEASON, club, player))
    for page, relation in (("estadios", "casa"), ("paises", "pais")):
        for club, answer in table(page):
            quote = f"| {club} | {answer} |"
            yield SampleFact(page, quote, Asked(relation, SEASON, answer, club))
