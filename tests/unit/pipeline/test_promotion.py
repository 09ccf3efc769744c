"""What a person does with models: list them, promote, roll back, compare two runs."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import BY_HAND, begun_by, find_channel, read_channel
from gabarito.commands.model import serve
from gabarito.commands.promotion import diff, models, promote, rollback, runs
from gabarito.core.errors import DataError, GateFailed, MissingError, UsageError
from gabarito.core.model_records import GateVerdict
from gabarito.core.records import Document, Example, Fact, Message, Verdict, to_jsonl
from gabarito.pipeline.compare_runs import EXAMS, compared
from gabarito.pipeline.default_channel import channel_of
from gabarito.pipeline.made_models import made_models, named_model
from gabarito.pipeline.promote import (
    evaluation_of,
    left_behind,
    promote_by_hand,
    promote_if_passed,
    roll_back,
)
from gabarito.pipeline.runs import Run, freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES
from gabarito.serve import job
from gabarito.store.base import Store
from gabarito.store.open import open_store

FAILED = GateVerdict(passed=False, reasons=["exact match is under the floor"], checks=[])
QUESTIONS = ("What colour is the door?", "Who keeps the key?")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def document(text: str, url: str = "https://handbook.test/door") -> Document:
    return Document.of(
        text=text,
        source="pages",
        url=url,
        title="The door",
        language="en",
        fetched_at="2026-01-02T00:00:00Z",
    )


def fact(answer: str) -> Fact:
    return Fact.of(
        document="d",
        quote=f"The door is {answer}.",
        statement=f"The door is {answer}.",
        subject="the door",
        relation="colour",
        answer=answer,
    )


def asked(number: int, answer: str) -> Example:
    messages = (
        Message(role="user", content=QUESTIONS[number]),
        Message(role="assistant", content=answer),
    )
    return Example(
        messages=messages, kind="question", question=f"q{number}", fact="f", split="test"
    )


def verdict(number: int, answer: str, *, right: bool) -> Verdict:
    return Verdict(
        question=f"q{number}", system="model", answer=answer, correct=right, probability=0.9
    )


def finished(  # noqa: PLR0913  # one for each thing that two runs may have otherwise
    folder: Path,
    store: Store,
    steps: int,
    *,
    gate: GateVerdict = PASSED,
    colour: str = "green",
    curated: str = "",
    until: str = "evaluate",
    pages: tuple[Document, ...] = (document("The door is green."),),
    answers: tuple[tuple[str, bool], ...] = (("green", True), ("nobody", False)),
    exam: str = "test",
    test: float = 0.9,
) -> Run:
    """Return a run with all that is compared, as its stages would have left it."""
    (folder / "pages").mkdir(exist_ok=True)
    (folder / "pages" / "a.md").write_text(f"{steps}")
    path = folder / "pipeline.yaml"
    settings: dict[str, Any] = {
        "name": "handbook",
        "ingest": {"sources": [{"type": "files", "path": "pages"}]},
        "generate": {"teacher": {"model": "some-model"}},
        "train": {"base": "org/model", "steps": steps},
    }
    path.write_text(yaml.safe_dump(settings))
    run = new_run(read_pipeline(path))
    freeze(store, run)
    report = {
        "contract": CONTRACT.model_dump(),
        "evaluated_at": f"2026-01-02T00:00:{steps:02}Z",
        "base": "org/model",
        "systems": {"model": {"test": {"exact_match": test}, "free": None}},
        "served": {"unanswerable": {"all": {"share": 0.8}}},
    }
    verdicts = [verdict(i, said, right=right) for i, (said, right) in enumerate(answers)]
    made: dict[str, dict[str, Iterable[str]]] = {
        "ingest": {"documents.jsonl": to_jsonl(pages)},
        "generate": {"facts.jsonl": to_jsonl([fact(colour)])},
        "curate": {
            "facts.jsonl": to_jsonl([fact(curated or colour)]),
            f"{exam}.jsonl": to_jsonl(asked(i, said) for i, (said, _) in enumerate(answers)),
        },
        "train": {},
        "merge": {},
        "evaluate": {
            "report.json": [json.dumps(report)],
            "gate.json": [gate.model_dump_json()],
            "verdicts.jsonl": to_jsonl(verdicts),
        },
    }
    for stage in list(STAGES)[: list(STAGES).index(until) + 1]:
        files = made[stage]
        inputs = {name: open_artifact(store, run.address(name)) for name in STAGES[stage].reads}
        known = {name: artifact for name, artifact in inputs.items() if artifact}
        with new_attempt(store, run.address(stage), inputs=known, settings={}) as work:
            for name, lines in files.items():
                work.write(name, lines)
            work.publish()
    return run


def called(command: Any, store: Store, *arguments: str) -> Result:  # noqa: ANN401
    return CliRunner().invoke(command, [*arguments, "--store", store.url], catch_exceptions=False)


def test_models_are_listed_with_figures_and_who_serves_them(tmp_path: Path, store: Store) -> None:
    old = finished(tmp_path, store, 10)
    new = finished(tmp_path, store, 20, gate=FAILED, test=0.5)
    promote_if_passed(store, old)
    first, second = made_models(store)
    assert (first.model.run, first.test, first.channels) == (new.run, 0.5, ())
    assert (second.model.run, second.shares, second.channels) == (
        old.run,
        (0.9, None, 0.8),
        ("handbook",),
    )
    lines = called(models, store).output.splitlines()
    assert lines[1].split()[-5:] == ["org/model", "50.0%", "-", "80.0%", "failed"]
    assert lines[2].split()[-6:] == ["org/model", "90.0%", "-", "80.0%", "passed", "handbook"]


def test_a_store_without_a_finished_run_says_so(tmp_path: Path, store: Store) -> None:
    finished(tmp_path, store, 10, until="merge")
    assert "no run is finished yet" in called(models, store).output
    of_pipeline = called(models, store, "--pipeline", "handbook").output
    assert "no run of pipeline handbook is finished yet" in of_pipeline


@pytest.mark.parametrize(
    ("command", "said"),
    [(models, "no run yet; start one with"), (runs, "no run yet"), (rollback, "nothing is served")],
)
def test_a_store_without_a_run_or_at_a_wrong_path_is_an_error_to_all(
    tmp_path: Path, command: click.Command, said: str
) -> None:
    nowhere = tmp_path / "nowhere"
    for where in (f"file://{nowhere} (no such folder)", f"file://{nowhere}"):
        done = CliRunner().invoke(command, ["--store", str(nowhere)])
        assert isinstance(done.exception, MissingError)
        assert str(done.exception).startswith(f"{where}: {said}")
        nowhere.mkdir(exist_ok=True)


def test_older_models_than_asked_for_are_counted(tmp_path: Path, store: Store) -> None:
    for steps in (10, 20, 30):
        finished(tmp_path, store, steps)
    assert "and 2 older ones: --limit 0" in called(models, store, "--limit", "1").output
    assert "and 1 older one: --limit 0" in called(models, store, "--limit", "2").output


def test_a_run_of_another_version_does_not_hide_the_others(tmp_path: Path, store: Store) -> None:
    run = finished(tmp_path, store, 10)
    store.write("runs/0123456789ab.json", b"{}")
    assert [one.model.run for one in made_models(store)] == [run.run]


def test_an_unreadable_report_hides_no_other_model(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    good, spoilt = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    report = evaluation_of(store, spoilt)
    assert report is not None
    store.write(f"{report.address.prefix}/manifest.json", b"{}")
    with caplog.at_level("WARNING"):
        assert [one.model.run for one in made_models(store)] == [good.run]
    assert [(record.msg, record.__dict__["run"]) for record in caplog.records] == [
        ("model left out", spoilt.run)
    ]
    assert named_model(store, good.run).run == good.run
    assert named_model(store, named_model(store, good.run).digest[:8]).run == good.run
    with pytest.raises(DataError, match="manifest"):
        named_model(store, spoilt.run)


def test_a_model_is_promoted_by_run_or_digest(tmp_path: Path, store: Store) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    digest = named_model(store, new.run).digest
    assert "serves model" in called(promote, store, old.run).output
    assert called(promote, store, digest[:8]).output.endswith(f", run {new.run}\n")
    assert "already" in called(promote, store, digest).output
    channel = find_channel(store, "handbook")
    assert channel is not None
    assert (channel.model, channel.previous) == (digest, named_model(store, old.run).digest)


@pytest.mark.parametrize("name", ["abc", "main", "ABCDEF012345", ""])
def test_what_names_no_model_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="at least 6 digits of a digest"):
        named_model(store, name)


def test_a_name_of_nothing_leads_to_the_list(store: Store) -> None:
    with pytest.raises(MissingError, match="gabarito models lists what was made"):
        named_model(store, "0123456789ab")


def test_a_failed_gate_is_passed_by_only_if_that_is_said(tmp_path: Path, store: Store) -> None:
    run = finished(tmp_path, store, 10, gate=FAILED)
    model = named_model(store, run.run)
    with pytest.raises(GateFailed, match=r"under the floor; --despite-gate"):
        promote_by_hand(store, "handbook", model, despite=False)
    assert find_channel(store, "handbook") is None
    assert promote_by_hand(store, "handbook", model, despite=True)
    assert read_channel(store, "handbook") == model


def test_what_is_rolled_back_stays_so_until_it_is_promoted(tmp_path: Path, store: Store) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    for run in (old, new):
        promote_if_passed(store, run)
    assert "serves model" in called(rollback, store, "--reason", "it is rude").output
    promote_if_passed(store, new)  # as another ``gabarito run`` does
    served = read_channel(store, "handbook")
    assert served is not None
    assert served.run == old.run
    channel = find_channel(store, "handbook")
    assert channel is not None
    assert [one.reason for one in channel.rejected] == ["it is rude"]
    promote_by_hand(store, "handbook", named_model(store, new.run), despite=False)
    served = read_channel(store, "handbook")
    assert served is not None
    assert served.run == new.run


def with_other_settings(folder: Path, store: Store, **changes: Any) -> Run:  # noqa: ANN401
    """Return the last run with sections that change no stage: all that it made is there."""
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))
    run = new_run(read_pipeline(path))
    freeze(store, run)
    return run


def test_other_settings_do_not_bring_back_weights_that_a_person_took_back(
    tmp_path: Path, store: Store
) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    for run in (old, new):
        promote_if_passed(store, run)
    roll_back(store, "handbook", "it is rude")
    again = with_other_settings(tmp_path, store, serve={"max_queue": 7})
    assert again.run != new.run
    promote_if_passed(store, again)
    served = read_channel(store, "handbook")
    assert served is not None
    assert served.run == old.run
    promote_by_hand(store, "handbook", named_model(store, again.run), despite=False)
    channel = find_channel(store, "handbook")
    assert channel is not None
    assert channel.rejected == ()


def test_a_rejection_of_an_older_version_is_read(store: Store) -> None:
    entry = {"model": "a" * 64, "at": "2026-01-02T00:00:00Z", "reason": "", "under": BY_HAND}
    record = {"model": None, "since": "2026-01-02T00:00:00Z", "rejected": [entry]}
    store.write("channels/main.json", json.dumps(record).encode())
    channel = find_channel(store, "main")
    assert channel is not None
    assert channel.rejection("a" * 64, "f" * 64)
    assert channel.rejection("b" * 64, "f" * 64) is None


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The channels under which models were served, instead of serving them."""
    found: list[str] = []
    monkeypatch.setattr(job, "serve_promoted", lambda *arguments: found.append(arguments[2]))
    return found


def test_a_model_is_listed_under_the_channel_that_serves_it(
    tmp_path: Path, store: Store, listed: list[str]
) -> None:
    model = named_model(store, finished(tmp_path, store, 10).run)
    promote_by_hand(store, "live", model, despite=False)
    by_digest: tuple[str, ...] = ("--model-digest", model.digest)
    for options in (by_digest, (*by_digest, "--channel", "live"), ("--channel", "live")):
        called(serve, store, *options)
    promote_by_hand(store, "handbook", model, despite=False)
    for options in (by_digest, ()):
        called(serve, store, *options)
    assert listed == ["", "live", "live", "handbook", "handbook"]


def test_a_channel_of_another_version_hides_no_model(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    run = finished(tmp_path, store, 10)
    promote_if_passed(store, run)
    newer = {"model": None, "since": "2026-01-02T00:00:00Z", "share": 0.5}
    store.write("channels/newer.json", json.dumps(newer).encode())
    (made,) = made_models(store)
    assert (made.model.run, made.channels) == (run.run, ("handbook",))
    (told,) = caplog.records
    assert (told.getMessage(), vars(told)["channel"]) == ("channel left out", "newer")


def test_there_must_be_a_model_before(tmp_path: Path, store: Store) -> None:
    with pytest.raises(MissingError, match="serves nothing: nothing to take back"):
        roll_back(store, "handbook", "")
    promote_if_passed(store, finished(tmp_path, store, 10))
    with pytest.raises(MissingError, match=r"has no model before .* --channel handbook --to-none"):
        roll_back(store, "handbook", "")
    assert read_channel(store, "handbook") is not None


def test_the_only_model_is_taken_back_where_that_is_said(tmp_path: Path, store: Store) -> None:
    failed = finished(tmp_path, store, 10, gate=FAILED)
    called(promote, store, failed.run, "--despite-gate")
    said = called(rollback, store, "--to-none").output
    assert said.startswith("channel 'handbook' serves nothing now; taken back: model ")
    assert read_channel(store, "handbook") is None
    assert promote_if_passed(store, finished(tmp_path, store, 20))[1] is None
    assert read_channel(store, "handbook") is not None


def without_weights(store: Store, run: Run) -> None:
    store.delete(run.address("merge").manifest)


def test_a_model_whose_weights_are_gone_is_not_promoted(tmp_path: Path, store: Store) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    promote_if_passed(store, old)
    without_weights(store, new)
    said = rf"the weights of model \w+ are gone, .*; .* makes those of run {new.run} anew"
    with pytest.raises(MissingError, match=said):
        promote_by_hand(store, "handbook", named_model(store, new.run), despite=False)
    served = read_channel(store, "handbook")
    assert served is not None
    assert served.run == old.run


def test_nothing_is_rolled_back_to_a_model_whose_weights_are_gone(
    tmp_path: Path, store: Store
) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    for run in (old, new):
        promote_if_passed(store, run)
    without_weights(store, old)
    with pytest.raises(MissingError, match="the weights of model"):
        roll_back(store, "handbook", "")
    served = read_channel(store, "handbook")
    assert served is not None
    assert served.run == new.run


def test_a_model_of_another_pipeline_is_not_served_unless_a_channel_is_named(
    tmp_path: Path, store: Store, listed: list[str]
) -> None:
    model = named_model(store, finished(tmp_path, store, 10).run)
    for name in ("cellar", "shared"):
        promote_by_hand(store, name, model, despite=False)
    for own in (("--channel", "cellar"), ("--model-digest", model.digest)):
        with pytest.raises(DataError, match="of pipeline 'handbook', not of 'cellar'; gabarito"):
            called(serve, store, "--pipeline", "cellar", *own)
    called(serve, store, "--pipeline", "cellar", "--channel", "shared")
    called(serve, store, "--pipeline", "handbook", "--model-digest", model.digest)
    assert listed == ["shared", ""]


def test_who_promotes_to_another_pipelines_channel_is_told_that_it_refuses(
    tmp_path: Path, store: Store
) -> None:
    run = finished(tmp_path, store, 10)
    other = named_model(store, run.run).model_copy(update={"pipeline": "cellar"})
    for name in ("cellar", "shared"):
        promote_by_hand(store, name, other, despite=False)
    said = called(promote, store, run.run, "--channel", "cellar").output
    assert "of pipeline handbook, run" in said
    assert "no release of pipeline 'cellar' serves it" in said
    assert "no release" not in called(promote, store, run.run, "--channel", "shared").output
    assert "no release" not in called(promote, store, run.run, "--channel", "handbook").output


def test_the_former_default_is_moved_only_if_it_is_named(tmp_path: Path, store: Store) -> None:
    old, new = (finished(tmp_path, store, steps).run for steps in (10, 20))
    for run in (old, new):
        promote_by_hand(store, "main", named_model(store, run), despite=False)
    before = find_channel(store, "main")
    assert called(promote, store, old).output.startswith("channel 'handbook' serves")
    store.delete("channels/handbook.json")
    assert called(rollback, store).output.startswith("channel 'handbook' serves")
    assert find_channel(store, "main") == before
    assert called(promote, store, old, "--channel", "main").output.startswith("channel 'main'")


@pytest.mark.parametrize(
    ("frozen", "moved"), [("main", "handbook"), ("live", "live"), (None, "handbook")]
)
def test_a_model_is_promoted_to_the_channel_that_its_run_names(
    tmp_path: Path, store: Store, frozen: str | None, moved: str
) -> None:
    model = named_model(store, finished(tmp_path, store, 10).run)
    run = with_other_settings(tmp_path, store, channel=frozen or "handbook")
    if frozen is None:
        store.delete(f"runs/{run.run}.json")
    assert channel_of(store, model.model_copy(update={"run": run.run})) == moved


def test_runs_are_listed_with_their_pipelines(tmp_path: Path, store: Store) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20, until="train")
    promote_if_passed(store, old)
    digest = named_model(store, old.run).digest[:12]
    header, *lines = called(runs, store, "--pipeline", "handbook").output.splitlines()
    assert header.split() == ["run", "pipeline", "created", "stages", "gate", "model", "channel"]
    rows = {line.split()[0]: line.split()[1:2] + line.split()[4:] for line in lines}
    assert rows == {
        new.run: ["handbook", "4/6", "-", "-"],
        old.run: ["handbook", "6/6", "passed", digest, "handbook"],
    }
    for command in (runs, models):
        with pytest.raises(MissingError, match="no run of pipeline 'cellar' yet"):
            called(command, store, "--pipeline", "cellar")


def test_what_was_served_by_the_former_default_is_said_to_be_left(
    tmp_path: Path, store: Store
) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20)
    assert left_behind(store, new) == ""
    model = named_model(store, old.run)
    promote_by_hand(store, "main", model, despite=False)
    promote_if_passed(store, new)
    assert f"channel 'main', the default before, is left at model {model.digest[:12]}" in (
        left_behind(store, new)
    )


def test_the_first_digits_name_a_promoted_model_to_serve(
    tmp_path: Path, store: Store, listed: list[str]
) -> None:
    promoted = named_model(store, finished(tmp_path, store, 10).run)
    other = named_model(store, finished(tmp_path, store, 20).run)
    promote_by_hand(store, "live", promoted, despite=False)
    called(serve, store, "--model-digest", promoted.digest[:12])
    assert listed == [""]
    with pytest.raises(UsageError, match="at least 6 digits of a digest; gabarito models lists"):
        called(serve, store, "--model-digest", promoted.digest[:5])
    with pytest.raises(MissingError, match="was ever promoted; gabarito models lists what was"):
        called(serve, store, "--model-digest", other.digest[:12])


def test_a_digest_that_is_half_two_names_both() -> None:
    digests = ["a" * 6 + "0" * 58, "a" * 6 + "1" * 58, "b" * 64]
    assert begun_by("b" * 6, digests) == "b" * 64
    assert begun_by("c" * 6, digests) is None
    with pytest.raises(UsageError, match=r"'aaaaaa': means a{6}0{6}, a{6}1{6}; give more"):
        begun_by("a" * 6, digests)


def test_two_runs_are_compared_to_the_answers(tmp_path: Path, store: Store) -> None:
    old = finished(tmp_path, store, 10)
    new = finished(
        tmp_path,
        store,
        20,
        colour="red",
        pages=(
            document("The door is red now."),
            document("A key opens it.", "https://handbook.test/key"),
        ),
        answers=(("red", False), ("the porter", True)),
        test=0.5,
    )
    said = called(diff, store, old.run, new.run).output.splitlines()
    for line in (
        "  train.steps: 10 → 20",
        "  ~ https://handbook.test/door The door (+2 characters)",
        "  + https://handbook.test/key The door",
        "  - the door, colour: green",
        "  + the door, colour: red",
        "  test wordings: 90.0% → 50.0%",
        "answers (1 wrong ones are right now, 1 right ones wrong): 2 changed",
        "  right → wrong: What colour is the door? green → red",
        "  wrong → right: Who keeps the key? nobody → the porter",
    ):
        assert line in said
    assert said.index("  right → wrong: What colour is the door? green → red") < said.index(
        "  wrong → right: Who keeps the key? nobody → the porter"
    )


def test_documents_of_one_place_are_told_apart(tmp_path: Path, store: Store) -> None:
    feed = "https://handbook.test/feed"
    first, second, third = (document(f"Entry {number}.", feed) for number in "123")
    longer = document("Entry 2, corrected.", feed)
    old = finished(tmp_path, store, 10, pages=(first, second))
    same = finished(tmp_path, store, 20, pages=(second, first))
    new = finished(tmp_path, store, 30, pages=(third, first, longer))
    assert compared(store, old, same).documents == []
    assert compared(store, old, new).documents == [
        f"~ {feed} The door (+0 characters)",
        f"+ {feed} The door",
    ]


def test_of_documents_at_one_place_those_of_one_title_are_compared(
    tmp_path: Path, store: Store
) -> None:
    door, wide = document("It is green."), document("It is green and wide.")
    key = document("It is lost.").model_copy(update={"title": "The key"})
    old = finished(tmp_path, store, 10, pages=(key, door))
    new = finished(tmp_path, store, 20, pages=(wide,))
    place = "https://handbook.test/door"
    assert compared(store, old, new).documents == [
        f"~ {place} The door (+9 characters)",
        f"- {place} The key",
    ]


@pytest.mark.parametrize("exam", EXAMS)
def test_answers_of_every_part_of_the_exam_are_compared(
    tmp_path: Path, store: Store, exam: str
) -> None:
    old = finished(tmp_path, store, 10, exam=exam)
    new = finished(tmp_path, store, 20, exam=exam, answers=(("green", True), ("me", False)))
    lines = list(compared(store, old, new).lines(0))
    assert "  wrong, otherwise: Who keeps the key? nobody → me" in lines


def test_the_same_answer_that_is_wrong_now_is_shown(tmp_path: Path, store: Store) -> None:
    old = finished(tmp_path, store, 10)
    new = finished(tmp_path, store, 20, answers=(("green", False), ("nobody", False)))
    lines = list(compared(store, old, new).lines(0))
    assert "  right → wrong: What colour is the door? green, said by both" in lines


def test_facts_are_compared_after_the_same_stage(tmp_path: Path, store: Store) -> None:
    corrected = finished(tmp_path, store, 10, curated="red")
    generated = finished(tmp_path, store, 20, until="generate")
    assert compared(store, corrected, generated).facts == []
    begun = finished(tmp_path, store, 30, until="ingest")
    assert compared(store, corrected, begun).facts is None


def test_a_run_beside_itself_has_nothing_otherwise(tmp_path: Path, store: Store) -> None:
    run = finished(tmp_path, store, 10)
    assert list(compared(store, run, run).lines(10)) == [
        f"{name}: the same" for name in ("settings", "documents", "facts", "figures", "answers")
    ]


def test_what_is_not_made_yet_is_not_compared(tmp_path: Path, store: Store) -> None:
    run = finished(tmp_path, store, 10)
    path = tmp_path / "pipeline.yaml"
    path.write_text(path.read_text().replace("steps: 10", "steps: 11"))
    begun = new_run(read_pipeline(path))
    freeze(store, begun)
    lines = list(compared(store, run, begun).lines(0))
    assert "figures: one of the runs is not so far, or it is gone" in lines
    assert "documents: the same" in lines


def test_runs_are_compared_by_what_is_left_of_them(tmp_path: Path, store: Store) -> None:
    old, new = finished(tmp_path, store, 10), finished(tmp_path, store, 20, test=0.5)
    store.delete(new.address("curate").manifest)
    found = compared(store, old, new)
    assert (found.answers, found.facts, found.figures) == (
        None,
        [],
        ["test wordings: 90.0% → 50.0%"],
    )


def test_a_model_whose_weights_are_gone_is_listed_as_such(tmp_path: Path, store: Store) -> None:
    run = finished(tmp_path, store, 10)
    promote_if_passed(store, run)
    without_weights(store, run)
    assert called(models, store).output.endswith("passed  handbook, weights gone\n")
