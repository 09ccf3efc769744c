"""The endpoint is a real one over HTTP; what it answers is set."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gabarito.answer_match import Expected
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.controller import smoke_test as smoke_test_module
from gabarito.controller.config import ServeTarget
from gabarito.controller.smoke_test import SmokeTest
from gabarito.core.errors import DataError
from gabarito.core.records import Verdict
from gabarito.pipeline.known_answers import KnownAnswer, choose, known_answers
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES

from .world import ANSWER, QUESTION, World, endpoint, make_artifact


def verdict(question: str, probability: float = 0.9, **changes: object) -> Verdict:
    fields = {"system": "model", "answer": f"answer of {question}", "correct": True, **changes}
    return Verdict.model_validate({"question": question, "probability": probability, **fields})


def test_the_surest_right_answers_are_asked_for() -> None:
    verdicts = [
        verdict("b", 0.8),
        verdict("a", 0.8),
        verdict("c", 0.95),
        verdict("wrong", correct=False),
        verdict("adapter", system="adapter"),
        verdict("refused", 0.3),
        verdict("not a test question"),
    ]
    names = ("a", "b", "c", "wrong", "adapter", "refused")
    rights = {name: Expected(f"right of {name}", question=f"text of {name}") for name in names}
    assert choose(verdicts, rights, 0.5, 2) == [
        KnownAnswer(rights["c"], "answer of c"),
        KnownAnswer(rights["a"], "answer of a"),
    ]
    assert len(choose(verdicts, rights, 0.5, 9)) == 3
    assert choose(verdicts, rights, 0.5, 0) == []
    borne_out = verdict("b", 0.7, proof="f")  # the others may be refused
    assert choose([*verdicts[1:], borne_out], rights, 0.5, 1) == [
        KnownAnswer(rights["b"], "answer of b")
    ]


@pytest.fixture
def worlds() -> dict[str, World]:
    return {}


@pytest.fixture
def answers() -> dict[str, str]:
    return {QUESTION: ANSWER}


@pytest.fixture
def service(worlds: dict[str, World], answers: dict[str, str]) -> Iterator[str]:
    with endpoint(worlds, answers) as address:
        yield address


@pytest.fixture
def world(worlds: dict[str, World], tmp_path: Path) -> World:
    worlds["now"] = World(tmp_path)
    return worlds["now"]


@pytest.fixture
def model(world: World) -> ServedModel:
    """A promoted model of a run that is done."""
    run = new_run(read_pipeline(world.folder / "pipeline.yaml"))
    freeze(world.store, run)
    for stage in STAGES:
        make_artifact(world.store, run.run, stage)
    made = model_of(world.store, run)
    assert made
    promote(world.store, "main", made)
    return made


def test_known_answers_come_from_the_evaluation(world: World, model: ServedModel) -> None:
    [known], _ = known_answers(world.store, model, 5)
    assert (known.right.question, known.right.answer, known.answer) == (QUESTION, ANSWER, ANSWER)


def test_what_is_gone_is_said(world: World, model: ServedModel) -> None:
    world.store.delete(model.report.manifest)
    with pytest.raises(DataError, match="not exist any more; run the pipeline again"):
        known_answers(world.store, model, 5)


def examined(world: World, service: str, digest: str) -> SmokeTest:
    smoke_test = SmokeTest(world.store, ServeTarget(service=service), threading.Event())
    assert smoke_test.result is None
    smoke_test.start(digest, "key")
    return smoke_test


def outcome(smoke_test: SmokeTest) -> tuple[str, str]:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        assert smoke_test.result
        if smoke_test.result.message:
            break
        time.sleep(0.01)
    assert smoke_test.result
    return smoke_test.result.outcome, smoke_test.result.message


def wait_passed(smoke_test: SmokeTest) -> None:
    end = time.monotonic() + 10
    while smoke_test.result and smoke_test.result.outcome == "running" and time.monotonic() < end:
        time.sleep(0.05)
    assert smoke_test.result
    assert smoke_test.result.outcome == "passed"


def test_the_same_answers_pass(
    world: World, model: ServedModel, service: str, answers: dict[str, str]
) -> None:
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served(model.digest)
    answers[QUESTION] = "paris."
    found = outcome(examined(world, service, model.digest))
    assert found == ("passed", "1 of 1 answers as in the evaluation")


@pytest.mark.parametrize("is_in_file", [True, False])
def test_a_token_that_is_on_its_way_here_is_waited_for(  # noqa: PLR0913  # fixtures
    world: World,
    model: ServedModel,
    service: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_in_file: bool,
) -> None:
    monkeypatch.setattr(smoke_test_module, "PAUSE_S", 0.02)
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served(model.digest)
    world.token, path = "today", tmp_path / "token"
    path.write_text("before")
    monkeypatch.setenv("TOKEN_FILE" if is_in_file else "TOKEN", str(path) if is_in_file else "x")
    target = ServeTarget(service=service, token_env="TOKEN")
    smoke_test = SmokeTest(world.store, target, threading.Event())
    smoke_test.start(model.digest, "key")
    first = outcome(smoke_test)[0]
    path.write_text("today")
    end = time.monotonic() + 10
    while (found := smoke_test.result) and found.outcome == "running" and time.monotonic() < end:
        time.sleep(0.01)
    assert smoke_test.result
    assert (first, smoke_test.result.outcome) == (
        ("running", "passed") if is_in_file else ("failed", "failed")
    )


def test_another_answer_fails(
    world: World, model: ServedModel, service: str, answers: dict[str, str]
) -> None:
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served(model.digest)
    answers[QUESTION] = "London"
    found, said = outcome(examined(world, service, model.digest))
    assert found == "failed"
    assert (
        said
        == f"asked {QUESTION!r}, the endpoint answers 'London', the evaluation recorded 'Paris'"
    )


def test_another_model_is_waited_for(world: World, model: ServedModel, service: str) -> None:
    """Behind a Service the old pods answer until the last of them is gone."""
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served("0" * 64)
    smoke_test = examined(world, service, model.digest)
    found, said = outcome(smoke_test)
    assert (found, "not yet model" in said) == ("running", True)
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served(model.digest)
    wait_passed(smoke_test)


def test_a_pod_of_the_model_before_that_still_answers_rolls_nothing_back(
    world: World, model: ServedModel, service: str, answers: dict[str, str]
) -> None:
    """One request goes to the new pod, and the next one to the old."""
    world.cluster.objects["Deployment", "demo-gabarito-serve"] = _served(model.digest)
    world.answering, answers[QUESTION] = "0" * 64, "I do not know."
    smoke_test = examined(world, service, model.digest)
    found, said = outcome(smoke_test)
    assert (found, "model 000000000000 answers, not yet" in said) == ("running", True)
    world.answering, answers[QUESTION] = model.digest, ANSWER
    wait_passed(smoke_test)


def test_an_endpoint_that_does_not_answer_is_asked_again(world: World, model: ServedModel) -> None:
    smoke_test = examined(world, "http://127.0.0.1:9", model.digest)
    found, said = outcome(smoke_test)
    assert (found, "does not answer" in said) == ("running", True)
    smoke_test.start(model.digest, "another key")
    assert smoke_test.result
    assert smoke_test.result.key == "another key"


def test_a_model_that_cannot_be_checked_is_not_trusted(
    world: World, model: ServedModel, service: str
) -> None:
    world.store.delete(model.report.manifest)
    found, said = outcome(examined(world, service, model.digest))
    assert (found, "cannot be tested" in said) == ("failed", True)


def test_a_blank_token_is_said(
    world: World, model: ServedModel, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVE_TOKEN", "\n")
    target = ServeTarget(service=service, token_env="SERVE_TOKEN")
    smoke_test = SmokeTest(world.store, target, threading.Event())
    smoke_test.start(model.digest, "key")
    found, said = outcome(smoke_test)
    assert (found, "SERVE_TOKEN: set but blank" in said) == ("failed", True)


def _served(digest: str) -> dict[str, object]:
    return {"metadata": {"annotations": {"gabarito.dev/model": digest}}}
