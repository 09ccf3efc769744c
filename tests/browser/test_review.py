"""The review page in a real browser, by keyboard alone."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.browser.person import Browser, Person, said_in_english, wait_for
from tests.reviewed import HOSTILE, Reviewed, two_answers

from gabarito.core.page_words import words_in
from gabarito.pipeline.review.corrections_file import LinesByFact, open_corrections
from gabarito.pipeline.review.review_app import make_review_app
from gabarito.pipeline.review.review_desk import Desk
from gabarito.pipeline.review.review_page import page_to_read
from gabarito.pipeline.review.review_session import ReviewSession, opening_of
from gabarito.pipeline.show.made import Made
from gabarito.serve.server import make_server

FACTS = 120
SLOWLY = """source.decide = ((own) => (...said) => new Promise((done) => setTimeout(done, 800))
  .then(() => own.apply(source, said)))(source.decide)"""


@dataclass
class Desktop(Person):
    """A person who reviews."""

    address: str
    file: Path
    reviewed: Reviewed

    def lines(self) -> list[tuple[str, str]]:
        read = map(json.loads, self.file.read_text().splitlines())
        return [(one["action"], one.get("value", "")) for one in read]

    def has_written(self, *lines: tuple[str, str]) -> None:
        wait_for(lambda: self.lines() == list(lines), f"{lines} in {self.file}")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    made = Reviewed(tmp_path_factory.mktemp("reviewed"), facts=FACTS)
    made.publish()
    return made.curated(two_answers(made.questions[0]))


@pytest.fixture
def address(reviewed: Reviewed, tmp_path: Path) -> Iterator[str]:
    with (
        open_corrections(tmp_path / "corrections.jsonl") as file,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        desk = Desk(Made(reviewed.store, reviewed.run), file, "c.jsonl")
        port = listener.getsockname()[1]
        app = make_review_app(ReviewSession(desk, file, "ana"), "token", port)
        server = make_server(app, drain_s=1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{port}/token/"
        server.should_exit = True
        thread.join()


@pytest.fixture
def desktop(browser: Browser, address: str, reviewed: Reviewed, tmp_path: Path) -> Desktop:
    browser.open("about:blank")
    browser.log()  # what a page before could not load when its server had ended
    browser.open(address)
    return Desktop(browser, address, tmp_path / "corrections.jsonl", reviewed)


@pytest.fixture(scope="module")
def page(reviewed: Reviewed, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page that only shows."""
    desk = Desk(Made(reviewed.store, reviewed.run), LinesByFact(), "")
    path = tmp_path_factory.mktemp("page") / "facts.html"
    path.write_text("".join(page_to_read(opening_of(desk, ""), desk.sheets())))
    return path.as_uri()


def test_the_first_fact_is_there_with_its_sentence_marked(desktop: Desktop) -> None:
    assert desktop.text("#statement") == "The toll of the bridge 0 is 3 euros."
    assert desktop.text(".passage mark") == "Cars pay 3 euros at the bridge 0."
    assert "two answers" in desktop.text(".questions .fate")
    assert desktop.text(".remarks b") == "two answers"
    assert desktop.browser.log() == []


def test_a_sentence_in_a_table_is_its_marked_row(desktop: Desktop) -> None:
    desktop.press("j")
    desktop.sees("tr.quoted", "Bridge 1\t4 euros")
    assert desktop.browser.value("document.querySelectorAll('tr.quoted').length") == 1


def test_text_of_the_documents_stays_text(desktop: Desktop) -> None:
    assert HOSTILE in desktop.text(".passage")
    assert desktop.browser.value("document.images.length") == 0
    assert "owned" not in desktop.browser.driver.title


def test_keys_move_from_fact_to_fact_over_the_pages_of_the_list(desktop: Desktop) -> None:
    desktop.press("j", Keys.ARROW_DOWN, "k")
    desktop.sees(".over", "Fact 2 of 120")
    desktop.press(Keys.END)
    desktop.sees("#statement", "bridge 119")
    desktop.press(*"kkkkk" * 4)
    desktop.sees("#statement", "bridge 99 ")
    assert desktop.browser.value("document.querySelectorAll('#list li').length") == 50
    desktop.press(Keys.HOME)
    desktop.sees(".over", "Fact 1 of 120")


def test_what_is_right_and_what_is_wrong_take_one_key_each(desktop: Desktop) -> None:
    desktop.press("c", "x")
    desktop.has_written(("checked", ""), ("strike", ""))
    desktop.sees(".over", "Fact 3 of 120")
    desktop.sees("#progress", "2 of 120 looked at")
    desktop.press("k")
    desktop.sees(".stamp", "Struck out")


def test_an_answer_is_corrected_and_its_wordings_follow(desktop: Desktop) -> None:
    desktop.press("a", "9 euros", Keys.ENTER)
    desktop.has_written(("answer", "9 euros"))
    desktop.sees(".answer b", "9 euros")
    assert desktop.text("#statement") == "The toll of the bridge 0 is 9 euros."
    assert "At the bridge 0 cars pay 9 euros." in desktop.text(".questions")


def test_a_statement_and_one_more_answer_are_written(desktop: Desktop) -> None:
    desktop.press("s", "Cars pay 3 euros to cross bridge 0.", Keys.ENTER)
    desktop.sees("#statement", "Cars pay 3 euros to cross bridge 0.")
    desktop.press("l", "three euros", Keys.ENTER)
    desktop.sees(".answer", "three euros")
    desktop.has_written(
        ("statement", "Cars pay 3 euros to cross bridge 0."), ("alias", "three euros")
    )


def test_what_is_typed_before_an_editor_is_open_is_not_taken_for_keys(desktop: Desktop) -> None:
    desktop.browser.value(SLOWLY)
    desktop.press("l", "three", Keys.ENTER, "a", "9 cars", Keys.ENTER, "j", "x")
    desktop.has_written(("alias", "three"), ("answer", "9 cars"), ("strike", ""))
    desktop.sees(".over", "Fact 3 of 120")


def test_escape_leaves_a_fact_as_it_is(desktop: Desktop) -> None:
    desktop.press("a", "8 euros", Keys.ESCAPE, "a", Keys.ENTER, "j")
    desktop.sees(".over", "Fact 2 of 120")
    assert desktop.lines() == []


def test_one_question_is_struck_out_and_another_worded_anew_by_keyboard(desktop: Desktop) -> None:
    desktop.press("d")
    desktop.sees("#told", "Choose a question first")
    desktop.press("w", "w", "W")
    desktop.sees("#told", "Question 1 of 5: so what do I pay at the bridge 0?")
    desktop.press("e", "What is paid at bridge 0?", Keys.ENTER)
    desktop.sees(".questions [aria-current]", "What is paid at bridge 0?")
    desktop.press("w", "d", "w")
    desktop.sees("#told", "Question 3 of 5: What's the bridge 0 charge?")
    desktop.press("j")
    desktop.sees(".over", "Fact 2 of 120")
    lines = [json.loads(line) for line in desktop.file.read_text().splitlines()]
    assert [(one["action"], one["question"], one.get("value")) for one in lines] == [
        ("wording", "so what do I pay at the bridge 0?", "What is paid at bridge 0?"),
        ("wording", "toll bridge 0 cars", None),
    ]
    desktop.press("k")
    desktop.sees(".stamp", "Corrected")
    desktop.sees(".questions .dropped", "toll bridge 0 cars")
    desktop.sees(".decisions", "line 2: strike question “toll bridge 0 cars”")
    desktop.press("u")
    desktop.sees("#told", "taken back")
    assert len(desktop.lines()) == 1
    assert desktop.browser.log() == []


def test_a_click_chooses_a_question(desktop: Desktop) -> None:
    desktop.browser.driver.find_element(By.CSS_SELECTOR, ".questions li:nth-child(3)").click()
    desktop.sees(".questions [aria-current]", "What's the bridge 0 charge?")
    desktop.press("d")
    desktop.has_written(("wording", ""))


def test_undo_leads_back_to_what_is_undone_and_clear_takes_all_back(desktop: Desktop) -> None:
    desktop.press("x", "j", "u")
    desktop.sees(".over", "Fact 1 of 120")
    desktop.has_written()
    desktop.press("l", "three", Keys.ENTER, "a", "9 euros", Keys.ENTER, "r")
    desktop.has_written()
    desktop.press("u")
    desktop.has_written(("alias", "three"), ("answer", "9 euros"))
    desktop.press("u", "u", "u")
    desktop.sees("#told", "nothing to undo")
    desktop.has_written()


def test_what_was_decided_is_there_when_the_page_is_opened_again(desktop: Desktop) -> None:
    desktop.press("x")
    desktop.has_written(("strike", ""))
    desktop.browser.open(desktop.address)
    desktop.sees(".stamp", "Struck out")
    desktop.sees(".decisions", "ana")


def test_facts_are_filtered_by_text_document_and_state(desktop: Desktop) -> None:
    desktop.press("x", "/", "WHAT charge 122", Keys.ENTER)
    desktop.sees("#count", "1 of 120 facts")
    desktop.sees("#statement", "bridge 119 ")
    desktop.press("/", Keys.BACKSPACE, Keys.TAB, "tolls-100", Keys.ENTER)
    desktop.sees("#count", "20 of 120 facts")
    desktop.press("/", Keys.TAB, Keys.BACKSPACE * 12, Keys.TAB, "Struck")
    desktop.sees("#count", "1 of 120 facts")
    desktop.sees("#statement", "bridge 0 ")


def test_nothing_that_matches_is_said_with_a_cure(desktop: Desktop) -> None:
    desktop.press("/", "no such bridge", Keys.ENTER, "c", "j", "a")
    desktop.sees("#fact", "No fact matches. Change the search")
    assert desktop.lines() == []


def test_a_fact_that_is_decided_stays_in_the_list_until_it_is_searched_anew(
    desktop: Desktop,
) -> None:
    desktop.press("/", Keys.TAB, Keys.TAB, "Not", Keys.ESCAPE)
    desktop.press("c", "j", "c", "j", "j", "k", "c")
    desktop.sees(".over", "Fact 6 of 120")
    desktop.has_written(*[("checked", "")] * 3)


def test_the_list_of_keys_opens_and_letters_can_be_switched_off(desktop: Desktop) -> None:
    desktop.press("?")
    desktop.sees("#keys", "strike it out")
    desktop.press("x", Keys.SPACE, Keys.ESCAPE, "x", "c", Keys.ARROW_DOWN)
    desktop.sees(".over", "Fact 2 of 120")
    assert desktop.lines() == []


def test_every_step_can_be_taken_with_tab_and_enter(desktop: Desktop) -> None:
    order = []
    for _ in range(17):
        desktop.press(Keys.TAB)
        focused = desktop.browser.driver.switch_to.active_element
        order.append(focused.get_attribute("data-do") or focused.get_attribute("id"))
    found = [one for one in order if one]
    wanted = ["check", "strike", "answer", "statement", "alias", "choose", "reword", "unask"]
    wanted += ["undo", "previous", "next"]
    assert [one for one in found if one in wanted] == wanted
    focused = desktop.browser.driver.find_element(By.CSS_SELECTOR, "[data-do=strike]")
    focused.send_keys(Keys.ENTER)
    desktop.has_written(("strike", ""))


def test_a_server_that_is_gone_is_said_and_nothing_shown_as_written(desktop: Desktop) -> None:
    desktop.browser.value("source.decide = () => Promise.reject(new Error(say('no_server')))")
    desktop.press("x")
    desktop.sees("#problem", "Not written: the server does not answer; start gabarito review again")
    desktop.sees(".over", "Fact 1 of 120")


@pytest.mark.parametrize("kind", ["live", "file"])
def test_the_page_speaks_portuguese_to_who_reads_it(
    browser: Browser, request: pytest.FixtureRequest, kind: str
) -> None:
    address = request.getfixturevalue("address" if kind == "live" else "page")
    browser.open(address, languages=("de", "pt-BR", "en"))
    assert browser.value("document.documentElement.lang") == "pt"
    assert browser.driver.title.startswith("Revisão: ")
    person = Person(browser)
    assert person.text("#progress") == "0 de 120 vistos"
    assert said_in_english(words_in("gabarito.pipeline.review", "page"), browser.texts()) == []
    person.press("?")
    person.sees("#keys", "fato anterior")


@pytest.mark.parametrize("width", [320, 390, 832, 833, 1280])
@pytest.mark.parametrize("kind", ["live", "file"])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, request: pytest.FixtureRequest, width: int, kind: str
) -> None:
    browser.open(request.getfixturevalue("address" if kind == "live" else "page"), width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelector('#statement').getClientRects().length") == 1


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_colour_scheme(
    browser: Browser, page: str, scheme: str, is_dark: bool
) -> None:
    browser.open(page, scheme=scheme)
    colour = str(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert (int(colour.removeprefix("rgb(").split(",")[0]) < 64) is is_dark


def named(browser: Browser) -> list[tuple[str, str]]:
    """Return role and name of what a screen reader finds, in the order in which it reads."""
    browser.driver.execute_cdp_cmd("Accessibility.enable", {})
    tree: list[dict[str, Any]] = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})[
        "nodes"
    ]
    nodes = {node["nodeId"]: node for node in tree}
    found, left = [], [tree[0]["nodeId"]]
    while left:
        node = nodes[left.pop()]
        left += reversed([one for one in node.get("childIds", []) if one in nodes])
        if not node["ignored"]:
            found.append((node["role"]["value"], node.get("name", {}).get("value", "").strip()))
    return found


def test_a_screen_reader_finds_the_parts_by_role_and_name(desktop: Desktop) -> None:
    desktop.press("c")
    desktop.sees(".over", "Fact 2 of 120")
    found = named(desktop.browser)
    parts = [
        ("banner", ""),
        ("heading", "Gabarito Review tolls"),
        ("search", ""),
        ("searchbox", "Search facts and questions"),
        ("navigation", "Facts"),
        ("listbox", "Facts"),
        ("option", "The toll of the bridge 0 is 3 euros. (Checked) A check said something"),
        ("option", "The toll of the bridge 1 is 4 euros."),
        ("main", "Fact"),
        ("article", "The toll of the bridge 1 is 4 euros."),
        ("heading", "In the document"),
        ("mark", ""),
        ("toolbar", "Decide"),
        ("button", "Strike out"),
    ]
    assert [part for part in parts if part not in found] == [], found
    places = [found.index(part) for part in parts]
    assert places == sorted(places), found


def test_every_control_has_a_name_and_every_picture_none(desktop: Desktop) -> None:
    roles = {"button", "searchbox", "combobox", "listbox", "option", "textbox", "checkbox", "link"}
    assert [one for one in named(desktop.browser) if one[0] in roles and not one[1]] == []


def test_the_page_to_read_shows_and_filters_and_decides_nothing(
    desktop: Desktop, page: str
) -> None:
    desktop.browser.open(page)
    desktop.press("x", "j")
    desktop.sees(".over", "Fact 2 of 120")
    desktop.press("/", "what CHARGE 122", Keys.ENTER)
    desktop.sees("#count", "1 of 120 facts")
    desktop.sees("#statement", "bridge 119 ")
    assert not desktop.browser.driver.find_element(
        By.CSS_SELECTOR, "[data-do=strike]"
    ).is_displayed()
    assert desktop.browser.log() == []
