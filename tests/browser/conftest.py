"""A headless Chromium, and the page of a report about 120 facts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from tests.browser.person import Browser
from tests.coverage import coverage
from tests.model_records import CONTRACT

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.records import Fact, Judgement, ReviewCounts
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import (
    ASKED,
    PARTS,
    SYSTEMS,
    Answer,
    EvalQuestion,
    Part,
    Prediction,
    System,
    grade_all,
)
from gabarito.evaluate.judging import Judged, to_judge
from gabarito.evaluate.report import Evidence, Timing, build
from gabarito.evaluate.report_page import render

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
REFUSAL = "Não sei."
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script>"
)
LONG_WORD = "abcdefghij" * 7
RELATIONS = ("técnico", "estádio", LONG_WORD)
FACTS = [
    Fact.of(
        document="d" * 16,
        quote=HOSTILE if n == 7 else f"Em 2024/25 o São João {n} foi treinado por Zé {n}.",
        statement=f"O técnico do São João {n} é Zé {n}{LONG_WORD if n == 4 else ''}.",
        subject=f"São João {n}",
        relation=RELATIONS[n % 3],
        answer=f"Zé {n}",
        aliases=(f"José {n}",),
    )
    for n in range(120)
]
UNKNOWN_FACTS = (3, 4)
HALF_KNOWN_FACTS = (10, 11, 12)


def _item(part: Part, text: str, expected: str, fact: str = "", family: str = "f") -> EvalQuestion:
    right = Expected(expected, taught=expected, question=text, fact=fact)
    return EvalQuestion(f"{part} {text}", part, family, right)


def _exam() -> dict[Part, list[EvalQuestion]]:
    exam: dict[Part, list[EvalQuestion]] = {part: [] for part in PARTS}
    for fact in FACTS:
        for family, name in (("direct", "direct"), ("indirect", f"indirect{LONG_WORD}")):
            text = f"{family}: quem treinou o {fact.subject}?"
            exam["test"].append(_item("test", text, fact.answer, fact.id, name))
        text = f"me diga: quem treinou o {fact.subject}?"
        exam["validation"].append(_item("validation", text, fact.answer, fact.id))
    exam["free"] = [_item("free", HOSTILE, "Zé 0"), _item("free", LONG_WORD, LONG_WORD)]
    exam["unanswerable"] = [
        EvalQuestion(
            f"u {n}",
            "unanswerable",
            "",
            Expected(REFUSAL, question=text),
            group=f"season{LONG_WORD}",
        )
        for n in range(9)
        if (text := f"e em 19{n}{LONG_WORD}?")
    ]
    exam["retention"] = [_item("retention", f"olá {LONG_WORD}", "")]
    exam["tasks"] = [
        EvalQuestion(
            f"t {n}",
            "tasks",
            "",
            Expected(f"R{n}", question=f"{n}{LONG_WORD}?"),
            group=f"g{LONG_WORD}",
        )
        for n in range(30)
    ]
    exam["controls"] = [
        _item("controls", f"{n}{LONG_WORD}", f"Rui {n}", f"c{n}", LONG_WORD) for n in range(6)
    ]
    return exam


def _reply(system: System, item: EvalQuestion) -> Prediction:
    if item.part == "tasks":
        return Prediction(item.expected if system == "base" else LONG_WORD, 0.5)
    if system == "base" or item.part == "controls":
        return Prediction("Zé Ninguém", 0.1)
    if item.part == "unanswerable":
        return Prediction(REFUSAL, 0.9)
    if item.part == "retention":
        return Prediction(LONG_WORD, 0.5)
    number = next((n for n, fact in enumerate(FACTS) if fact.id == item.fact), -1)
    is_half = number in HALF_KNOWN_FACTS and item.family.startswith("indirect")
    if is_half or number in UNKNOWN_FACTS:
        return Prediction("Zé Errado", 0.4)
    return Prediction(item.expected, 0.97)


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page."""
    exam = _exam()
    replies = {
        system: {item.text: _reply(system, item) for part in ASKED[system] for item in exam[part]}
        for system in SYSTEMS
    }
    marks = grade_all(exam, replies, REFUSAL, AnswerKey())
    said: dict[Answer, Judgement | None] = {mark.answer: None for mark in to_judge(marks, 300)}
    evidence = Evidence(
        marks=marks,
        judged=Judged(f"judge-{LONG_WORD}", 300, said, 0.0),
        facts=FACTS,
        similarity={},
        coverage=coverage(title=f"<b>{LONG_WORD}</b>"),
        reviewed=ReviewCounts(checked=5, corrected=2, struck=1),
        contract=CONTRACT,
        times={system: Timing(seconds=1.0, questions=9, answered=9) for system in SYSTEMS},
        base=f"s3://bucket/{LONG_WORD}",
        evaluation=f"evaluate/{'0' * 64}",
        evaluated_at=datetime(2025, 6, 1, 12, 0, tzinfo=UTC),
    )
    curves = [{"step": n, "loss": 1 / n, "exact_match": n / 9} for n in range(1, 9)]
    html = render(
        build(EvaluateConfig(resamples=200, max_forgetting=1.0), evidence), evidence, curves
    )
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser of its own; machines without Chromium skip these tests."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.skip("no Chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
