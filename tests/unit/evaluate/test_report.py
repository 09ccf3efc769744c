import json
from collections.abc import Callable

import pytest

from gabarito.core.errors import DataError
from gabarito.evaluate.abstention import is_tuning, served, threshold
from gabarito.evaluate.forgetting import task_scores
from gabarito.evaluate.grading import Graded
from gabarito.evaluate.report import Report, Reworded
from gabarito.evaluate.scores import closeness_scores, fact_score, part_score
from gabarito.evaluate.statistics import Bootstrap, wilson
from gabarito.evaluate.text_report import summary

Make = Callable[..., Report]
MakeMark = Callable[..., Graded]


def test_systems_are_scored_by_part_and_family(report: Make) -> None:
    systems = report().systems
    assert systems["base"].test.exact_match == 0
    assert systems["model"].test.exact_match == pytest.approx(17 / 18)
    families = systems["model"].test.by_family
    assert families["direct"].exact_match == pytest.approx(5 / 6)
    assert families["synonym"].exact_match == 1
    assert sum(found.count for found in families.values()) == 18
    assert systems["model"].free is not None
    assert systems["model"].free.exact_match == 0.5


def test_with_six_facts_the_interval_is_that_of_six_not_of_eighteen(report: Make) -> None:
    test = report().systems["model"].test
    assert test.method == "wilson"
    assert test.interval == wilson(17 / 18 * 6, 6)


def test_facts_are_known_in_all_some_or_none_of_their_wordings(report: Make) -> None:
    facts = report().facts
    model = facts["model"]
    assert (model.all, model.some, model.none, model.count) == (5, 1, 0, 6)
    assert len(model.lists["some"]) == 1
    assert facts["base"].none == 6


def test_the_worst_relation_comes_first(report: Make) -> None:
    relations = report().relations
    assert [found.relation for found in relations] == ["estádio", "técnico"]
    assert [found.facts for found in relations] == [3, 3]


def test_the_paraphrase_gap_compares_the_same_facts(report: Make) -> None:
    gap = report().paraphrase
    assert gap is not None
    assert gap.gap == pytest.approx(1 - 17 / 18)


def test_the_merged_model_is_compared_with_base_and_adapter(report: Make) -> None:
    paired = report().paired
    assert paired.model_base.difference == pytest.approx(17 / 18)
    assert paired.model_base.mcnemar.only_first == 17
    assert 0.3 < paired.model_base.interval[0] < 0.5
    assert paired.model_adapter.difference == 0
    assert paired.adapter_answers_changed == 0


def test_refusals_are_counted_by_group(report: Make) -> None:
    found = report().refusals["model"]
    assert found.false_refusals.share == 0
    assert {group: kept.refused.share for group, kept in found.unanswerable.items()} == {
        "all": 0.75,
        "club": 0.75,
        "season": 0.75,
    }
    # 17 of 18 taught questions score 0.95, one 0.3: above all but the answer of 0.4
    assert found.unanswerable["club"].auroc == pytest.approx((17 * 4 + 3) / (18 * 4))


def test_forgetting_is_the_share_of_general_answers_that_changed(report: Make) -> None:
    kept = report().forgetting
    assert kept is not None
    assert (kept.hits, kept.count) == (3, 4)


@pytest.mark.parametrize(
    ("settings", "failed"),
    [
        ({"floor": 0.9, "max_forgetting": 0.25}, []),
        ({"floor": 0.95, "max_forgetting": 0.25}, ["floor"]),
        ({"floor": 0.9, "max_forgetting": 0.2}, ["forgetting"]),
        ({"floor": 1.0, "max_forgetting": 0.0}, ["floor", "forgetting"]),
    ],
)
def test_the_gate_names_what_failed(
    report: Make, settings: dict[str, float], failed: list[str]
) -> None:
    verdict = report(**settings).verdict
    assert verdict.passed is not bool(failed)
    assert [check.name for check in verdict.checks if not check.passed] == failed
    assert len(verdict.reasons) == len(failed)


def test_where_the_base_solves_enough_tasks_the_gate_judges_by_what_is_lost_of_them(
    report: Make,
) -> None:
    found = report(tasks=40, max_forgetting=0.05)
    assert found.tasks is not None
    assert (found.tasks.base.hits, found.tasks.model.hits) == (40, 38)
    assert found.tasks.refused_by_model.hits == 1
    assert found.tasks.gained.difference == pytest.approx(-2 / 40)
    check = next(check for check in found.verdict.checks if check.name == "forgetting")
    assert check.passed
    assert check.text.startswith(
        "the base solves 40 of 40 general tasks, the model 38, and refuses 1: 5.0% is lost "
    )
    strict = report(tasks=40, max_forgetting=0.04).verdict
    assert [check.name for check in strict.checks if not check.passed] == ["forgetting"]


def test_what_is_lost_is_a_share_of_what_the_base_solves(mark_of: MakeMark) -> None:
    def tasks(right: int) -> list[Graded]:
        return [mark_of(part="tasks", text=str(n), correct=n < right) for n in range(200)]

    found = task_scores(tasks(40), tasks(30), Bootstrap(resamples=500))
    assert found is not None
    assert found.lost is not None
    assert found.lost.share == pytest.approx(10 / 40)
    assert 0 < found.lost.interval[0] < 10 / 40 < found.lost.interval[1]


@pytest.mark.parametrize(("solved", "is_judged"), [(19, False), (20, True)])
def test_a_base_that_solves_few_tasks_is_judged_by_its_general_answers(
    report: Make, solved: int, is_judged: bool
) -> None:
    found = report(tasks=solved)
    [text] = [check.text for check in found.verdict.checks if check.name == "forgetting"]
    assert ("general tasks" in text) is is_judged
    assert ("general prompts are answered otherwise" in text) is not is_judged
    assert found.forgetting is not None


def test_what_was_learned_is_net_of_facts_that_were_never_trained(report: Make) -> None:
    found = report().injection
    assert found is not None
    assert (found.facts, found.base.hits, found.model.hits) == (4, 0, 0)
    assert (found.refused.share, found.wrong.share) == (0.5, 0.5)
    assert found.net_of_controls.difference == pytest.approx(17 / 18)
    low, high = found.net_of_controls.interval
    assert 0 < low < 17 / 18 <= high <= 1
    assert found.net_of_base == report().paired.model_base
    assert report(("controls",)).injection is None


def test_the_summary_says_what_is_known_of_controls(report: Make) -> None:
    text = summary(json.loads(report().model_dump_json(exclude_none=True)))
    assert "controls, 4 facts that were not trained: 0.0% of 8 answers right, by the base" in text
    assert "; refused 50.0%, wrong 50.0%" in text
    assert "net injection: +94.4 points (95% interval " in text
    assert "controls" not in summary(
        json.loads(report(("controls",)).model_dump_json(exclude_none=True))
    )


def test_the_summary_says_what_is_solved_and_refused_of_the_tasks(report: Make) -> None:
    text = summary(json.loads(report().model_dump_json(exclude_none=True)))
    assert "general tasks solved: 50.0% of 4, by the base 100.0%: -50.0 points (95% " in text
    assert "\n  refused: 25.0%, by the base 0.0%\n" in text


def test_shares_that_the_gate_names_have_their_interval_beside_them(report: Make) -> None:
    texts = {check.name: check.text for check in report().verdict.checks}
    assert "94.4% (95% interval 54.6–99.6%), reaches the floor of 80.0%" in texts["floor"]
    assert "answered otherwise than before (95% interval 4.6–69.9%), at" in texts["forgetting"]


def test_calibration_of_all_counts_free_answers_and_answers_to_the_unanswerable(
    report: Make,
) -> None:
    found, without = report().calibration, report(("unanswerable",)).calibration
    assert [found["test"].count, without["all"].count, found["all"].count] == [18, 20, 22]
    # two answers of probability 0.4 that should have been refusals
    assert 22 * found["all"].brier - 20 * without["all"].brier == pytest.approx(2 * 0.4**2)


def test_what_was_not_asked_is_neither_reported_nor_judged(report: Make) -> None:
    found = report(
        ("free", "unanswerable", "retention", "validation", "trained", "tasks"), floor=0.9
    )
    assert found.systems["model"].free is None
    assert (found.forgetting, found.threshold, found.served, found.paraphrase) == (None,) * 4
    assert found.refusals["model"].unanswerable == {}
    assert set(found.calibration) == {"test"}
    assert found.verdict.passed
    assert "forgetting" not in {check.name for check in found.verdict.checks}


def test_a_report_without_test_questions_is_refused(report: Make) -> None:
    with pytest.raises(DataError, match=r"no test question was asked; name a family in"):
        report(("test",))


def test_a_low_coverage_is_said_above_the_figures(report: Make) -> None:
    low, high = (report(covered=covered) for covered in (19, 20))
    assert (low.is_coverage_low, high.is_coverage_low) == (True, False)
    said = summary(low.model_dump(mode="json", exclude_none=True)).splitlines()
    at = next(n for n, line in enumerate(said) if line.startswith("coverage: 19.0%"))
    assert "; 0 of 1 documents and 1 of 3 passages have none" in said[at]
    assert said[at + 1] == "1 of 2 figures and 1 of 2 names in them occur in no fact"
    assert "of this small part" in said[at + 2]
    assert at < next(n for n, line in enumerate(said) if line.startswith("test wordings"))


@pytest.mark.parametrize(("covered", "passes"), [(29, False), (30, True)])
def test_a_gate_may_ask_for_coverage(report: Make, covered: int, passes: bool) -> None:
    verdict = report(covered=covered, min_coverage=0.3, max_forgetting=1.0).verdict
    found = {check.name: check.passed for check in verdict.checks}
    assert found["coverage"] == verdict.passed == passes
    assert "coverage" not in {check.name for check in report(covered=0).verdict.checks}


def test_the_threshold_is_in_the_contract(report: Make) -> None:
    found = report()
    assert found.threshold is not None
    assert found.contract.threshold == found.threshold.value
    assert found.contract.refusal == "Não sei."


def test_the_threshold_is_not_chosen_by_what_it_is_measured_on(mark_of: MakeMark) -> None:
    validation = [mark_of(part="validation", probability=0.9)] * 10
    unanswerable = [
        mark_of(part="unanswerable", text=str(n), probability=0.5, correct=False) for n in range(40)
    ]
    least = threshold(validation, [], unanswerable, 0.95)
    assert least is not None
    assert least.value == pytest.approx(0.7)
    assert least.count == 10 + sum(map(is_tuning, unanswerable))
    measured = served([], [], unanswerable, least.value)
    assert measured is None
    measured = served(validation, [], unanswerable, least.value)
    assert measured is not None
    assert measured.unanswerable["all"].count == 40 - sum(map(is_tuning, unanswerable))
    assert measured.unanswerable["all"].share == 1
    assert measured.false_refusals.share == 0


def test_long_answers_are_not_refused_for_their_length(mark_of: MakeMark) -> None:
    """Where plain questions are answered short, and some ask for a sentence: 20 tokens at .97."""
    short = [mark_of(part="validation", probability=0.9)] * 40
    sentences = [
        mark_of(part="sentences", text=str(n), fact=str(n), probability=0.97**20) for n in range(40)
    ]
    unsure = [
        mark_of(part="unanswerable", text=str(n), probability=0.2, correct=False) for n in range(40)
    ]
    least = threshold(short, sentences, unsure, 0.95)
    assert least is not None
    assert least.value < 0.97**20
    measured = served(short, sentences, unsure, least.value)
    assert measured is not None
    assert measured.sentences is not None
    assert (measured.sentences.share, measured.unanswerable["all"].share) == (0, 1)
    assert measured.sentences.count == 40 - sum(map(is_tuning, sentences))


def test_unanswerable_questions_are_halved_about_evenly(mark_of: MakeMark) -> None:
    halves = [is_tuning(mark_of(part="unanswerable", text=str(n))) for n in range(400)]
    assert 160 < sum(halves) < 240


def test_an_answer_to_an_unanswerable_question_is_never_right(mark_of: MakeMark) -> None:
    refused = mark_of(part="unanswerable", correct=True, refused=True, probability=1.0)
    given = mark_of(part="unanswerable", correct=False, probability=0.99)
    least = threshold([], [], [refused, given] * 3, 0.95)
    assert least is None or not least.attained


def test_a_fact_without_a_test_wording_is_not_counted(mark_of: MakeMark) -> None:
    assert fact_score([mark_of(fact="")]) is None
    assert part_score([]) is None


def test_closeness_bins_hold_each_question_once(mark_of: MakeMark) -> None:
    marks = [mark_of(text=str(n), fact=str(n)) for n in range(11)]
    similarity = {mark.item.id: n / 10 for n, mark in enumerate(marks)}
    found = closeness_scores(marks, similarity)
    assert sum(part.score.count for part in found) == 11
    assert found[-1].similarity == (0.85, 1.0)
    assert found[-1].score.count == 2


def test_the_summary_is_a_plain_table(report: Make) -> None:
    text = summary(json.loads(report(floor=1.0).model_dump_json(exclude_none=True)))
    lines = text.splitlines()
    assert lines[0] == "gate failed"
    assert any(
        line.startswith("  ✗ exact match on test wordings, 94.4% (95% interval 54.6–99.6%), is")
        for line in lines
    )
    [row] = [line for line in lines if line.startswith("test wordings")]
    assert row.split() == ["test", "wordings", "18", "0.0%", "94.4%", "94.4%", "54.6–99.6%"]
    assert any(line.split()[:3] == ["season", "4", "75.0%"] for line in lines)
    assert max(map(len, lines)) <= 160


def test_the_report_says_how_many_facts_a_person_checked(report: Make) -> None:
    text = summary(json.loads(report().model_dump_json(exclude_none=True)))
    assert "facts that a person checked: 5, of which 2 were corrected and 1 struck out" in text


def test_the_summary_has_what_came_of_a_sample_under_other_conditions(report: Make) -> None:
    text = summary(json.loads(report().model_dump_json(exclude_none=True)))
    rows = [line.split() for line in text.splitlines() if "BM25" in line]
    assert [row[-5:] for row in rows] == [
        ["1", "0.0%", "100.0%", "120", "0.25"],
        ["1", "100.0%", "100.0%", "121", "0.25"],
    ]


def test_the_summary_leaves_out_what_was_not_asked(report: Make) -> None:
    found = report(("free", "unanswerable", "retention", "validation", "trained"))
    text = summary(json.loads(found.model_dump_json(exclude_none=True)))
    assert "free" not in text
    assert "never taught" not in text
    assert "threshold" not in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (0, "wordings were not tested: each fact was asked about in words that were trained;"),
        (4, "wordings were not tested of 2 of 6 facts: they have no test wording"),
        (6, None),
    ],
)
def test_the_summary_says_of_how_many_facts_wordings_were_not_tested(
    report: Make, facts: int, said: str | None
) -> None:
    found = report().model_copy(update={"reworded": Reworded(facts=facts, total=6)})
    lines = summary(json.loads(found.model_dump_json(exclude_none=True))).splitlines()
    assert [line for line in lines if line.startswith("wordings were not")] == [said] * bool(said)
    assert any(line.startswith("trained wordings ") for line in lines) == (facts == 0)
