import io

from rich.console import Console

from gabarito.pipeline.plan import Step
from gabarito.pipeline.view import LineView, TableView, open_view, summary_of

PROGRESS = {
    "event": "progress",
    "what": "steps",
    "done": 3,
    "total": 10,
    "loss": 0.25,
    "speed": 8254.7,
}


def drawn(view: TableView) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(view)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_summary_has_the_figures_and_how_much_was_dropped() -> None:
    counts = {"documents": 26.0, "share": 0.5, "rejected.too short": 2.0, "rejected.empty": 1.0}
    assert summary_of(counts) == "26 documents · 0.5 share · 3 dropped"


def test_a_table_shows_each_stage_as_it_is() -> None:
    view = TableView(["ingest", "train", "merge"])
    view.ended("ingest", "kept", "26 documents")
    view.started("train")
    view.event("train", PROGRESS)
    text = drawn(view)
    assert "26 documents" in text
    assert "3/10 steps · loss 0.25 · speed 8,255" in text
    assert "merge" in text


def test_warnings_stay_below_the_table() -> None:
    view = TableView(["ingest"])
    view.started("ingest")
    view.event("ingest", {"level": "warning", "event": "file dropped", "path": "a.pdf"})
    assert "! ingest: file dropped path=a.pdf" in drawn(view)


def test_elsewhere_each_event_is_a_line() -> None:
    console = Console(file=io.StringIO(), width=120)
    view = LineView(console, every_s=0)
    view.started("train")
    view.event("train", PROGRESS)
    view.ended("train", "done", "10 steps")
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[1] for line in lines] == ["started", "3/10", "done"]


def test_the_view_suits_where_the_output_goes() -> None:
    steps = [Step("ingest", "f", "missing")]
    with open_view(Console(file=io.StringIO()), steps) as view:
        assert isinstance(view, LineView)
    with open_view(Console(file=io.StringIO(), force_terminal=True), steps) as view:
        assert isinstance(view, TableView)
