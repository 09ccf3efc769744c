import re
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.demo.files import documents, stands_in

from gabarito.core.records import Document
from gabarito.generate.grounding import quoted
from sample.facts import DUPLICATES, SampleFact, page_text, pages, sample_facts
from sample.pages import main


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents("gabarito:demo/sources")


@pytest.fixture(scope="module")
def facts() -> list[SampleFact]:
    return sample_facts()


@pytest.mark.parametrize("page", pages())
def test_a_page_is_as_long_as_pages_are(page: str) -> None:
    assert 150 <= len(re.findall(r"\w+", page_text(page))) <= 700


def test_the_pages_are_those_that_the_script_writes(
    read: dict[str, Document], tmp_path: Path
) -> None:
    main([str(tmp_path)], standalone_mode=False)
    written = documents(str(tmp_path))
    assert {name: page.text for name, page in written.items()} == {
        name: page.text for name, page in read.items()
    }


def test_every_quote_stands_in_what_is_read_of_its_page(
    read: dict[str, Document], facts: list[SampleFact]
) -> None:
    assert [fact for fact in facts if quoted(fact.quote, read[fact.page].text) is None] == []
    assert [fact for fact in facts if not stands_in(fact.asked.answer, fact.statement)] == []


def test_most_pages_hold_a_fact_and_no_duplicate_does(facts: list[SampleFact]) -> None:
    told = {fact.page for fact in facts}
    assert told.isdisjoint(DUPLICATES)
    assert len(told) >= 20


def test_no_fact_stands_there_twice(facts: list[SampleFact]) -> None:
    asked = Counter((f.asked.relation, f.asked.subject, f.asked.other) for f in facts)
    assert len(facts) >= 270
    assert [which for which, times in asked.items() if times > 1] == []
    assert len({fact.statement for fact in facts}) == len(facts)
