"""`gabarito review` as people use it: a process, its page over HTTP, and curate after it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from gabarito.core.errors import DataError
from gabarito.demo.process import Server, started

Project = Any


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, teacher_url: str) -> Project:
    """A project that has come as far as its facts; its corrections are still to be written."""
    from tests.pipeline.conftest import Project as RealProject

    project = RealProject(tmp_path_factory.mktemp("generated"), teacher_url)
    done = project.run("--until", "generate")
    assert done.code == 0, done.err
    project.settings["curate"]["corrections"] = "corrections.jsonl"
    project.write()
    return project


@pytest.fixture
def corrections(generated: Project) -> Iterator[Path]:
    path = generated.folder / "corrections.jsonl"
    yield path
    path.unlink(missing_ok=True)


Start = Callable[..., Any]


@pytest.fixture
def review(generated: Project) -> Start:
    """Starts the command on the project."""

    def start(*options: str) -> Any:  # noqa: ANN401  # a context with a server
        return started("review", str(generated.path), "--store", str(generated.store), *options)

    return start


def say(server: Server, **said: str) -> dict[str, Any]:
    origin = server.address.rsplit("/", 1)[0]
    request = Request(f"{server.address}/say", json.dumps(said).encode(), {"Origin": origin})
    with urlopen(request, timeout=30) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


def first_fact(server: Server) -> str:
    with urlopen(f"{server.address}/facts", timeout=30) as reply:
        return str(json.load(reply)["ids"][0])


def answers(project: Project, fact: str) -> set[str]:
    """Return what the dataset answers to the questions about a fact."""
    done = project.call("show", "facts", "--as", "jsonl")
    shown = {row["fact"]: row["answer"] for row in map(json.loads, done.out.splitlines())}
    rows = (project.store / "artifacts" / "curate").rglob("test.jsonl")
    newest = max(rows, key=lambda path: path.stat().st_mtime_ns)
    asked = [json.loads(line) for line in newest.read_text().splitlines()]
    found = {row["messages"][-1]["content"] for row in asked if row["fact"] == fact}
    assert {shown[fact]} == found
    return found


def test_what_a_killed_review_wrote_changes_the_dataset_and_asks_no_teacher(
    generated: Project, review: Start, corrections: Path
) -> None:
    with review("--who", "ana") as server:
        fact = first_fact(server)
        say(server, fact=fact, action="answer", value="quarenta e dois")
        server.process.kill()
    (line,) = map(json.loads, corrections.read_text().splitlines())
    assert (line["fact"], line["who"]) == (fact, "ana")
    generated.url = "http://127.0.0.1:1/v1"  # nothing answers there
    done = generated.run("--until", "curate")
    assert "ingest, generate there already; curate will run" in done.out, done.err
    assert "1 fact checked by people" in done.out
    assert answers(generated, fact) == {"quarenta e dois"}


def test_a_wording_that_was_corrected_is_trained_as_a_person_wrote_it(
    generated: Project, review: Start, corrections: Path
) -> None:
    with review() as server:
        with urlopen(f"{server.address}/fact?id={first_fact(server)}", timeout=30) as reply:
            sheet = json.load(reply)
        fact, (first, second, *_) = sheet["row"]["id"], [one["text"] for one in sheet["questions"]]
        say(server, fact=fact, action="wording", question=first, value="Dito melhor, afinal?")
        say(server, fact=fact, action="wording", question=second)
    generated.url = "http://127.0.0.1:1/v1"  # nothing answers there
    done = generated.run("--until", "curate")
    assert "ingest, generate there already; curate will run" in done.out, done.err
    shown = generated.call("show", "questions", "--as", "jsonl").out.splitlines()
    asked = {row["text"] for row in map(json.loads, shown) if row["fact"] == fact}
    assert "Dito melhor, afinal?" in asked
    assert asked.isdisjoint({first, second})
    ledger = generated.call("show", "ledger", "--text", second, "--as", "jsonl").out
    assert "wording struck out by a person" in ledger


def test_two_corrections_of_one_fact_end_curate_with_both_lines(
    generated: Project, review: Start, corrections: Path
) -> None:
    with review() as server:
        fact = first_fact(server)
        say(server, fact=fact, action="strike")
    with corrections.open("a") as editor:
        editor.write(json.dumps({"fact": fact, "action": "answer", "value": "7"}) + "\n")
    done = generated.run("--until", "curate")
    assert done.code == 65
    assert "line 1 (strike '') and line 2 (answer '7'); remove one of them" in done.err
    with review() as server:
        assert say(server, fact=fact, action="checked")["sheet"]["row"]["state"] == "corrected"
    assert [json.loads(line)["action"] for line in corrections.read_text().splitlines()] == [
        "answer",
        "checked",
    ]


def test_a_second_review_of_the_same_file_is_refused(review: Start, corrections: Path) -> None:
    with (
        review(),
        pytest.raises(Exception, match=r"another gabarito review writes to it.*--to") as refused,
        review(),
    ):
        pass
    assert str(corrections) in str(refused.value)


def test_the_page_to_read_is_written_with_what_was_decided(
    generated: Project, review: Start, corrections: Path, tmp_path: Path
) -> None:
    with review() as server:
        say(server, fact=first_fact(server), action="strike")
    page = tmp_path / "facts.html"
    done = generated.call("review", str(generated.path), "--read-only", "--to", str(page))
    assert done.out.endswith(f"facts to {page}\n"), done.err
    assert '"struck":1' in page.read_text()
    assert corrections.read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--run", "0" * 12], "no run '000000000000'"),
        (["--read-only"], "--read-only: needs --to"),
        (["--to", "no/such/folder/c.jsonl"], "no/such/folder"),
    ],
)
def test_what_cannot_be_meant_is_named(generated: Project, options: list[str], said: str) -> None:
    done = generated.call("review", *options)
    assert (done.code in (64, 65, 77), said in done.err) == (True, True), done.err


def test_corrections_that_are_broken_are_named_with_their_line(
    review: Start, corrections: Path
) -> None:
    corrections.write_text('{"fact": "f", "action": "checked"}\n{"fact": 1}\n')
    with pytest.raises(DataError, match=r"corrections\.jsonl:2: .*correct that line"), review():
        pass


def test_a_run_whose_facts_are_not_there_yet_is_named(project: Project) -> None:
    assert project.run("--until", "ingest").code == 0
    done = project.call("review", str(project.path))
    assert (done.code, "generate is not finished" in done.err) == (65, True)
