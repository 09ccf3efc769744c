import codecs
import random

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.decode import decode
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

TEXT = "São Paulo é a maior cidade. Há coração, maçã e pão: “aspas” – e travessão."
POLISH = "Łódź jest miastem w Polsce, żółć i gęś. Zawodnik strzelił gola po przerwie."
HINTS = Hints(languages=("pt", "en"))


def reason_of(data: bytes, hints: Hints = HINTS, declared: str = "") -> IngestReason:
    with pytest.raises(Dropped) as caught:
        decode(data, hints, declared)
    return caught.value.reason


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]
)
def test_the_encoding_of_a_text_is_found_out(encoding: str) -> None:
    assert decode(TEXT.encode(encoding), HINTS) == TEXT


@pytest.mark.parametrize("text", ["Ação rápida.", "É.", TEXT * 50])
def test_western_texts_of_any_length_are_read_as_windows_1252(text: str) -> None:
    assert decode(text.encode("cp1252"), HINTS) == text


def test_other_code_pages_follow_from_the_languages() -> None:
    assert decode(POLISH.encode("cp1250"), Hints(languages=("pl",))) == POLISH


def test_big_endian_utf_16_is_known_by_its_mark() -> None:
    assert decode(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), HINTS) == TEXT


def test_what_a_page_declares_is_believed() -> None:
    russian = "Привет, мир".encode("koi8-r")
    assert decode(russian, HINTS, "koi8-r") == "Привет, мир"


def test_utf8_is_known_whatever_a_page_declares() -> None:
    assert decode("ação".encode(), HINTS, "iso-8859-1") == "ação"


def test_latin_1_is_read_as_browsers_read_it() -> None:
    assert decode("“aspas”".encode("cp1252"), HINTS, "ISO-8859-1") == "“aspas”"


@pytest.mark.parametrize("declared", ["utf-8", "nonsense", "hex", "utf-16"])
def test_a_wrong_declaration_is_not_believed(declared: str) -> None:
    assert decode(TEXT.encode("cp1252"), HINTS, declared) == TEXT


def test_the_encoding_in_the_settings_is_used() -> None:
    assert decode("Größe".encode("cp437"), Hints(encoding="cp437")) == "Größe"


def test_bytes_that_are_not_of_the_set_encoding_are_refused() -> None:
    assert reason_of(TEXT.encode("cp1252"), Hints(encoding="utf-8")) == IngestReason.WRONG_ENCODING


def test_utf8_with_a_broken_character_is_refused_rather_than_read_as_gibberish() -> None:
    assert reason_of("ação e reação".encode() + b"\xe7") == IngestReason.WRONG_ENCODING


@pytest.mark.parametrize(
    "data",
    [random.Random(1).randbytes(4000), b"\x89PNG\r\n\x1a\n" + bytes(200), b"\x01\x02\x03" * 100],
)
def test_binary_data_is_no_text(data: bytes) -> None:
    assert reason_of(data) == IngestReason.NOT_TEXT


def test_a_stray_control_character_is_left_out() -> None:
    assert (
        decode(b"one\x0c\x00 two".replace(b"\x00", b"\x01") + b" x" * 100, HINTS)[:8]
        == "one\x0c two"
    )
