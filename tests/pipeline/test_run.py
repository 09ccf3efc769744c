"""`gabarito run` from end to end, on three pages and six training steps."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gabarito.core.errors import MissingError, SettingsError
from gabarito.demo.process import started
from gabarito.evaluate.statistics import proportion
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.open import open_store
from sample.study.arms import Arm, Sample
from sample.study.results import read_result

Project = Any


def test_a_run_leaves_one_artifact_of_each_stage(finished: Project) -> None:
    for stage in ("ingest", "generate", "curate", "train", "merge", "evaluate"):
        assert len(finished.manifests(stage)) == 1, stage


def test_a_second_run_does_nothing_in_under_two_seconds(finished: Project) -> None:
    began = time.monotonic()
    done = finished.run()
    assert done.code == 1
    assert "nothing to do, all of it is there" in done.out
    took = re.search(r"all of it is there \((\d+\.\d) s\)", done.out)
    assert took
    assert float(took[1]) < 2
    assert time.monotonic() - began < 6  # two seconds on an idle machine, imports included


def test_a_gate_that_fails_leaves_the_channel_alone(finished: Project) -> None:
    assert "gate failed, channel 'quick' is left as it is" in finished.run().out
    assert "serves nothing yet" in finished.call("status").out
    assert finished.call("report").code == 65


def test_a_gate_that_fails_leads_to_the_report(finished: Project) -> None:
    done = finished.run()
    assert (done.code, "did not pass the gate: " in done.err) == (1, True)
    page, command = (line.split(": ", 1)[1] for line in done.out.splitlines()[-2:])
    assert Path(page).read_text(encoding="utf-8").startswith("<!")
    assert "gate failed" in finished.call(*command.split()[1:]).out
    status = finished.call("status").out
    assert all(said in status for said in ("gate failed: ", page, command))
    assert command in finished.call("report").err


def test_what_was_dropped_is_named_and_listed(finished: Project) -> None:
    status = finished.call("status").out
    assert re.search(r" dropped: [a-z][^·]* \d", status), status
    command = re.search(r"what was dropped, and why: gabarito (.+)", status)
    assert command
    rows = finished.call(*command[1].split(), "--as", "jsonl").out.splitlines()
    assert {json.loads(row)["stage"] for row in rows} >= {"generate", "curate"}


def test_status_shows_every_stage_done(finished: Project) -> None:
    lines = finished.call("status").out.splitlines()
    assert [line.split()[1] for line in lines[1:7]] == ["done"] * 6


def test_the_plan_is_known_before_anything_runs(finished: Project) -> None:
    out = finished.call("plan", str(finished.path)).out
    assert out.count("there") == 6


def test_what_the_study_reads_of_a_run_are_the_figures_of_its_report(finished: Project) -> None:
    read = read_result(open_store(str(finished.store)), new_run(read_pipeline(finished.path)))
    (manifest,) = map(json.loads, (path.read_text() for path in finished.manifests("evaluate")))
    report = json.loads((finished.store / manifest["files"]["report.json"]["key"]).read_text())
    refusals = report["refusals"]["model"]
    test = report["systems"]["model"]["test"]
    assert sum(right for _, right in read.test) == round(test["exact_match"] * test["count"])
    for outcomes, share in (
        (read.unanswerable, refusals["unanswerable"]["all"]["refused"]),
        (read.false_refusals, refusals["false_refusals"]),
        (read.prompts, report["forgetting"]),
    ):
        found = proportion(outcomes)
        assert found
        assert (found.hits, found.count) == (share["hits"], share["count"])
    assert len(read.tasks) == report["tasks"]["base"]["hits"]
    assert read.train_minutes > 0


def test_the_study_reads_no_run_that_is_not_finished(finished: Project) -> None:
    arm = Arm(name="other", title="", change={"train": {"rank": 3}})
    run = new_run(Sample(finished.path).pipeline({}, arm, seed=0))
    with pytest.raises(MissingError, match="evaluate is not finished; run the study again"):
        read_result(open_store(str(finished.store)), run)


def test_a_changed_learning_rate_trains_again_and_reuses_the_dataset(finished: Project) -> None:
    finished.settings["train"]["learning_rate"] = 1e-3
    finished.write()
    out = finished.call("plan", str(finished.path)).out
    states = {line.split()[0]: line.split()[2] for line in out.splitlines()[1:]}
    assert [stage for stage, state in states.items() if state == "there"] == [
        "ingest",
        "generate",
        "curate",
    ]
    done = finished.run("--until", "train")
    assert done.code == 0, done.err
    assert len(finished.manifests("train")) == 2
    assert len(finished.manifests("curate")) == 1


def test_a_changed_page_is_read_and_a_kept_page_is_not_paid_again(finished: Project) -> None:
    calls = sorted((finished.store / "cache" / "generate").rglob("*"))
    page = finished.folder / "pages" / "premios.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nUm parágrafo novo, sem fatos.\n")
    done = finished.run("--until", "generate")
    assert done.code == 0, done.err
    fresh = set((finished.store / "cache" / "generate").rglob("*")) - set(calls)
    assert 0 < len(fresh) < len(calls) / 2


def test_a_stage_can_be_left_out_only_if_what_it_reads_is_there(project: Project) -> None:
    done = project.run("--from", "train")
    assert done.code == 65
    assert "--from train: ingest, generate, curate not in the store" in done.err


@contextmanager
def running_until(project: Project, mark: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run and wait until the store holds ``mark``."""
    environment = {
        **os.environ,
        "GABARITO_STORE": str(project.store),
        "GABARITO_TEACHER_URL": project.url,
    }
    command = [sys.executable, "-m", "gabarito", "run", str(project.path)]
    errors = project.folder / "errors"
    with (
        errors.open("w") as log,
        subprocess.Popen(command, env=environment, stderr=log, stdout=log, text=True) as run,
    ):
        deadline = time.monotonic() + 120
        while not list(project.store.glob(mark)):
            assert time.monotonic() < deadline, f"{mark} never came"
            assert run.poll() is None, errors.read_text()
            time.sleep(0.02)
        yield run


def killed_in(project: Project, mark: str) -> None:
    """Start a run, wait until the store holds ``mark``, and kill run and stage."""
    with running_until(project, mark) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        for pid in [*map(int, children), run.pid]:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_that_it_continues(
    project: Project, number: signal.Signals
) -> None:
    with running_until(project, "cache/generate/*") as run:
        run.send_signal(number)
        assert run.wait(30) == 75
    said = (project.folder / "errors").read_text()
    assert "stopping, once what is in hand is saved" in said
    assert "what is finished is saved, the same command continues" in said
    assert "Traceback" not in said


def test_status_tells_how_far_generate_is(project: Project) -> None:
    slow = ("--replies", "gabarito:demo/replies.jsonl", "--port", "0", "--latency", "2")
    with started("teacher", *slow) as teacher:
        project.url = f"{teacher.address}/v1"
        with running_until(project, "artifacts/generate/*/shards/*/progress.json") as run:
            status = project.call("status").out
            run.terminate()
    assert re.search(r"generate  unfinished  \d+/\d+ ", status), status


def test_a_setting_mended_after_a_failure_is_used(project: Project) -> None:
    project.settings["generate"]["teacher"] |= {"url": "http://127.0.0.1:9/v1", "retries": 0}
    project.write()
    failed = project.run("--until", "generate")
    assert (failed.code, "http://127.0.0.1:9/v1" in failed.err) == (69, True)
    project.settings["generate"]["teacher"]["url"] = project.url
    project.write()
    done = project.run("--until", "generate")
    assert done.code == 0, done.err
    assert "ingest there already" in done.out


def test_a_run_killed_while_it_generates_pays_no_reply_twice(project: Project) -> None:
    killed_in(project, "cache/generate/*")
    assert not project.manifests("generate")
    paid = set((project.store / "cache" / "generate").rglob("*"))
    done = project.run("--until", "generate")
    assert done.code == 0, done.err
    calls = project.lines("generate", "calls.jsonl")
    kept = [call for call in calls if call["status"] != "useless"]
    asked = [call for call in kept if call["source"] == "teacher"]
    assert len(asked) <= len(set((project.store / "cache" / "generate").rglob("*")) - paid)


def test_a_run_killed_while_it_trains_goes_on_from_its_checkpoint(project: Project) -> None:
    project.settings["train"]["steps"] = 40
    project.write()
    killed_in(project, "cache/train/checkpoints/*/a")
    assert not project.manifests("train")
    run = next((project.store / "runs").iterdir()).stem
    done = project.call("train", "--run", run)
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.err.splitlines()]
    assert [event["step"] for event in events if event["event"] == "continued"] > [0]


def test_documents_are_read_without_a_teacher_and_a_base(project: Project) -> None:
    del project.settings["generate"], project.settings["train"]
    project.write()
    assert project.run().code == SettingsError.exit_code
    done = project.run("--until", "ingest")
    assert (done.code, "made ingest" in done.out) == (0, True)
    checked = project.call("check", str(project.path))
    assert (checked.code, checked.out.splitlines()[-1]) == (0, "ready to run with --until ingest")
