import pytest

from gabarito.pipeline.counters import dropped, said, summary_of


def test_a_summary_has_the_figures_and_what_was_dropped() -> None:
    counts = {"documents": 26.0, "share": 0.5, "rejected.empty": 1.0, "rejected.too short": 2.0}
    assert summary_of(counts) == "26 documents · 0.5 share · 3 dropped: too short 2, empty 1"


def test_what_the_settings_leave_out_is_not_lost() -> None:
    counts = {"documents": 1.0, "rejected.excluded by a pattern": 6.0}
    assert summary_of(counts) == "1 documents · 6 left out by include and exclude"
    assert dropped(counts) == {}


def test_many_reasons_are_summed_up() -> None:
    counts = {f"rejected.reason {name}": float(n) for n, name in enumerate("abcde", start=1)}
    assert summary_of(counts) == ("15 dropped: reason e 5, reason d 4, reason c 3, other reasons 3")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("language.pt", 17.0, "17 in Portuguese"),
        ("rows.questions", 172.0, "172 question rows"),
        ("rows.refusal", 3.0, "3 refusal rows"),
        ("percent_right_by_model", 97.3, "97.3 % right by model"),
        ("gate_passed", 0.0, "gate failed"),
        ("cost", 0.25, "cost 0.25"),
        ("prompt_tokens", 12345.0, "12,345 prompt tokens"),
    ],
)
def test_a_counter_is_said_in_words(name: str, value: float, text: str) -> None:
    assert said(name, value) == text
