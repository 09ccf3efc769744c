import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.chat.script import Handler, Scripted, fails, running_scripts, says

from gabarito.artifacts.artifact import Artifact
from gabarito.chat import client
from gabarito.core.errors import AccessError
from gabarito.core.records import Verdict
from gabarito.evaluate.text_report import summary

Inputs = Callable[..., dict[str, Artifact]]
Evaluate = Callable[..., Artifact]
Serve = Callable[..., Scripted]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setattr(client, "FIRST_BACKOFF_S", 0.005)
    with running_scripts() as start:
        yield start


def case_of(body: dict[str, Any]) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(body["messages"][-1]["content"])
    return case


def by_the_answer(handler: Handler) -> None:
    """Call a reply correct that has the right answer in it."""
    case = case_of(handler.server.requests[-1][3])
    says("CORRECT" if case["right_answer"] in case["reply"] else "INCORRECT")(handler)


def judged(artifact: Artifact) -> dict[str, Any]:
    judging: dict[str, Any] = json.loads(artifact.read("report.json"))["judging"]
    return judging


def settings(server: Scripted, **others: object) -> dict[str, object]:
    return {"model": "m", "url": server.url, "concurrency": 1, "price_input": 1.0} | others


def test_a_judge_is_asked_about_answers_beside_exact_match(
    inputs: Inputs, evaluate: Evaluate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GABARITO_JUDGE_KEY", "secret")
    server = serve(by_the_answer)
    artifact = evaluate(inputs(), judge=settings(server), max_forgetting=1.0)
    found = judged(artifact)
    parts = {(part["system"], part["part"]): part for part in found["parts"]}
    assert set(parts) == {(s, p) for s in ("base", "model") for p in ("test", "free")}
    assert parts["model", "test"]["right"]["share"] == 1.0
    assert found["agreement"]["share"] == 1.0
    assert found["answers"] == len(server.requests)
    assert found["cost"] == pytest.approx(100e-6 * len(server.requests))
    counts = artifact.manifest.counts
    assert (counts["judged"], counts["not_judged"]) == (found["answers"], 0)
    said = {verdict.judged for verdict in artifact.records("verdicts.jsonl", Verdict)}
    assert said >= {"correct", None}
    *_, headers, body = server.requests[0]
    assert (headers["Authorization"], body["temperature"]) == ("Bearer secret", 0.0)


def test_what_was_judged_is_kept_and_counted_again(
    inputs: Inputs, evaluate: Evaluate, serve: Serve
) -> None:
    server, found = serve(by_the_answer), inputs()
    first = judged(evaluate(found, judge=settings(server)))
    asked = len(server.requests)
    artifact = evaluate(found, judge=settings(server))
    artifact.store.delete(artifact.address.manifest)
    again = judged(evaluate(found, judge=settings(server), seed=1))
    assert len(server.requests) == asked, "nothing is paid again"
    assert again == first


def test_a_judge_that_answers_nonsense_leaves_the_headline_as_it_is(
    inputs: Inputs, evaluate: Evaluate, serve: Serve
) -> None:
    server = serve(says("As a model of language I like bananas."))
    artifact = evaluate(inputs(), judge=settings(server), max_forgetting=1.0)
    found, report = judged(artifact), json.loads(artifact.read("report.json"))
    assert found["not_judged"] == found["answers"] > 0
    assert report["systems"]["model"]["test"]["exact_match"] == 1.0
    assert report["verdict"]["passed"]
    said = f"the judge is not to be relied on: {found['answers']} of {found['answers']} replies"
    assert said in summary(report)
    assert (
        '<p class="warn">The judge is not to be relied on' in artifact.read("report.html").decode()
    )


def test_a_few_requests_that_are_refused_are_not_judged(
    inputs: Inputs, evaluate: Evaluate, serve: Serve
) -> None:
    server = serve(by_the_answer, fails(400, said="content filter"), by_the_answer)
    found = judged(evaluate(inputs(), judge=settings(server)))
    assert found["not_judged"] == 1
    assert "warning" not in found


def test_a_judge_that_refuses_the_key_ends_the_stage(
    inputs: Inputs, evaluate: Evaluate, serve: Serve
) -> None:
    with pytest.raises(AccessError, match=r"judge http.*GABARITO_JUDGE_KEY is not set"):
        evaluate(inputs(), judge=settings(serve(fails(401))))


def test_without_a_judge_nobody_is_asked(inputs: Inputs, evaluate: Evaluate) -> None:
    report = json.loads(evaluate(inputs()).read("report.json"))
    assert "judging" not in report
