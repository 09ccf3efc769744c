"""The page says only words of its file of words, and needs nothing from elsewhere."""

import json
import re
from importlib.resources import files

import pytest
from tests.reviewed import HOSTILE, Reviewed

from gabarito.pipeline.review.corrections_file import LinesByFact
from gabarito.pipeline.review.review_desk import Desk
from gabarito.pipeline.review.review_page import content_policy, live_page, page_to_read
from gabarito.pipeline.review.review_session import Opening, opening_of
from gabarito.pipeline.show.made import Made

FOLDER = files("gabarito.pipeline.review").joinpath("page")
FILLED = {"name"}
BY_KIND = ("state_", "split_", "about_", "done_", "right_", "one_more_")
"""Words that are chosen by what is shown: a state, a side of the split, a decision."""


def read(name: str) -> str:
    return FOLDER.joinpath(name).read_text("utf-8")


def words() -> set[str]:
    return set(json.loads(read("words.en.json")))


def used() -> set[str]:
    script = "".join(read(f"{name}.js") for name in ("source", "drawing", "review"))
    said = re.findall(r'(?:say|section)\("(\w+)"', script)
    said += [word for word in words() if f'"{word}"' in script]
    said += ["no_script"]
    return {*said, *re.findall(r"\$(\w+)", read("review_body.html"))} - FILLED


@pytest.fixture
def opening(desk: Desk) -> Opening:
    return opening_of(desk, "c.jsonl")


def test_every_word_that_the_page_says_is_in_the_file_of_words() -> None:
    assert used() - words() == set()


def test_every_word_in_the_file_is_said() -> None:
    spare = words() - used()
    assert {word for word in spare if not word.startswith(BY_KIND)} == set()


def test_the_page_holds_texts_of_documents_as_data_alone(opening: Opening) -> None:
    page = live_page(opening)
    assert HOSTILE not in page
    assert "<img" not in page
    assert page.count("</script>") == 3


def test_the_page_to_read_may_ask_nobody(desk: Desk, opening: Opening) -> None:
    page = "".join(page_to_read(opening, desk.sheets()))
    assert "connect-src 'none'" in content_policy(page)
    assert "unsafe" not in content_policy(page)


def test_the_page_to_read_packs_the_passage_of_a_block_once(reviewed: Reviewed) -> None:
    folder = reviewed.folder / "many"
    folder.mkdir()
    made = Reviewed(folder, facts=400).publish()
    desk = Desk(Made(made.store, made.run), LinesByFact(), "")
    whole = sum(len(sheet.model_dump_json()) for sheet in desk.sheets())
    blocks = list(page_to_read(opening_of(desk, ""), desk.sheets()))[1:-1]
    assert len(blocks) == 4
    assert sum(map(len, blocks)) < whole / 10
