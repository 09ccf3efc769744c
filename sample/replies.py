"""Write the recorded replies of the sample's teacher, with the mess that real teachers make.

facts of the pages, wordings  ->  jobs/gabarito/demo/replies.jsonl
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from random import Random

import click
import yaml

from gabarito.demo.recordings import RecordedReply, Recording
from sample.facts import QUALIFIER, SEASON, SHORT, SampleFact, sample_facts
from sample.wordings import FAMILIES, question, reverse, statement

REPLIES = Path(str(files("gabarito.demo"))) / "replies.jsonl"
SEED = 2025
STATEMENTS = 3
MESSY_SHARE = 0.15
MISSED_EVERY = 24
"""Of so many facts one is found only when the teacher is asked what it missed."""
_INVERTIBLE = frozenset({"posicao", "tecnico", "casa"})
"""Only what belongs to one club alone leads back to it: a country does not."""

NEAR_MISSES: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("nearmisses.yaml").read_text(encoding="utf-8")
)

Rows = list[dict[str, object]]
Mess = Callable[[SampleFact, Rows, Random], RecordedReply]


def recordings() -> Iterator[Recording]:
    """Yield every recording, in a fixed order."""
    facts = sample_facts()
    yield from _facts_replies(facts)
    for fact in facts:
        random = Random(f"{SEED} {fact.statement}")
        rows = question_rows(fact, random)
        yield Recording(task="questions", key=fact.statement, replies=_replies(fact, rows, random))
    yield from _names_replies(facts)


def question_rows(fact: SampleFact, random: Random) -> Rows:
    """Return what a teacher in good form writes about a fact."""
    rows: Rows = [
        {"family": family, "question": question(fact.asked, family, random)} for family in FAMILIES
    ]
    told = dict.fromkeys(statement(fact.asked, random) for _ in range(4 * STATEMENTS))
    rows += [{"family": "statement", "text": text} for text in list(told)[:STATEMENTS]]
    turned = reverse(fact.asked, random) if fact.asked.relation in _INVERTIBLE else None
    if turned:
        rows.append({"family": "reverse", "question": turned[0], "answer": turned[1]})
    return rows


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=REPLIES)
def main(path: Path) -> None:
    """Write the recorded replies to PATH."""
    lines = [recording.line() for recording in recordings()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(f"wrote {len(lines)} recordings to {path}")


def _facts_replies(facts: list[SampleFact]) -> Iterator[Recording]:
    for task, chosen in (("facts", False), ("missed", True)):
        by_quote: dict[str, Rows] = defaultdict(list)
        for number, fact in enumerate(facts):
            if (number % MISSED_EVERY == MISSED_EVERY - 1) is chosen:
                by_quote[fact.quote].append(_fact_row(fact))
        for number, (quote, rows) in enumerate(by_quote.items()):
            yield Recording(task=task, key=quote, replies=_found(rows, number % 100))


def _found(rows: Rows, turn: int) -> tuple[RecordedReply, ...]:
    """Return what is said of a quote; every so often in a mess."""
    text = _lines(rows)
    good = RecordedReply(text=text)
    if turn % 20 == 3:
        return (RecordedReply(text=f"{_lines([_invented(rows[0])])}\n{text}"),)
    if turn % 20 == 7:
        return (RecordedReply(text=f"Encontrei o seguinte no trecho:\n```json\n{text}\n```"),)
    if turn == 12:
        return (RecordedReply(text=text[: len(text) // 2], finish_reason="length"), good)
    return (good,)


def _names_replies(facts: list[SampleFact]) -> Iterator[Recording]:
    known: dict[str, dict[str, None]] = {fact.kind: {} for fact in facts}
    for fact in facts:
        known[fact.kind] |= dict.fromkeys([fact.asked.subject, fact.asked.other])
    for kind, names in known.items():
        rows: Rows = [{"name": name, "also": [SHORT[name]]} for name in names if name in SHORT]
        if kind == "competição":
            usual, *others = SEASON.names
            rows.append({"name": usual, "also": others})
        rows += [{"instead": name} for name in NEAR_MISSES[kind]]
        yield Recording(
            task="names", key=f"kind: {kind}", replies=(RecordedReply(text=_lines(rows)),)
        )


def _replies(fact: SampleFact, rows: Rows, random: Random) -> tuple[RecordedReply, ...]:
    good = RecordedReply(text=_lines(rows))
    if random.random() >= MESSY_SHARE:
        return (good,)
    return (random.choice(_MESSES)(fact, rows, random), good)


def _in_prose(_fact: SampleFact, rows: Rows, _random: Random) -> RecordedReply:
    text = f"Claro! Aqui estão as perguntas pedidas:\n\n```json\n{_lines(rows)}\n```\n\n"
    return RecordedReply(text=text + "Espero ter ajudado. Posso escrever mais, se precisar.")


def _as_array(_fact: SampleFact, rows: Rows, _random: Random) -> RecordedReply:
    return RecordedReply(text=json.dumps({"perguntas": rows}, ensure_ascii=False, indent=1))


def _labelled(fact: SampleFact, rows: Rows, _random: Random) -> RecordedReply:
    asked = [row for row in rows if row["family"] in FAMILIES]
    pairs = [f"@Pergunta: {row['question']} @Resposta: {fact.asked.answer}" for row in asked]
    return RecordedReply(text="\n".join(pairs))


def _cut(_fact: SampleFact, rows: Rows, random: Random) -> RecordedReply:
    text = _lines(rows)
    return RecordedReply(
        text=text[: int(len(text) * random.uniform(0.3, 0.8))], finish_reason="length"
    )


def _repeated(_fact: SampleFact, rows: Rows, random: Random) -> RecordedReply:
    first = random.randrange(len(FAMILIES) - 1)
    again = {**rows[first + 1], "question": rows[first]["question"]}
    return RecordedReply(text=_lines([*rows[: first + 1], again, *rows[first + 2 :]]))


def _wrong_answer(_fact: SampleFact, rows: Rows, random: Random) -> RecordedReply:
    place = random.randrange(len(FAMILIES))
    wrong = {**rows[place], "answer": "não consta no texto"}
    return RecordedReply(text=_lines([*rows[:place], wrong, *rows[place + 1 :]]))


def _english(fact: SampleFact, rows: Rows, random: Random) -> RecordedReply:
    place = random.randrange(len(FAMILIES))
    text = f"What do the pages say about {fact.subject} in that season, and who was it?"
    return RecordedReply(
        text=_lines([*rows[:place], {**rows[place], "question": text}, *rows[place + 1 :]])
    )


def _empty(_fact: SampleFact, _rows: Rows, _random: Random) -> RecordedReply:
    return RecordedReply(text="")


_MESSES: tuple[Mess, ...] = (
    _in_prose,
    _as_array,
    _labelled,
    _cut,
    _repeated,
    _wrong_answer,
    _english,
    _empty,
)


def _fact_row(fact: SampleFact) -> dict[str, object]:
    return {
        "quote": fact.quote,
        "statement": fact.statement,
        "subject": fact.subject,
        "relation": fact.relation,
        "answer": fact.asked.answer,
        "aliases": list(fact.aliases),
        "qualifier": QUALIFIER,
        "kind": fact.kind,
    }


def _invented(row: dict[str, object]) -> dict[str, object]:
    """A fact that a teacher makes up: its words are not in the passage."""
    statement_ = f"{row['subject']} venceu o prêmio de torcida mais animada da temporada."
    made_up = {"quote": statement_, "statement": statement_, "answer": "torcida mais animada"}
    return {**row, **made_up, "relation": "prêmio da torcida"}


def _lines(rows: Iterable[dict[str, object]]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


if __name__ == "__main__":
    main()
