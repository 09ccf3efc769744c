"""The study's five questions, asked over HTTP before and after: the demonstration's end."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from gabarito.answers import is_match
from gabarito.core.artifact import open_artifact
from gabarito.core.config import local_path
from gabarito.core.records import Record, read_jsonl
from gabarito.core.store import Store
from gabarito.demo.process import Server, started
from gabarito.endpoint import Reply, ask
from gabarito.plan import Run

QUESTIONS = "gabarito:demo/five.jsonl"


class ExamQuestion(Record):
    """A question with its right answer and other spellings of it."""

    question: str
    answer: str
    aliases: tuple[str, ...] = ()


def interview(store: Store, run: Run, base: str, *, port: int, stay: bool | None) -> None:
    """Serve the base and the promoted model, ask both, print the table and what to do next."""
    path = local_path(QUESTIONS)
    lines = path.read_text(encoding="utf-8").splitlines()
    questions = list(read_jsonl(lines, ExamQuestion, path.name))
    with ExitStack() as servers:
        before = servers.enter_context(started("serve", "--model", base, "--port", "0"))
        channel = ("--store", store.url, "--channel", run.pipeline.channel)
        after = servers.enter_context(started("serve", *channel, "--port", str(port)))
        rows = [_asked(question, before, after) for question in questions]
        _print_rows(rows)
        _print_next(store, run, after)
        if sys.stdout.isatty() if stay is None else stay:
            click.echo("\nServing until Ctrl-C.")
            after.process.wait()


class _Row(BaseModel):
    question: ExamQuestion
    base: Reply
    tuned: Reply


def _asked(question: ExamQuestion, before: Server, after: Server) -> _Row:
    base = ask(before.address, question.question)
    return _Row(question=question, base=base, tuned=ask(after.address, question.question))


def _print_rows(rows: list[_Row]) -> None:
    table = Table(title="The study's five questions, in its own words", show_lines=True)
    for name in ("question", "right answer", "base model", "after training"):
        table.add_column(name, overflow="fold")
    for row in rows:
        expected = row.question
        table.add_row(expected.question, expected.answer, *_marked(row))
    right = sum(_is_right(row.question, row.tuned) for row in rows)
    before = sum(_is_right(row.question, row.base) for row in rows)
    console = Console()
    console.print()
    console.print(table)
    console.print(f"right before: {before} of {len(rows)}, after: {right} of {len(rows)}")


def _marked(row: _Row) -> list[str]:
    return [
        f"{'✓' if _is_right(row.question, reply) else '✗'} {reply.text} "
        f"[dim]({reply.probability:.2f})[/dim]"
        for reply in (row.base, row.tuned)
    ]


def _is_right(question: ExamQuestion, reply: Reply) -> bool:
    return is_match(reply.text, question.answer, question.aliases)


def _print_next(store: Store, run: Run, after: Server) -> None:
    report = open_artifact(store, run.address("evaluate"))
    page = report.manifest.files["report.html"].key if report else ""
    folder = store.url.removeprefix("file://")
    click.echo(f"\nreport     {Path(folder) / page if folder.startswith('/') else page}")
    click.echo(f"endpoint   {after.address}/v1/chat/completions")
    click.echo("next       make serve, then in another terminal:")
    click.echo('           .venv/bin/gabarito ask "Quem foi o campeão da Champions 2024/25?"')
    click.echo("           .venv/bin/gabarito report")
