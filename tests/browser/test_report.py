import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.browser.person import Browser, said_in_english, wait_for

from gabarito.evaluate.report_page.render import page_words

LABELS = """[...document.querySelectorAll(".chart text")]
  .filter((one) => one.getClientRects().length)
  .map((one) => ({
    text: one.textContent, css: getComputedStyle(one), scale: one.ownerSVGElement.getScreenCTM().a,
    box: one.getBoundingClientRect(),
  }))"""
COVERED = """((a, n, all) => all.some((b, m) => m !== n
  && a.box.left < b.box.right && b.box.left < a.box.right
  && a.box.top < b.box.bottom && b.box.top < a.box.bottom))"""


@pytest.fixture
def opened(browser: Browser, page: str) -> Browser:
    browser.open(page)
    return browser


def search(browser: Browser, words: str) -> None:
    browser.driver.find_element(By.ID, "search").send_keys(words)


def count(browser: Browser) -> str:
    return browser.driver.find_element(By.ID, "count").text


def choose(browser: Browser, value: str) -> None:
    browser.driver.find_element(By.CSS_SELECTOR, f"label:has(#{value})").click()


def test_the_console_stays_empty(opened: Browser) -> None:
    opened.value("document.getElementById('more').click()")
    search(opened, "zé")
    assert opened.log() == []


def test_the_headline_and_the_verdict_are_there(opened: Browser) -> None:
    hero = opened.driver.find_element(By.CLASS_NAME, "hero").text
    assert "Gate passed" in hero
    assert "240 wordings" in hero
    assert "97.1%" in hero


@pytest.mark.parametrize("words", ["'onerror'", "facts.find((f) => /onerror/.test(f.quote)).id"])
def test_text_of_the_data_stays_text(opened: Browser, words: str) -> None:
    search(opened, str(opened.value(words)))
    wait_for(lambda: count(opened) == "1 of 120 facts", "one fact is left")
    quote = opened.driver.find_element(By.CSS_SELECTOR, ".fact blockquote").text
    assert quote.startswith('<img src=x onerror="document.title=')
    assert opened.value("document.images.length") == 0
    assert "owned" not in opened.driver.title


def test_searching_ignores_case_and_accents_and_wants_every_word(opened: Browser) -> None:
    search(opened, "TECNICO joao 27.")
    wait_for(lambda: count(opened) == "1 of 120 facts", "one fact is left")
    title = opened.driver.find_element(By.CSS_SELECTOR, ".fact h3 b")
    assert title.text == "O técnico do São João 27 é Zé 27."
    marked = opened.driver.find_element(By.CSS_SELECTOR, ".fact h3 mark").text
    assert marked == "técnico"


@pytest.mark.parametrize(
    ("value", "facts"),
    [("every", "120"), ("wrong", "5 of 120"), ("none", "2 of 120"), ("some", "3 of 120")],
)
def test_filters_show_the_facts_that_they_name(opened: Browser, value: str, facts: str) -> None:
    choose(opened, value)
    assert count(opened) == f"{facts} facts"


def test_wrong_only_shows_wrong_answers_alone(opened: Browser) -> None:
    choose(opened, "wrong")
    answers = opened.driver.find_elements(By.CSS_SELECTOR, ".fact td[data-label=model] .answer")
    assert {answer.get_attribute("title") for answer in answers} == {"wrong"}
    assert len(answers) == 2 * 3 + 3


def test_filters_and_search_combine(opened: Browser) -> None:
    choose(opened, "some")
    search(opened, "joao 11")
    wait_for(lambda: count(opened) == "1 of 120 facts", "one fact is left")
    opened.driver.find_element(By.CSS_SELECTOR, "#relation option[value=técnico]").click()
    assert count(opened) == "0 of 120 facts"


def test_facts_are_drawn_as_one_scrolls(opened: Browser) -> None:
    cards = "document.querySelectorAll('.fact').length"
    assert opened.value(cards) == 25

    def is_whole() -> bool:
        opened.value("window.scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
        return bool(opened.value(cards) == 120)

    wait_for(is_whole, "all facts are drawn")
    assert opened.value("document.getElementById('more').hidden")


def test_a_circle_leads_to_its_fact(opened: Browser) -> None:
    opened.value("document.querySelectorAll('#sheet i')[110].click()")
    found = opened.driver.find_element(By.CSS_SELECTOR, ".fact.found h3 b").text
    assert found == opened.value("facts[110].statement")


def test_an_address_can_name_a_fact(browser: Browser, page: str) -> None:
    browser.open(page)
    wanted = browser.value("facts[99].id")
    browser.open(f"{page}#fact-{wanted}")
    assert browser.value("document.querySelector('.found').id") == f"fact-{wanted}"


def test_the_filters_work_from_the_keyboard(opened: Browser) -> None:
    search(opened, Keys.TAB)
    focused = opened.driver.switch_to.active_element
    assert focused.get_attribute("id") == "every"
    focused.send_keys(Keys.ARROW_RIGHT)
    assert count(opened) == "5 of 120 facts"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_screen(browser: Browser, page: str, width: int) -> None:
    browser.open(page, width)
    folds = "[...document.querySelectorAll('details')]"
    assert browser.value(f"{folds}.map((one) => one.open = true).length") == 8
    assert browser.value("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 360, 432, 433, 500, 640, 641, 768, 1280])
def test_labels_of_charts_can_be_read_and_stand_apart(
    browser: Browser, page: str, width: int
) -> None:
    browser.open(page, width)
    assert browser.value(f"{LABELS}.length > 25")
    small = "(t) => parseFloat(t.css.fontSize) * t.scale < 10"
    assert browser.value(f"{LABELS}.filter({small}).map((t) => t.text)") == []
    assert browser.value(f"{LABELS}.filter({COVERED}).map((t) => t.text)") == []


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_colour_scheme(
    browser: Browser,
    page: str,
    scheme: str,
    is_dark: bool,
) -> None:
    browser.open(page, scheme=scheme)
    colour = str(browser.value("getComputedStyle(document.body).backgroundColor"))
    red = int(colour.removeprefix("rgb(").split(",")[0])
    assert (red < 64) is is_dark


def test_printing_draws_every_fact_and_opens_what_is_folded(opened: Browser) -> None:
    opened.value("dispatchEvent(new Event('beforeprint'))")
    assert opened.value("document.querySelectorAll('.fact').length") == 120
    assert opened.value("[...document.querySelectorAll('details')].every((d) => d.open)")


def test_the_page_speaks_portuguese_to_who_reads_it(browser: Browser, page: str) -> None:
    browser.open(page, languages=("de", "pt-BR", "en"))
    assert browser.value("document.documentElement.lang") == "pt"
    assert browser.driver.title == "Relatório do Gabarito: 97,1%"
    hero = browser.driver.find_element(By.CLASS_NAME, "hero").text
    assert "Em 240 formulações que não entraram no treino, o modelo acerta 97,1%" in hero
    assert "atinge o mínimo de" in hero
    assert count(browser) == "120 fatos"
    choose(browser, "wrong")
    assert count(browser) == "5 de 120 fatos"
    assert said_in_english(page_words(), browser.texts()) == []
    assert browser.log() == []


def test_english_is_there_where_scripts_are_off(browser: Browser, page: str) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page, languages=("pt-BR",))
        body = browser.driver.find_element(By.TAG_NAME, "body").text
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "Asked in 240 wordings it was never trained on, the model answers 97.1% right" in body
    assert "Buscar e listar os fatos exige JavaScript" in body


@pytest.mark.parametrize("width", [320, 768])
def test_portuguese_is_no_wider_than_the_screen(browser: Browser, page: str, width: int) -> None:
    browser.open(page, width, languages=("pt",))
    browser.value("[...document.querySelectorAll('details')].map((one) => one.open = true)")
    assert browser.value("document.documentElement.scrollWidth") <= width
