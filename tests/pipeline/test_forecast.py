"""What is said before a teacher is paid: some passages are tried, and the rest is reckoned."""

import re
from typing import Any

import pytest

Project = Any


def priced(project: Project) -> Project:
    project.settings["generate"]["teacher"] |= {"price_input": 1.0, "price_output": 2.0}
    project.write()
    return project


def cost_in(text: str) -> float:
    found = re.search(r"received, (\S+) by the prices set", text)
    assert found, text
    return float(found[1])


def test_check_tries_passages_and_plan_remembers(project: Project) -> None:
    before = priced(project).call("plan", str(project.path)).out
    assert "teacher: 3 documents, 3 passages; gabarito check " in before
    checked = project.call("check", str(project.path))
    assert checked.code == 0, checked.err
    assert "3 passages tried: " in checked.out
    planned = project.call("plan", str(project.path)).out
    assert cost_in(planned) == cost_in(checked.out)


def test_a_run_does_not_pay_again_for_what_check_tried(project: Project) -> None:
    checked = priced(project).call("check", str(project.path)).out
    ran = project.call("run", str(str(project.path)), "--until", "generate")
    assert ran.code == 0, ran.err
    calls = project.lines("generate", "calls.jsonl")
    assert {call["source"] for call in calls if call["task"] == "facts"} == {"cache"}
    paid = sum(call["cost"] for call in calls if call["task"] != "names")
    assert abs(cost_in(checked) - paid) < 0.2 * paid
    assert "teacher: " not in project.call("plan", str(project.path)).out


def test_a_teacher_that_finds_nothing_is_told_before_the_run(project: Project) -> None:
    page = project.folder / "pages" / "other.md"
    for other in page.parent.iterdir():
        other.unlink()
    page.write_text("# Pears\n\n" + "The pear ripens in the light of the autumn. " * 9)
    checked = project.call("check", str(project.path))
    assert "warning  teacher: 1 passage tried: 0 facts, 0 of 0 wordings" in checked.out


def test_rewrites_are_tried_and_reckoned_too(project: Project) -> None:
    project.settings["generate"] |= {"rewrites": 2, "yield_floor": 0}
    checked = priced(project).call("check", str(project.path)).out
    project.call("run", str(project.path), "--until", "generate")
    calls = project.lines("generate", "calls.jsonl")
    assert sum(call["task"] == "rewrite" for call in calls) == 2 * 3
    reckoned = re.search(r"3 passages: about .* facts, ([\d,]+) requests, ", checked)
    assert reckoned
    asked = sum(call["task"] != "names" for call in calls)
    assert int(reckoned[1]) == pytest.approx(asked, rel=0.1)
