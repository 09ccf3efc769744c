"""The five questions of a sample, asked over HTTP before and after: the demonstration's end."""

import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gabarito.answer_match import AnswerKey, Expected
from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.jsonl import read_lines
from gabarito.chat.ask import EndpointReply, ask
from gabarito.core.coverage import Coverage
from gabarito.core.records import AnswerStyle, Fact
from gabarito.core.text import printable
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.demo.process import Server, started
from gabarito.evaluate.formatting import percent
from gabarito.pipeline.places import store_argument, store_place
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

MAX_ANSWER_CHARS = 2000


def interview(store: Store, run: Run, asked: str, *, port: int, stay: bool | None) -> None:
    """Serve the base and the promoted model, ask both, print the table and what to do next.

    ``asked`` is a file of questions, one ``{"question", "answer", "aliases"}`` a line.

    Raises:
        GabaritoError: what a server said that ended by itself.
    """
    stays = sys.stdout.isatty() if stay is None else stay
    questions = read_lines(asked, FreeQuestion)
    assert run.pipeline.train is not None  # it was trained
    base = run.pipeline.train.base
    with ExitStack() as servers:
        before = servers.enter_context(started("serve", "--model", base, "--port", "0"))
        channel = ("--store", store.url, "--channel", run.pipeline.channel)
        after = servers.enter_context(started("serve", *channel, "--port", str(port)))
        dataset = open_artifact(store, run.address("curate"))
        assert dataset is not None  # it was trained on
        examiner = _Examiner(*_known(dataset, run))
        rows = [_asked(question, before, after) for question in questions]
        _print_rows(rows, examiner, dataset.record("coverage.json", Coverage))
        _print_next(store, run, after, questions[0].question, stays=stays)
        if stays:
            click.echo("\nServing until Ctrl-C.")
            with suppress(KeyboardInterrupt):
                raise after.failure()


class _InterviewRow(BaseModel):
    question: FreeQuestion
    base: EndpointReply
    tuned: EndpointReply


@dataclass(frozen=True)
class _Examiner:
    """Tells what is right of questions that ask for no style."""

    key: AnswerKey
    style: AnswerStyle

    def is_right(self, question: FreeQuestion, reply: EndpointReply) -> bool:
        expected = Expected(
            question.answer,
            question.aliases,
            self.style,
            question.points,
            question=question.question,
        )
        return self.key.is_right(reply.text, expected)


def _known(dataset: Artifact, run: Run) -> tuple[AnswerKey, AnswerStyle]:
    style: AnswerStyle = "sentence" if run.pipeline.curate.answers == "sentence" else "short"
    return AnswerKey(dataset.records("facts.jsonl", Fact)), style


def _asked(question: FreeQuestion, before: Server, after: Server) -> _InterviewRow:
    base = ask(before.address, question.question)
    return _InterviewRow(question=question, base=base, tuned=ask(after.address, question.question))


def _print_rows(rows: list[_InterviewRow], examiner: _Examiner, coverage: Coverage) -> None:
    table = Table(title="Asked before and after", show_lines=True)
    for name in ("question", "right answer", "base model", "after training"):
        table.add_column(name, overflow="fold")
    for row in rows:
        expected = row.question
        cells = (expected.question, expected.answer)
        table.add_row(*map(Text, cells), *_marked(row, examiner))
    right = sum(examiner.is_right(row.question, row.tuned) for row in rows)
    before = sum(examiner.is_right(row.question, row.base) for row in rows)
    console = Console()
    console.print()
    console.print(table)
    console.print(f"right before: {before} of {len(rows)}, after: {right} of {len(rows)}")
    console.print(_covered(coverage))


def _covered(coverage: Coverage) -> str:
    """Say of how much of the documents this is: a few facts are soon known by heart."""
    if not coverage.documents.total:
        return "coverage: people gave all of the facts, no document did"
    sentences = coverage.sentences
    share = percent(sentences.share)
    return f"coverage: {share} of the documents' {sentences.total} sentences support a fact"


def _marked(row: _InterviewRow, examiner: _Examiner) -> list[Text]:
    """Return both answers as text: a reply may hold what rich or a terminal would obey."""
    return [
        Text.assemble(
            f"{'✓' if examiner.is_right(row.question, reply) else '✗'} ",
            f"{printable(reply.text, MAX_ANSWER_CHARS)} ",
            (f"({reply.chance})", "dim"),
        )
        for reply in (row.base, row.tuned)
    ]


def _print_next(store: Store, run: Run, after: Server, example: str, *, stays: bool) -> None:
    report = open_artifact(store, run.address("evaluate"))
    page = report.manifest.files["report.html"].key if report else ""
    place = store_place(store)
    program = sys.argv[0] if Path(sys.argv[0]).name == "gabarito" else "python -m gabarito"
    of = f"{store_argument(store)} --pipeline {run.pipeline.name}"
    lines = [f"{program} report {of}"]
    if stays:
        lines.append(f'{program} ask --url {after.address} "{example}"')
    else:
        lines += [f"{program} serve {of}", f'{program} ask "{example}"']
    click.echo(f"\nreport     {place}/{page}")
    if stays:
        click.echo(f"endpoint   {after.address}/v1/chat/completions")
    for label, line in zip(["next", *[""] * len(lines)], lines, strict=False):
        click.echo(f"{label:10} {line}")
