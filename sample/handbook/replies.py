"""What the recorded teacher answers about the handbook, slips included.

teacher/*.txt, teacher/names.yaml, rewrites/*.txt, open.txt  ->  replies.jsonl

A text of teacher/ holds one fact after the other, with a line for each field and for each of its
wordings; one of rewrites/ one passage after the other: words that stand in it, and a line for each
paragraph of each format in which it is told anew. So does open.txt, with a line for each question
that the passage leaves open.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from gabarito.demo.recordings import RecordedReply, Recording
from gabarito.generate.config import FORMATS, FURTHER, Families

HERE = Path(__file__).parent
REPLIES = HERE / "replies.jsonl"
TEACHER = HERE / "teacher"
REWRITES = HERE / "rewrites"
OPEN = HERE / "open.txt"
FAMILIES = (*(family.name for family in Families().all), *FURTHER)
"""What the teacher words every fact in: what is asked for by default, and by its pipeline.yaml."""

SLIPS = "slips"
"""The text of facts that are wrong, each beside the quote of a right one."""

SHARE_BEFORE_THE_CUT = 0.6

_FIELDS = ("quote", "statement", "subject", "relation", "answer", "qualifier", "kind")

Entry = dict[str, list[str]]
"""What stands about one fact: the values of each name, in order."""
Rows = list[dict[str, object]]


def entries(path: Path) -> list[Entry]:
    """Return what a text of the teacher holds: entries apart by empty lines."""
    found = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry: Entry = defaultdict(list)
        for line in block.strip().split("\n"):
            field, value = line.split(": ", 1)
            entry[field].append(value)
        found.append(dict(entry))
    return found


def facts() -> list[Entry]:
    """Return every fact that stands in the pages, with its wordings."""
    paths = sorted(path for path in TEACHER.glob("*.txt") if path.stem != SLIPS)
    return [entry for path in paths for entry in entries(path)]


def rewrites() -> list[Entry]:
    """Return the passages that are told anew, each in its formats."""
    return [entry for path in sorted(REWRITES.glob("*.txt")) for entry in entries(path)]


def left_open() -> list[Entry]:
    """Return the passages with the questions that they leave open, slips among them."""
    return entries(OPEN)


def names() -> dict[str, Any]:
    """Return other spellings and near misses of each kind."""
    found: dict[str, Any] = yaml.safe_load(TEACHER.joinpath("names.yaml").read_text("utf-8"))
    return found


def recordings() -> Iterator[Recording]:
    """Yield every recording, in a fixed order."""
    yield from _facts_replies()
    for entry in facts():
        key = entry["statement"][0]
        yield Recording(task="questions", key=key, replies=tuple(_questions_replies(entry)))
    for entry in rewrites():
        for name in (name for name in FORMATS if name in entry):
            reply = _reply({"text": text} for text in entry[name])
            fields = {"task": "rewrite", "key": entry["at"][0], "format": name}
            yield Recording.model_validate({**fields, "replies": [reply]})
    for entry in left_open():
        asked: Rows = [{"question": text} for text in entry["ask"]]
        replies = (_shaped(asked, *entry.get("shape", [""])),)
        yield Recording(task="open", key=entry["at"][0], replies=replies)
    for kind, found in names().items():
        rows: Rows = [{"name": name, "also": also} for name, also in found["also"].items()]
        rows += [{"instead": name} for name in found["instead"]]
        yield Recording(task="names", key=f"kind: {kind}", replies=(_reply(rows),))


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=REPLIES)
def main(path: Path) -> None:
    """Write the recorded replies to PATH."""
    lines = [recording.line() for recording in recordings()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(f"wrote {len(lines)} recordings to {path}")


def _facts_replies() -> Iterator[Recording]:
    """Yield what is found at each quote, at the first look or at the second."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in facts():
        task = "missed" if entry.get("look") == ["2"] else "facts"
        found[task, entry["quote"][0]].append(_line(_fact_row(entry)))
    for entry in entries(TEACHER / f"{SLIPS}.txt"):
        raw = entry.get("raw") or [_line(_fact_row(entry))]
        found["facts", entry["beside"][0]] += raw
    for (task, quote), lines in found.items():
        reply = RecordedReply(text="\n".join(lines))
        yield Recording.model_validate({"task": task, "key": quote, "replies": [reply]})


def _questions_replies(entry: Entry) -> Iterator[RecordedReply]:
    """Yield what the teacher says about a fact, and what it says when it is asked again."""
    rows = list(_question_rows(entry))
    again: Rows = [row for row in rows if f"bad {row['family']}" in entry]
    worse = {row["family"]: entry[f"bad {row['family']}"][0] for row in again}
    first = [
        {**row, "question": worse[row["family"]]} if row["family"] in worse else row for row in rows
    ]
    yield _shaped(first, *entry.get("shape", [""]))
    if again or entry.get("shape") == ["cut"]:
        yield _reply(again or rows)


def _question_rows(entry: Entry) -> Iterator[dict[str, object]]:
    for family in FAMILIES:
        yield {"family": family, "question": entry[family][0]}
    for text in entry["told"]:
        yield {"family": "statement", "text": text}
    for turned in entry.get("reverse", []):
        question, answer = turned.rsplit(" | ", 1)
        yield {"family": "reverse", "question": question, "answer": answer}


def _shaped(rows: Rows, shape: str) -> RecordedReply:
    """Return rows in the shape that a teacher has given them."""
    text = _reply(rows).text
    if shape == "fenced":
        text = f"Sure! Here are the questions you asked for:\n\n```json\n{text}\n```"
    elif shape == "array":
        text = json.dumps({"questions": rows}, ensure_ascii=False, indent=1)
    elif shape == "labelled":
        labelled = [f"- {row['family']}: {row.get('question', row.get('text'))}" for row in rows]
        text = "\n".join(labelled)
    elif shape == "cut":
        cut = text[: int(len(text) * SHARE_BEFORE_THE_CUT)]
        return RecordedReply(text=cut, finish_reason="length")
    return RecordedReply(text=text)


def _fact_row(entry: Entry) -> dict[str, object]:
    row: dict[str, object] = {name: entry[name][0] for name in _FIELDS if name in entry}
    return {**row, "aliases": entry.get("alias", [])}


def _reply(rows: Iterable[dict[str, object]]) -> RecordedReply:
    return RecordedReply(text="\n".join(map(_line, rows)))


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False)


if __name__ == "__main__":
    main()
