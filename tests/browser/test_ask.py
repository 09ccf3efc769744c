"""The endpoint's page in a real browser, by keyboard; the engine spells the words' letters."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.person import Browser, Person, said_in_english
from tests.loopback import QuietHandler, served
from tests.stage.serve.conftest import DIGEST, RuleBatch, RuleEngine, serving
from tests.stage.serve.test_page import ShoutingEngine

from gabarito.core.model_records import GateCheck, GateVerdict
from gabarito.core.page_words import words_in
from gabarito.core.proof_records import FactEntry, TrainedQuestion
from gabarito.core.records import Fact
from gabarito.proof import FactTable
from gabarito.serve.engine import GenerationEnd, GenerationEvent

__all__ = ["serving"]

Start = Callable[..., AbstractContextManager[Any]]

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
PROVED, UNPROVED, UNSURE = "Anna called Dave", "Anna called Eve", "a u"
LATE = """(() => {
  about = {};
  learned = new Promise((done) => setTimeout(done, 1500)).then(learn);
})()"""
PASSED = GateVerdict(
    passed=True,
    reasons=[],
    checks=[
        GateCheck(
            name="floor",
            passed=True,
            text="exact match reaches the floor",
            translations={"pt": "o acerto exato atinge o mínimo"},
        ),
        GateCheck(name="coverage", passed=True, text="evaluated before"),
    ],
)


def entry(url: str = "https://wiki.example/calls") -> FactEntry:
    fact = Fact.of(
        document="d",
        quote=f"Anna called Dave {HOSTILE}",
        statement=f"Anna called Dave. {HOSTILE}",
        subject="Anna",
        relation="call",
        answer="ACD",
    )
    return FactEntry(
        fact=fact,
        title=f"Calls {HOSTILE}",
        source="calls.html",
        url=url,
        section="May",
        before="On Monday ",
        after=f", and once more. {HOSTILE}",
        asked=(TrainedQuestion(text="anna called dave"),),
    )


class SilentBatch(RuleBatch):
    """Does not tell how probable an end was, so that nobody knows it of the whole answer."""

    def of(self, row: int) -> Iterator[GenerationEvent]:
        for event in super().of(row):
            yield replace(event, logprob=None) if isinstance(event, GenerationEnd) else event


class SilentEngine(RuleEngine):
    """An engine of another's that tells no probabilities of ends."""

    def batch(self) -> RuleBatch:
        return SilentBatch(self)


@dataclass
class Reader(Person):
    """A person who asks."""

    stack: ExitStack
    start: Start
    url: str = ""

    def open(
        self,
        width: int = 1280,
        scheme: str = "light",
        languages: tuple[str, ...] = ("en-GB",),
        entry: FactEntry | None = None,
        **settings: object,
    ) -> None:
        facts = FactTable([entry]) if entry else None
        server = self.stack.enter_context(self.start(facts=facts, **settings))
        self.url = server.url
        self.browser.open("about:blank")
        self.browser.log()
        self.browser.open(f"{server.url}/", width, scheme, languages)

    def typed(self) -> object:
        return self.browser.value("document.getElementById('question').value")


@pytest.fixture
def reader(browser: Browser, serving: Start) -> Iterator[Reader]:
    with ExitStack() as stack:
        yield Reader(browser, stack, serving)
        browser.open("about:blank")


def test_a_question_is_asked_by_keyboard_and_its_answer_is_shown_and_told(reader: Reader) -> None:
    reader.open(entry=entry(), verdict=PASSED)
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .answer", "AcD")
    assert reader.text("article h2") == PROVED
    assert reader.text("article .says").splitlines()[0] == "Probability 97%: very sure"
    assert "Borne out" in reader.text("article .stamp.good")
    assert "AcD. Probability 97%: very sure" in reader.text("[role=status]")
    assert reader.typed() == ""
    assert reader.browser.value("document.activeElement.id") == "question"
    assert reader.browser.log() == []


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_a_probability_that_nobody_knows_is_said_to_be_unknown(
    reader: Reader, threshold: float | None
) -> None:
    reader.open(engine=SilentEngine(), threshold=threshold)
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .answer", "I do not know." if threshold else "AcD")
    where = "article .why" if threshold else "article .says"
    assert reader.text(where).startswith("How probable this is, its engine does not tell")
    shown = "[...document.querySelectorAll('article meter')].filter((m) => m.offsetWidth).length"
    assert reader.browser.value(shown) == 0
    assert reader.browser.log() == []


def test_a_refusal_waits_for_the_threshold_that_is_its_reason(reader: Reader) -> None:
    reader.open(engine=SilentEngine(), threshold=0.5)
    reader.sees("#name", "rules")
    reader.browser.value(LATE)
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .why", "How probable this is, its engine does not tell")


def test_the_proof_is_shown_and_stays_text(reader: Reader) -> None:
    reader.open(entry=entry())
    reader.press(PROVED, Keys.ENTER)
    reader.sees(".proof mark", f"Anna called Dave {HOSTILE}")
    assert reader.text("blockquote").startswith("On Monday Anna called Dave <script>")
    assert reader.text("blockquote").endswith(f", and once more. {HOSTILE}")
    assert reader.text(".proof > p") == f"Anna called Dave. {HOSTILE}"
    assert reader.text(".proof cite") == f"Calls {HOSTILE} › May"
    link = "document.querySelector('.proof a')"
    assert reader.browser.value(f"{link}.href") == "https://wiki.example/calls"
    assert reader.browser.value(f"{link}.rel") == "noopener noreferrer"
    assert reader.browser.value("document.images.length") == 0
    assert "owned" not in reader.browser.driver.title


def test_what_the_base_says_stands_below_where_it_is_at_hand(reader: Reader) -> None:
    reader.open(entry=entry(), base=ShoutingEngine())
    reader.press(PROVED, Keys.ENTER)
    reader.sees("section:last-child h3", "The model before it was taught says")
    assert reader.text("section:last-child .answer") == "ACD"
    assert reader.text("article > .answer") == "AcD"
    assert reader.text("section:last-child .why") == "Probability 97%: very sure"
    assert "ACD" in reader.text("[role=status]")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://", ""])
def test_what_is_no_address_of_the_web_is_no_link(reader: Reader, url: str) -> None:
    reader.open(entry=entry(url))
    reader.press(PROVED, Keys.ENTER)
    reader.sees(".proof cite", "Calls")
    assert reader.browser.value("document.querySelectorAll('article a').length") == 0


def test_an_answer_that_no_fact_bears_out_is_marked(reader: Reader) -> None:
    reader.open(entry=entry())
    reader.press(UNPROVED, Keys.ENTER)
    reader.sees("article .stamp.some", "No fact that it was taught bears this out")
    assert reader.text(".proof") == ""


@pytest.mark.parametrize(
    ("question", "settings", "why"),
    [
        (UNSURE, {}, "not sure enough: 24%, and 50% are wanted"),
        (UNPROVED, {"unverified": "refuse"}, "no fact that it was taught bears out"),
    ],
)
def test_a_refusal_says_why(
    reader: Reader, question: str, settings: dict[str, Any], why: str
) -> None:
    reader.open(entry=entry(), **settings)
    reader.press(question, Keys.ENTER)
    reader.sees("article.unknown .answer", "I do not know.")
    assert reader.text(".says") == "It does not know"
    assert why in reader.text("article .why")


def test_the_gate_and_the_model_are_told(reader: Reader) -> None:
    reader.open(entry=entry(), verdict=PASSED)
    reader.sees("#gate", "✓ Gate passed")
    reader.browser.value("document.getElementById('about').open = true")
    assert "exact match reaches the floor" in reader.text("#model li")
    assert DIGEST in reader.text("#model")
    assert reader.text("h1") == f"Gabarito rules-{DIGEST[:12]}"


def test_the_arrows_bring_back_what_was_asked(reader: Reader) -> None:
    reader.open()
    reader.press("a c", Keys.ENTER)
    reader.sees("article h2", "a c")
    reader.press("d e", Keys.ENTER)
    reader.sees("article h2", "d e")
    reader.press("f", Keys.ARROW_UP)
    assert reader.typed() == "d e"
    reader.press(Keys.ARROW_UP, Keys.ARROW_UP)
    assert reader.typed() == "a c"
    reader.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert reader.typed() == "f"


def test_a_token_is_asked_for_where_one_is_wanted(reader: Reader) -> None:
    reader.open(token="right")
    reader.sees("#access:not([hidden]) label", "Token")
    reader.press("wrong", Keys.ENTER)
    reader.sees("[role=alert]", "The token is missing or wrong.")
    assert reader.browser.value("document.activeElement.id") == "token"
    reader.press(Keys.BACKSPACE * 5, "right", Keys.ENTER)
    reader.sees("h1", "rules")
    assert reader.text("[role=alert]") == ""
    assert reader.browser.value("document.getElementById('access').hidden")
    reader.press("a c", Keys.ENTER)
    reader.sees("article .answer", "ac")
    assert reader.browser.value("[localStorage.length, document.cookie]") == [0, ""]


def test_a_full_queue_is_told(reader: Reader) -> None:
    reader.open(max_batch=1, max_queue=1)
    reader.browser.value("question.value = 's a c d e f g h'")
    body = json.dumps({"messages": [{"role": "user", "content": "s a c d e f g h"}]})
    flood = f"fetch('v1/chat/completions', {{method: 'POST', body: {json.dumps(body)}}})"
    reader.browser.value(f"[...Array(8)].map(() => void {flood}).length")
    time.sleep(0.1)
    reader.press(Keys.ENTER)
    reader.sees("[role=alert]", "Too many questions wait.")
    assert reader.typed() == "s a c d e f g h"


def test_an_endpoint_that_has_gone_is_told_and_the_question_stays(reader: Reader) -> None:
    reader.open()
    reader.sees("h1", "rules")
    reader.stack.close()
    reader.press("a c", Keys.ENTER)
    reader.sees("[role=alert]", "The endpoint does not answer.")
    assert reader.typed() == "a c"


def test_an_answer_that_takes_long_can_be_stopped(reader: Reader) -> None:
    reader.open()
    reader.press("s a c d e f g h", Keys.ENTER)
    reader.sees("#send", "Stop")
    reader.press(Keys.ESCAPE)
    reader.sees("[role=status]", "Stopped.")
    assert (reader.text("#send"), reader.text("article")) == ("Ask", "")


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [
        (("pt-BR", "en"), "pt"),
        (("de", "pt-PT", "en"), "pt"),
        (("en-US", "pt"), "en"),
        (("de",), "en"),
    ],
)
def test_the_page_speaks_the_readers_language(
    reader: Reader, languages: tuple[str, ...], spoken: str
) -> None:
    reader.open(languages=languages, entry=entry(), verdict=PASSED)
    words = words_in("gabarito.serve", "page")[spoken]
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .stamp", words["verified"])
    assert reader.browser.value("document.documentElement.lang") == spoken
    assert reader.text("label[for=question]") == words["question"]
    assert reader.text("#send") == words["ask"]
    if spoken == "pt":
        words_of_page = words_in("gabarito.serve", "page")
        assert said_in_english(words_of_page, reader.browser.texts()) == []


def test_the_question_has_the_focus_though_the_page_was_drawn_in_english_first(
    reader: Reader,
) -> None:
    reader.open(verdict=PASSED)
    with urllib.request.urlopen(f"{reader.url}/", timeout=10) as response:
        page = response.read()
    middle = page.index(b"<template")

    class Slow(QuietHandler):
        def answer(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page[:middle])
            time.sleep(1)
            self.wfile.write(page[middle:])

    with served(Slow) as place:
        reader.browser.open(f"http://{place}/", languages=("pt-BR",))
        assert reader.browser.value("document.documentElement.lang") == "pt"
        assert reader.browser.value("document.activeElement.id") == "question"


def test_a_check_is_in_the_readers_language_or_marked_as_english(reader: Reader) -> None:
    reader.open(languages=("pt-BR",), verdict=PASSED)
    reader.sees("#gate", "Aprovado na avaliação")
    reader.browser.value("document.getElementById('about').open = true")
    checks = (
        "[...document.querySelectorAll('dd li span:last-child')].map((t) => [t.lang, t.innerText])"
    )
    assert reader.browser.value(checks) == [
        ["pt", "o acerto exato atinge o mínimo"],
        ["en", "evaluated before"],
    ]


def test_nothing_is_asked_of_anybody_else(reader: Reader) -> None:
    reader.open(entry=entry())
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .answer", "AcD")
    asked = reader.browser.value("performance.getEntriesByType('resource').map((one) => one.name)")
    assert isinstance(asked, list)
    assert {str(one).removeprefix(reader.url) for one in asked} <= {
        "/v1/gabarito",
        "/v1/chat/completions",
        "data:,",
    }


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_screen(reader: Reader, width: int) -> None:
    reader.open(width, entry=entry(f"https://wiki.example/{'calls' * 40}"), verdict=PASSED)
    reader.press(PROVED, Keys.ENTER)
    reader.sees("article .answer", "AcD")
    reader.browser.value("document.getElementById('about').open = true")
    scrolled = reader.browser.value("document.documentElement.scrollWidth")
    assert isinstance(scrolled, int)
    assert scrolled <= width
    assert reader.browser.value("document.getElementById('send').offsetHeight") >= 44


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_colour_scheme(reader: Reader, scheme: str, is_dark: bool) -> None:
    reader.open(scheme=scheme)
    colour = str(reader.browser.value("getComputedStyle(document.body).backgroundColor"))
    red = int(colour.removeprefix("rgb(").split(",")[0])
    assert (red < 64) is is_dark
