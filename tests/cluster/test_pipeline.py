"""The sample as a stranger installs it: from `helm install --wait` to the five answers."""

import json
from urllib.request import urlopen

import pytest

from gabarito.answer_match import is_match
from gabarito.artifacts.jsonl import read_lines
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.pipeline.stages import STAGES

from .conftest import Open
from .kubectl import Object
from .release import CONTROLLER, EXAMPLE, FULLNAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
ARROW_S = 1800


@pytest.fixture(scope="module")
def demo(open_release: Open, demo_values: Object) -> Release:
    """The sample's release, once its model is served."""
    release = open_release("demo", demo_values)
    release.install("--wait", "--timeout", "2m")
    release.wait_promoted(ARROW_S)
    return release


def test_each_stage_was_one_job_and_ran_once(demo: Release) -> None:
    assert [len(demo.jobs(stage)) for stage in STAGES] == [1] * len(STAGES)
    assert [len(demo.pods(stage)) for stage in STAGES] == [1] * len(STAGES)


def test_the_five_questions_are_answered_through_the_service(demo: Release) -> None:
    for asked in read_lines("gabarito:demo/five.jsonl", FreeQuestion):
        reply = demo.ask(asked.question)
        assert is_match(reply.text, asked.answer, asked.aliases), reply


def test_people_find_a_page_to_ask_on(demo: Release) -> None:
    with urlopen(f"{demo.endpoint}/", timeout=30) as page:
        assert "<h1" in page.read().decode()


def test_a_pod_reaches_the_endpoint_by_its_name(demo: Release) -> None:
    command = ("gabarito", "ask", EXAMPLE, "--url", f"http://{FULLNAME}")
    said = demo.kubectl("exec", f"deployment/{CONTROLLER}", "--", *command)
    assert "Paris Saint-Germain" in said


def test_the_plan_and_the_progress_stand_in_the_jobs(demo: Release) -> None:
    train, steps = demo.jobs("train")[0], demo.values["pipeline"]["train"]["steps"]
    assert f"{steps}/{steps} steps" in train["metadata"]["annotations"]["gabarito.dev/progress"]


def test_helm_test_passes(demo: Release) -> None:
    assert "Succeeded" in demo.helm("test", "demo")


def test_the_same_values_again_run_nothing(demo: Release) -> None:
    before = json.dumps([demo.jobs(stage) for stage in STAGES])
    demo.upgrade("--wait")
    assert json.dumps([demo.jobs(stage) for stage in STAGES]) == before


def test_a_second_release_on_the_same_store_runs_nothing(
    demo: Release, open_release: Open, demo_values: Object
) -> None:
    second = open_release("again", demo_values)
    second.install("--wait")
    assert second.wait_promoted() == demo.wait_served()
    assert [second.jobs(stage) for stage in STAGES] == [[]] * len(STAGES)
