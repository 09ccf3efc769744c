"""What a second opinion finds: recall and precision on facts of which 80 are wrong.

    PYTHONPATH=jobs .venv/bin/python tests/bench/opinions.py

``opinions.txt`` holds 20 passages, each with five right facts and four wrong ones (another's
subject, another time's qualifier, another thing's number, half of the answer), whose answers all
stand in the passage, so that no other check finds them; and beside each fact the reply of who has
the second opinion. The replies are written by hand in the manner of a mid-size model, slips
included: now and then it follows what a question supposes, names the subject in other words,
answers more than was asked, or leaves out limits. No model was run.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from gabarito.core.records import Fact
from gabarito.generate.grounding import is_supported_by
from gabarito.generate.replies import read_reply
from gabarito.generate.teachers.second_opinion import doubts_of, opinions_of

RECORDED = Path(__file__).with_suffix(".txt")
KINDS = ("subject", "qualifier", "number", "half")


@dataclass(frozen=True)
class Recorded:
    """A fact, what is wrong with it, and the opinion on it as its line of the reply has it."""

    kind: str
    fact: Fact
    opinion: dict[str, str]


def passages(text: str) -> Iterator[tuple[str, list[Recorded]]]:
    """Yield the passages with their facts.

    Raises:
        ValueError: if an answer does not stand in its passage: an earlier check would drop it.
    """
    for block in re.split(r"^= ", text, flags=re.MULTILINE)[1:]:
        title, passage, *lines = block.strip().split("\n")
        recorded = [_recorded(line, title) for line in lines]
        for item in recorded:
            if not is_supported_by([item.fact.answer], f"{title}\n{passage}"):
                raise ValueError(f"{title}: {item.fact.answer!r} does not stand in the passage")
        yield title, recorded


def _recorded(line: str, title: str) -> Recorded:
    given, said = (part.split("|") for part in line.split("||"))
    kind, subject, relation, qualifier, answer = map(str.strip, given)
    names = ("answer", "subject", "limits")
    fact = Fact.of(
        document=title,
        quote=answer,
        statement=f"{subject}: {relation}: {answer}",
        subject=subject,
        relation=relation,
        qualifier=qualifier,
        answer=answer,
    )
    return Recorded(kind, fact, dict(zip(names, map(str.strip, said), strict=True)))


def main() -> None:
    """Print recall by kind, precision, and which were missed or doubted without need."""
    found, counted = Counter[str](), Counter[str]()
    for _, recorded in passages(RECORDED.read_text(encoding="utf-8")):
        lines = [{"n": n} | item.opinion for n, item in enumerate(recorded, start=1)]
        reply = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        facts = {n: item.fact for n, item in enumerate(recorded, start=1)}
        opinions = opinions_of(read_reply(reply, "stop").objects, facts)
        doubts = {doubt.item: doubt for doubt in doubts_of(facts, opinions)}
        for item in recorded:
            counted[item.kind] += 1
            found[item.kind] += item.fact.id in doubts
            is_doubted, is_wrong = item.fact.id in doubts, item.kind != "ok"
            if is_doubted != is_wrong:
                why = doubts[item.fact.id].reason if is_doubted else "missed"
                click.echo(f"{item.kind}: {item.fact.statement}\n  {why}: {item.opinion}")
    right = sum(found[kind] for kind in KINDS)
    for kind in KINDS:
        click.echo(f"wrong {kind}: {found[kind]} of {counted[kind]} found")
    click.echo(
        f"recall {right / sum(counted[kind] for kind in KINDS):.3f}, "
        f"precision {right / (right + found['ok']):.3f}, "
        f"{found['ok']} of {counted['ok']} right facts doubted"
    )


if __name__ == "__main__":
    main()
