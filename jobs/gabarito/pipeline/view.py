"""What a person sees while a pipeline runs: a live table on a terminal, lines elsewhere."""

import os
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gabarito.core.text import printable
from gabarito.pipeline.counters import figure
from gabarito.pipeline.plan import Step

Event = dict[str, object]

_STANDARD = {"ts", "level", "logger", "event", "stage", "what", "done", "total"}
MAX_EVENT_CHARS = 1000
"""Longest warning or position that is shown; the log of a pod has all of it."""

STOPPING = "stopping, once what is in hand is saved"
_BAR_WIDTH = 28
_MARKS = {"done": ("✓", "green"), "kept": ("=", "cyan"), "failed": ("✗", "red")}


class View(Protocol):
    """Told what happens, in order."""

    def started(self, stage: str) -> None:
        """A stage begins."""
        ...

    def event(self, stage: str, event: Event) -> None:
        """A stage logged something."""
        ...

    def stopping(self, stage: str) -> None:
        """A stage was asked to stop, which it does at its next safe point."""
        ...

    def ended(self, stage: str, outcome: str, summary: str) -> None:
        """A stage is ``done``, ``kept`` (it was there already) or ``failed``."""
        ...


@contextmanager
def open_view(console: Console, steps: list[Step]) -> Iterator[View]:
    """Give the view that suits where the output goes."""
    if not console.is_terminal:
        yield LineView(console)
        return
    table = TableView([step.stage for step in steps])
    with _without_echo(), Live(table, console=console, refresh_per_second=8, transient=False):
        yield table


@contextmanager
def _without_echo() -> Iterator[None]:
    """Keep the terminal from writing ``^C`` into the table: its lines would then be doubled."""
    try:
        is_ours = sys.stdin is not None and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # no terminal, not the controlling one, or closed
        is_ours = False
    if not is_ours:
        yield  # in the background a change of the terminal would suspend us
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


class LineView:
    """One line for each beginning, end and warning, and now and then for progress."""

    def __init__(self, console: Console, every_s: float = 10.0) -> None:
        self._console = console
        self._every_s = every_s
        self._began = 0.0
        self._last = 0.0

    def started(self, stage: str) -> None:
        """Say so."""
        self._began = self._last = time.monotonic()
        self._line(f"{stage:9} started")

    def event(self, stage: str, event: Event) -> None:
        """Print warnings, and progress every few seconds."""
        if event.get("level") in ("warning", "error"):
            self._line(f"{stage:9} {_described(event)}")
        elif event.get("event") == "progress" and time.monotonic() - self._last > self._every_s:
            self._last = time.monotonic()
            self._line(f"{stage:9} {_position(event)}")

    def stopping(self, stage: str) -> None:
        """Say so."""
        self._line(f"{stage:9} {STOPPING}")

    def ended(self, stage: str, outcome: str, summary: str) -> None:
        """Say how it ended and how long it took."""
        took = "" if outcome == "kept" else f" in {time.monotonic() - self._began:.1f} s"
        self._line(f"{stage:9} {outcome}{took}  {summary}".rstrip())

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


@dataclass
class _StageRow:
    outcome: str = ""
    text: str = ""
    began: float = 0.0
    seconds: float = 0.0
    done: float = 0.0
    total: float = 0.0
    warnings: list[str] = field(default_factory=list)


class TableView:
    """A row for each stage: what it is doing, how far it is, what came out."""

    def __init__(self, stages: list[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._rows = {stage: _StageRow() for stage in stages}
        self._clock = clock
        self._spinner = Spinner("dots", style="cyan")

    def started(self, stage: str) -> None:
        """Let the stage's row spin."""
        row = self._rows[stage]
        row.outcome, row.began = "running", self._clock()

    def event(self, stage: str, event: Event) -> None:
        """Show progress and keep the last warnings."""
        row = self._rows[stage]
        if event.get("event") == "progress":
            row.done, row.total = _number(event.get("done")), _number(event.get("total"))
            row.text = _position(event)
        elif event.get("level") in ("warning", "error"):
            row.warnings = [*row.warnings, _described(event)][-3:]

    def stopping(self, stage: str) -> None:
        """Say so in the stage's row."""
        self._rows[stage].text = STOPPING

    def ended(self, stage: str, outcome: str, summary: str) -> None:
        """Show what came out."""
        row = self._rows[stage]
        row.outcome, row.text = outcome, summary
        row.seconds = self._clock() - row.began if row.began else 0.0

    def __rich__(self) -> RenderableType:
        """Draw the table as it is now."""
        table = Table.grid(padding=(0, 1))
        warnings = []
        for stage, row in self._rows.items():
            table.add_row(
                self._mark(row), stage, self._bar(row), self._clocked(row), Text(row.text)
            )
            warnings += [Text(f"  ! {stage}: {text}", style="yellow") for text in row.warnings]
        return Group(table, *warnings)

    def _mark(self, row: _StageRow) -> RenderableType:
        if row.outcome == "running":
            return self._spinner
        mark, style = _MARKS.get(row.outcome, ("·", "dim"))
        return Text(mark, style=style)

    def _bar(self, row: _StageRow) -> RenderableType:
        if row.outcome == "running" and row.total:
            return ProgressBar(total=row.total, completed=row.done, width=_BAR_WIDTH)
        if row.outcome == "running":
            return ProgressBar(total=None, pulse=True, width=_BAR_WIDTH)
        full = 1.0 if row.outcome in ("done", "kept") else 0.0
        return ProgressBar(total=1.0, completed=full, width=_BAR_WIDTH)

    def _clocked(self, row: _StageRow) -> Text:
        seconds = self._clock() - row.began if row.outcome == "running" else row.seconds
        shown = f"{int(seconds) // 60}:{int(seconds) % 60:02d}" if row.outcome else ""
        return Text(shown, style="dim", justify="right")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _position(event: Event) -> str:
    figures = [
        f"{name.replace('_', ' ')} {figure(value)}"
        for name, value in event.items()
        if name not in _STANDARD
    ]
    of_total = f"/{event['total']}" if event.get("total") else ""
    position = f"{event.get('done')}{of_total} {event.get('what')}"
    return printable(" · ".join([position, *figures]), MAX_EVENT_CHARS)


def _described(event: Event) -> str:
    """Say a warning; of one about a file its fields are words for people already."""
    fields = {name: str(value) for name, value in event.items() if name not in _STANDARD}
    if "file" in fields:
        said = ": ".join(filter(None, [str(event.get("event")), *fields.values()]))
    else:
        named = (f"{name}={value}" for name, value in fields.items())
        said = " ".join([str(event.get("event")), *named])
    return printable(said, MAX_EVENT_CHARS)
