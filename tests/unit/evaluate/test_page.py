import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import get_args

import pytest

from gabarito.answer_match.answer_key import AnswerForm
from gabarito.core.page_words import words_in
from gabarito.core.records import PairOrigin
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import Graded
from gabarito.evaluate.report import Evidence, Report, build
from gabarito.evaluate.report_page import render
from gabarito.evaluate.report_page.charts import charts_of
from gabarito.evaluate.report_page.render import page_words, script_json
from gabarito.evaluate.report_page.tables import before_and_after, fact_rows, histogram

SAID = re.compile(r"""\bsay\(["'](\w+)["'][,)]|\(["'](\w+)["'], [01]\)""")
BY_VALUE = ("part_", "chart_", "show_", "known_", "wording_")
"""Words that are chosen by what is shown."""

CURVES = [{"step": n, "loss": 2 / n, "exact_match": n / 8 if n % 2 else None} for n in range(1, 9)]


def spoken(page: str, language: str) -> str:
    """Return what stands on a page in one language, and what is the same in all."""
    body, *rest = re.split(r'<template lang="pt"[^>]*>|</template>', page)
    other, end = rest
    data = end.partition('<script type="application/json"')[2]
    return f"{body if language == 'en' else other}{data}"


@pytest.fixture
def page_of_many(evidence: Callable[..., Evidence], mark_of: Callable[..., Graded]) -> str:
    """1000 unanswerable questions, 350 of them answered, and 380 of 400 prompts that changed."""
    unanswerable = [
        mark_of(
            part="unanswerable", text=str(n), group="season", refused=n >= 350, correct=n >= 350
        )
        for n in range(1000)
    ]
    changed = [mark_of(part="retention", text=str(n), correct=n >= 380) for n in range(400)]
    given = evidence()
    many = {"unanswerable": unanswerable, "retention": changed}
    marks = {system: {**parts, **many} for system, parts in given.marks.items()}
    given = replace(given, marks=marks)
    return spoken(render(build(EvaluateConfig(resamples=100), given), given), "en")


@pytest.fixture
def whole(report: Callable[..., Report], evidence: Callable[..., Evidence]) -> str:
    return render(report(), evidence(), CURVES)


@pytest.fixture
def page(whole: str) -> str:
    return spoken(whole, "en")


def test_texts_of_the_data_are_escaped(whole: str) -> None:
    assert "<img" not in whole
    assert whole.count("&lt;img src=x&gt;") % 2 == 0
    assert "&lt;img src=x&gt;" in whole
    assert "<b>o técnico" not in whole


def test_the_page_says_the_same_in_portuguese(whole: str) -> None:
    portuguese = spoken(whole, "pt")
    assert "Acertos nas formulações de teste</dt><dd>94,4%<small>intervalo de 95%: 54,6–99,6%" in (
        portuguese
    )
    assert "atinge o mínimo de 80,0%</li>" in portuguese
    assert 'width="94.4%"' in portuguese
    said = re.sub(r"<[^>]*>", " ", portuguese.partition(' id="data">')[0])
    assert re.findall(r"\d\.\d", said) == []
    tags = [re.findall(r"<(\w+)", spoken(whole, language)) for language in ("en", "pt")]
    assert tags[0][tags[0].index("a") :] == tags[1]


def test_what_the_page_says_is_in_its_words_and_every_word_is_said() -> None:
    folder = files("gabarito.evaluate").joinpath("report_page")
    sources = "".join(folder.joinpath(name).read_text() for name in ("report_body.html", "page.js"))
    said = {name for pair in SAID.findall(sources) for name in pair if name}
    own = set(words_in("gabarito.evaluate", "report_page")["en"])
    assert said - set(page_words()["en"]) == set()
    named = {
        *re.findall(r"""["'](\w+)["']""", sources),
        *get_args(AnswerForm),
        "no_script",
        "title",
    }
    assert {word for word in own - named if not word.startswith(BY_VALUE)} == set()


def test_a_verdict_without_translations_is_said_in_english(
    report: Callable[..., Report], evidence: Callable[..., Evidence]
) -> None:
    made = report()
    checks = [check.model_copy(update={"translations": {}}) for check in made.verdict.checks]
    verdict = made.verdict.model_copy(update={"checks": checks})
    page = spoken(render(made.model_copy(update={"verdict": verdict}), evidence()), "pt")
    assert '<span lang="en">exact match on test wordings' in page


def test_the_page_says_when_and_as_what_it_was_made(page: str) -> None:
    assert "Evaluated on 2025-06-01 at 12:00 UTC: evaluate/000000000000<" in page
    assert f"evaluate/{'0' * 64}<" in page


def test_other_conditions_have_a_table(page: str) -> None:
    assert page.count('<th scope="row">base, with passages found (BM25)</th>') == 2
    assert '<td class="n">0.25</td>' in page


def test_tasks_have_a_table_and_those_that_were_lost_a_list(page: str) -> None:
    assert '<th scope="row">all, refused</th><td class="n">4</td>' in page
    assert "2 tasks <span>that only the base solved</span>" in page
    assert "The gate does not judge by them: the base solves too few" in page


def test_the_page_says_first_that_controls_are_not_known_on_purpose(page: str) -> None:
    head, _, rest = page.partition('<section id="systems">')
    assert "4 facts of the documents were not trained, on purpose, to measure with" in head
    assert "8 questions <span>about facts never trained</span>" in rest
    assert "something that was trained tells them" not in page


def test_no_text_can_end_the_script_that_holds_it(whole: str) -> None:
    assert whole.count("</script>") == 3
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', whole)
    facts = json.loads(data)["facts"]
    assert facts[0]["quote"].startswith("</script><b>o técnico")


def test_separators_that_javascript_forbids_are_escaped() -> None:
    text = script_json({"a": "\u2028\u2029&"})
    assert text == '{"a":"\\u2028\\u2029\\u0026"}'


def test_the_page_asks_for_nothing_outside_itself(whole: str) -> None:
    assert "default-src 'none'" in whole
    assert not re.findall(r'(?:src|href)="(?!#|data:)', whole)
    assert not re.findall(r"url\(|@import|https?://", whole)


def test_totals_are_those_of_the_data_where_a_list_is_cut(page_of_many: str) -> None:
    cut = "; the first 300 are shown, all are in verdicts.jsonl"
    assert f"season <span>350 of 1000 answered{cut}</span>" in page_of_many
    assert f"380 general prompts <span>answered otherwise than before{cut}</span>" in page_of_many
    assert page_of_many.count('<td data-label="model">') == 300
    assert page_of_many.count('<td data-label="tuned">') == 300 + 6 + 2 + 8 + 2


def test_a_list_that_is_whole_says_nothing_of_being_cut(page: str) -> None:
    assert "<span>1 of 4 answered</span>" in page
    assert "are shown" not in page


def test_a_share_has_its_interval_beside_it(page: str) -> None:
    cells = re.findall(r"<(?:td|dd)[^>]*>(?:(?!</t?d).)*?\d%.*?</(?:td|dd)>", page, re.DOTALL)
    chosen = [cell for cell in cells if not re.search(r"\d–\d+\.\d%", cell)]
    assert len(cells) == 46
    assert (
        len(chosen) == 4
    )  # answerable, of test and of all: chosen; coverage: everything is counted; a gain in points


def test_facts_that_are_not_known_come_first(evidence: Callable[..., Evidence]) -> None:
    given = evidence()
    rows = fact_rows(given.facts, given.marks)
    assert [row["known"] for row in rows] == ["some", *["all"] * 5]
    assert rows[0]["right"] == 2
    assert [q["part"] for q in rows[0]["questions"]] == ["test"] * 3 + ["validation", "trained"]
    assert {"base", "adapter", "model"} < set(rows[0]["questions"][0])
    assert rows[0]["questions"][0]["model"]["probability"] == 0.3


def test_a_fact_that_was_not_tested_says_so(evidence: Callable[..., Evidence]) -> None:
    given = evidence(("test",))
    assert {row["known"] for row in fact_rows(given.facts, given.marks)} == {"untested"}


def test_the_drawn_questions_are_of_different_facts(evidence: Callable[..., Evidence]) -> None:
    drawn = before_and_after(evidence().marks)
    assert len({row["expected"] for row in drawn}) == len(drawn) == 6


def test_the_histogram_shares_out_all_questions(mark_of: Callable[..., Graded]) -> None:
    taught = [mark_of(probability=p) for p in (0.0, 0.55, 1.0, 1.0)]
    bins = histogram(taught, [mark_of(refused=True), mark_of(probability=0.999)])
    assert [found["taught"] for found in bins] == [0, 0.25, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.5]
    assert [found["unanswerable"] for found in bins] == [0.5, *[0] * 9, 0.5]


def test_curves_are_drawn_inside_the_chart() -> None:
    loss, match = charts_of(CURVES)
    for chart in (loss, match):
        places = [float(n) for pair in chart.points.split() for n in pair.split(",")]
        assert all(0 <= x <= 640 for x in places[::2])
        assert all(0 <= y <= 200 for y in places[1::2])
    assert match.y_ticks[-1] == (0, "100%")
    assert loss.last == "0.250"


def test_without_curves_there_is_no_chart() -> None:
    assert charts_of([]) == []
    assert charts_of([{"step": 1, "loss": 0.5}]) == []


def test_a_report_of_the_bare_minimum_has_a_page(
    report: Callable[..., Report], evidence: Callable[..., Evidence]
) -> None:
    without = ("free", "unanswerable", "retention", "validation", "trained")
    page = spoken(render(report(without), evidence(without)), "en")
    assert "Free wordings" not in page
    assert 'id="training"' not in page


def test_where_no_wording_was_tested_the_page_says_so_first(
    evidence: Callable[..., Evidence],
) -> None:
    given = replace(evidence(), is_reworded=False)
    page = spoken(render(build(EvaluateConfig(resamples=100), given), given), "en")
    assert "Wordings were not tested: each fact was asked about in words that were trained" in page
    assert "questions it was trained on, word for word, the model answers" in page
    assert "test wordings" not in page.partition("Trained minus")[0]


def test_of_a_persons_fact_the_page_names_file_and_row(
    evidence: Callable[..., Evidence],
) -> None:
    origin = PairOrigin(pair="p", row="pairs.csv:7", source="pairs.csv")
    given = evidence()
    gone = {"document": "", "quote": "", "given": origin}
    facts = [fact.model_copy(update=gone) for fact in given.facts]
    rows = fact_rows(facts, given.marks)
    assert {(row["row"], row["relation"]) for row in rows} == {("pairs.csv:7", "")}
    assert build(EvaluateConfig(resamples=100), replace(given, facts=facts)).relations == []
