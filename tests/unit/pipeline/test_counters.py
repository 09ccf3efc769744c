import pytest

from gabarito.pipeline.counters import dropped, said, summary_of


def test_what_was_read_by_ocr_is_said_after_however_many_figures() -> None:
    counts = {**dict.fromkeys(("files", "documents", *"abcdefgh"), 1), "read_by_ocr": 3}
    assert summary_of(counts).endswith("1 f · 3 pages or pictures read by OCR")


def test_a_summary_has_the_figures_and_what_was_dropped() -> None:
    counts = {"documents": 26.0, "share": 0.5, "rejected.empty": 1.0, "rejected.too short": 2.0}
    assert summary_of(counts) == "26 documents · 0.5 share · 3 dropped: too short 2, empty 1"


def test_what_the_settings_leave_out_is_not_lost() -> None:
    counts = {"documents": 1.0, "rejected.excluded by a pattern": 6.0}
    assert summary_of(counts) == "1 document · 6 left out by include and exclude"
    counts = {"documents": 2.0, "rejected.hidden or temporary": 1.0}
    assert summary_of(counts) == "2 documents · 1 hidden or temporary file passed over"
    assert dropped(counts) == {}


def test_many_reasons_are_summed_up() -> None:
    counts = {f"rejected.reason {name}": float(n) for n, name in enumerate("abcde", start=1)}
    assert summary_of(counts) == ("15 dropped: reason e 5, reason d 4, reason c 3, other reasons 3")


def test_the_languages_of_most_documents_come_first() -> None:
    numbers = {"en": 2, "pt": 9, "und": 1, "es": 3, "fr": 4, "it": 1}
    counts = {"files": 20.0} | {f"language.{code}": float(n) for code, n in numbers.items()}
    assert summary_of(counts) == (
        "20 files · 9 in Portuguese, 4 in French, 3 in Spanish, 2 in English, 2 in other languages"
    )


def test_a_summary_says_what_reading_left_out_and_what_looks_wrong() -> None:
    counts = {
        "documents": 3.0,
        "words_left_out": 1200.0,
        "words_left_out.navigation": 200.0,
        "words_left_out.outside of the main text": 1000.0,
        "parts_not_read": 2.0,
        "parts_not_read.pages without a text layer": 2.0,
        "flagged": 1.0,
        "flagged.words run together": 1.0,
    }
    assert summary_of(counts) == (
        "3 documents · 1,200 words left out: outside of the main text 1,000, navigation 200 · "
        "2 parts not read: pages without a text layer · 1 document flagged: words run together"
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("language.pt", 17.0, "17 in Portuguese"),
        ("language.und", 3.0, "3 in no language of ingest.detect"),
        ("rows.questions", 172.0, "172 question rows"),
        ("rows.refusal", 3.0, "3 refusal rows"),
        ("percent_right_by_model", 97.3, "97.3 % right by model"),
        ("figures_in_no_fact", 1.0, "1 figure in no fact"),
        ("documents_without_facts", 1.0, "1 document without facts"),
        ("gate_passed", 0.0, "gate failed"),
        ("rows.statement", 1.0, "1 statement row"),
        ("words_kept", 1.0, "1 word kept"),
        ("cost", 0.25, "cost 0.25"),
        ("prompt_tokens", 12345.0, "12,345 prompt tokens"),
    ],
)
def test_a_counter_is_said_in_words(name: str, value: float, text: str) -> None:
    assert said(name, value) == text


def test_what_people_checked_is_said_however_many_figures_there_are() -> None:
    counts = {name: 2.0 for name in ("train", "validation", "test", "free", "unanswerable")}
    counts |= {"replay": 2, "retention": 2, "facts": 2, "facts_checked_by_people": 1}
    assert summary_of(counts).endswith(" · 2 facts · 1 fact checked by people")
