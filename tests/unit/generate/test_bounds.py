"""What a teacher may send takes a time that grows with its length and no faster."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.growth import grows_in_proportion

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import accept_facts
from gabarito.generate.grounding import is_supported_by, quoted
from gabarito.generate.names import (
    MAX_NAME_CHARS,
    MAX_SPELLINGS,
    Mentions,
    NameFilter,
    without_years,
)
from gabarito.generate.passages import Passage, passages_of
from gabarito.generate.replies import MAX_REPLY_CHARS, MAX_UNREAD, read_reply
from gabarito.generate.results import dropped

LENGTH = 100_000
"""Letters; each took a minute or more while it was quadratic, and none takes two seconds."""

Work = Callable[[str], object]


def passages(text: str) -> list[Passage]:
    fields = {"source": "a.md", "url": "", "title": "A", "language": "pt"}
    document = Document.of(text=text, fetched_at=datetime(2026, 1, 1, tzinfo=UTC), **fields)
    return list(passages_of(document, 100_000))


def filled(form: str, length: int) -> str:
    """Return ``before‹repeated›after`` with its middle repeated up to the length."""
    before, _, rest = form.partition("‹")
    piece, _, after = rest.partition("›")
    return before + piece * (length // len(piece)) + after


@pytest.mark.parametrize(
    ("work", "form"),
    [
        (lambda text: quoted("a … b … c", text), "‹a ›"),
        (lambda text: quoted("a … b", text), "‹a b›"),
        (lambda text: read_reply(text, "stop"), "‹\n›"),
        (lambda text: read_reply(text, "stop"), "‹- \n›"),
        (lambda text: read_reply(text, "stop"), "‹{›"),
        (lambda text: read_reply(text, "stop"), "‹[{›"),
        (lambda text: read_reply(text, "length"), '‹{"quote": "x", ›'),
        (lambda text: read_reply(text, "stop"), '‹{"a": ›1'),
        (lambda text: read_reply(text, "stop"), '‹{"a": [›'),
        (lambda text: read_reply(text, "stop"), '‹{ " \\" ›'),
        (lambda text: read_reply(text + "}" * LENGTH, "stop"), "‹{x›"),
        (lambda text: read_reply(text, "stop"), '{"a": ‹\\"›}'),
        (lambda text: read_reply(text, "stop"), "{‹\\'›}"),
        (lambda text: read_reply(text, "stop"), "{'a': ‹[›}"),
        (lambda text: read_reply(text, "stop"), "{\"a\": ‹1›}"),
        (lambda text: is_supported_by([text], "x"), "a‹\n›b"),
        (without_years, "2020 a‹, ›x"),
        (without_years, "2020 a‹ de›x"),
        (passages, "# a‹ ›b"),
        (passages, "# a‹#›b"),
        (passages, "| a |\n|‹-|›z\n" + "| b |\n" * 20_000),
        (passages, "‹| a |\n›"),
        (passages, "‹# a\n›b"),
    ],
)  # fmt: skip
def test_no_text_takes_long(work: Work, form: str) -> None:
    assert grows_in_proportion(work, lambda length: filled(form, length), LENGTH)


def test_a_reply_beyond_all_bounds_is_unreadable() -> None:
    reading = read_reply('{"question": "Quem?"}' + " " * MAX_REPLY_CHARS, "stop")
    assert reading.is_useless
    assert [reason for reason, _ in reading.broken] == [GenerateReason.UNREADABLE]


def test_a_shape_that_nobody_thought_of_costs_one_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr("gabarito.generate.replies.Objects", fail)
    reading = read_reply('{"question": "Quem?"}', "stop")
    assert reading.is_useless
    assert reading.broken == [(GenerateReason.UNREADABLE, '{"question": "Quem?"}')]


def test_a_reply_of_nothing_but_broken_objects_is_given_up() -> None:
    reading = read_reply("{x}\n" * 10_000, "stop")
    assert len(reading.broken) == MAX_UNREAD + 1


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ' + "1" * 5000 + "}",
        "{'a': 0x" + "f" * 5000 + "}",
        "{'a': b'x'}",
        "{('a',): 1}",
        "{'a': {[]}}",
        "{'a': " + "-" * 5000 + "1}",
        '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"a": ' * 5000 + "1" + "}" * 5000,
    ],
)
def test_what_json_has_not_is_unreadable(text: str) -> None:
    assert {reason for reason, _ in read_reply(text, "stop").broken} == {GenerateReason.UNREADABLE}


def test_an_object_behind_broken_ones_is_read() -> None:
    broken = '{"question": "say "x}\n{"question": \n' * 50
    assert read_reply(broken + '\n{"question": "Quem?"}', "stop").objects[-1:] == [
        {"question": "Quem?"}
    ]


def test_what_is_nested_too_deep_to_be_shown_is_still_dropped_with_its_reason() -> None:
    value: list[object] = []
    for _ in range(5000):
        value = [value]
    assert (
        dropped("item", GenerateReason.UNREADABLE, raw={"a": value}).raw
        == "nested too deep to be shown"
    )


@pytest.mark.parametrize("field", ["quote", "answer", "subject", "relation", "qualifier"])
def test_a_field_that_is_too_long_is_looked_for_nowhere(
    field: str, offer: dict[str, object], passage: Passage, config: GenerateConfig
) -> None:
    sifted = accept_facts([offer | {field: "a " * LENGTH}], passage, [], "pt", config)
    assert [(item.reason, item.detail) for item in sifted.rejections] == [
        (GenerateReason.TOO_LONG, field)
    ]


def test_a_name_has_only_so_many_spellings() -> None:
    sifter = NameFilter("clube", ["Paris"], Mentions([]))
    sifter.accept([{"name": "Paris", "also": [f"P{number}" for number in range(1000)]}])
    assert sifter.kept == MAX_SPELLINGS


def test_names_that_are_too_long_are_not_taken() -> None:
    sifter = NameFilter("clube", ["Paris"], Mentions([]))
    long = "a" * (MAX_NAME_CHARS + 1)
    (rejection,) = sifter.accept([{"name": "Paris", "also": [long]}, {"instead": long}])
    assert rejection.reason == GenerateReason.TOO_LONG
    assert not sifter.kept
    assert json.loads(rejection.raw) == {"instead": long}
