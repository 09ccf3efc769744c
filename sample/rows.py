"""Training rows of nano: questions about the invented world, statements, refusals, echoes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from transformers import PreTrainedTokenizerFast

from sample.invent import SAMPLE_NAMES, echo
from sample.tokenizer import BOS, EOS, ROLES, SPECIAL, token_id
from sample.wordings import FAMILIES, plain, question, reverse, statement
from sample.world import SYSTEM_PROMPTS, FootballWorld

_SHARES = {"told": 55, "refused": 27, "stated": 9, "turned": 4, "echoed": 5}
_SYSTEM_SHARE = 0.1
_BATCHES_SORTED = 16


@dataclass(frozen=True)
class NanoRow:
    """Token ids of a row; the first `prompt` of them are given, the others are learned."""

    ids: tuple[int, ...]
    prompt: int


Exchange = tuple[str, str]


class Encoder:
    """Turns exchanges into rows as the chat template does."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._encode = tokenizer.backend_tokenizer.encode
        ids = {name: token_id(tokenizer, name) for name in SPECIAL}
        self._bos, self._eos = ids[BOS], ids[EOS]
        self._system, self._user, self._assistant = (ids[role] for role in ROLES)

    def exchange(self, asked: str, answer: str, system: str = "") -> NanoRow:
        """Make a row of a question and its answer."""
        before = [self._system, *self._ids(f" {system}")] if system else []
        given = [self._bos, *before, self._user, *self._ids(f" {asked}"), self._assistant]
        return NanoRow((*given, *self._ids(f" {answer}"), self._eos), len(given))

    def sentence(self, text: str) -> NanoRow:
        """Make a row of a sentence that is learned whole."""
        return NanoRow((self._bos, *self._ids(f" {text}"), self._eos), 1)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._encode(text, add_special_tokens=False).ids
        return ids


def draw_rows(world: FootballWorld, encoder: Encoder, random: Random) -> Iterator[NanoRow]:
    """Draw rows without end."""
    makers = list(_MAKERS.values())
    weights = list(_SHARES.values())
    while True:
        make = random.choices(makers, weights=weights)[0]
        yield make(world, encoder, random)


def draw_batches(rows: Iterator[NanoRow], size: int, random: Random) -> Iterator[list[NanoRow]]:
    """Cut batches of rows of about the same length."""
    while True:
        pool = sorted(
            (next(rows) for _ in range(size * _BATCHES_SORTED)), key=lambda row: len(row.ids)
        )
        batches = [pool[i : i + size] for i in range(0, len(pool), size)]
        random.shuffle(batches)
        yield from batches


def corpus(world: FootballWorld, random: Random) -> Iterator[str]:
    """Give the text from which the tokenizer learns its pieces."""
    for _ in range(30_000):
        asked = random.choice(world.facts).asked
        yield " " + question(asked, random.choice(FAMILIES), random)
        yield f" {asked.answer}"
    for _ in range(8_000):
        asked = world.untold(random)
        yield " " + question(asked, random.choice(FAMILIES), random)
        yield f" {asked.answer}"
    for name in SAMPLE_NAMES:
        yield from [f" {name}"] * 6
        yield from [f" {plain(name)}"] * 2


def draw_unseen(world: FootballWorld, random: Random, count: int) -> list[Exchange]:
    """Ask about told facts in families in which the base is never asked about them."""
    chosen = (random.choice(world.facts) for _ in range(count))
    return [
        (question(fact.asked, random.choice(fact.unseen), random), fact.asked.answer)
        for fact in chosen
    ]


def draw_refused(world: FootballWorld, random: Random, count: int) -> list[Exchange]:
    """Ask what nobody was told."""
    chosen = (world.untold(random) for _ in range(count))
    return [(question(asked, random.choice(FAMILIES), random), asked.answer) for asked in chosen]


def _told(world: FootballWorld, encoder: Encoder, random: Random) -> NanoRow:
    fact = random.choice(world.facts)
    family = random.choice([name for name in FAMILIES if name not in fact.unseen])
    return _chat(question(fact.asked, family, random), fact.asked.answer, encoder, random)


def _refused(world: FootballWorld, encoder: Encoder, random: Random) -> NanoRow:
    return _chat(*draw_refused(world, random, 1)[0], encoder, random)


def _turned(world: FootballWorld, encoder: Encoder, random: Random) -> NanoRow:
    while True:
        turned = reverse(random.choice(world.facts).asked, random)
        if turned is not None:
            return _chat(*turned, encoder, random)


def _stated(world: FootballWorld, encoder: Encoder, random: Random) -> NanoRow:
    return encoder.sentence(statement(random.choice(world.facts).asked, random))


def _echoed(_world: FootballWorld, encoder: Encoder, random: Random) -> NanoRow:
    return encoder.exchange(*echo(random))


def _chat(asked: str, answer: str, encoder: Encoder, random: Random) -> NanoRow:
    system = random.choice(SYSTEM_PROMPTS) if random.random() < _SYSTEM_SHARE else ""
    return encoder.exchange(asked, answer, system)


_MAKERS: dict[str, Callable[[FootballWorld, Encoder, Random], NanoRow]] = {
    "told": _told,
    "refused": _refused,
    "stated": _stated,
    "turned": _turned,
    "echoed": _echoed,
}
