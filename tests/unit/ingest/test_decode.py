import codecs
import random

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.decode import decode, decode_counted

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


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman", "cp1252"])
def test_western_texts_of_dos_and_mac_are_read(encoding: str) -> None:
    text = "Über die Größe: café, garçon, São João." if encoding != "cp437" else "Größe, café."
    assert decode(text.encode(encoding), Hints(languages=("pt", "fr", "de"))) == text


@pytest.mark.parametrize(
    ("language", "text", "encodings"),
    [
        ("ru", "Съешь же ещё этих мягких булок, Иван.", ["cp1251", "koi8_r", "cp866", "iso8859_5"]),
        ("el", "Η γέφυρα της κοιλάδας άνοιξε το 1987.", ["cp1253", "iso8859_7", "cp737"]),
        ("pl", POLISH, ["cp1250", "iso8859_2", "cp852"]),
        ("tr", "İğne şişe çığ, güneş ılık.", ["cp1254", "cp857"]),
    ],
)
def test_each_encoding_of_a_language_is_told_by_its_letters(
    language: str, text: str, encodings: list[str]
) -> None:
    hints = Hints(languages=(language,))
    assert {decode(text.encode(encoding), hints) for encoding in encodings} == {text}


def test_a_text_in_letters_of_no_known_language_is_refused() -> None:
    assert reason_of("Привет, мир, это мост".encode("cp1251")) == IngestReason.WRONG_ENCODING


def as_windows_shows_it(data: bytes) -> str:
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


@pytest.mark.parametrize("text", [TEXT, POLISH, "Мост открыт, а музей закрыт — 東京は晴れ 🎉"])
def test_text_that_was_encoded_twice_is_decoded_again(text: str) -> None:
    for twice in (text.encode().decode("latin-1"), as_windows_shows_it(text.encode())):
        found, letters = decode_counted(twice.encode(), HINTS)
        assert (found, letters > 5) == (text, True)


def test_text_that_was_encoded_twice_and_lost_letters_is_refused() -> None:
    twice = TEXT.encode().decode("latin-1").encode().decode("latin-1").replace("\x82", "?")
    assert reason_of(twice.encode()) == IngestReason.WRONG_ENCODING


@pytest.mark.parametrize(
    "text", ["Em vez de ação lê-se Ã§ no arquivo. " + TEXT * 3, "MAÇÃ E IRMÃ AMANHÃ "]
)
def test_a_text_that_shows_such_letters_is_read(text: str) -> None:
    assert decode(text.encode(), HINTS) == text


@pytest.mark.parametrize("data", ["a\0ção é ".encode() + b"x" * 99, "ação".encode() + bytes(64)])
def test_stray_and_trailing_nuls_are_left_out(data: bytes) -> None:
    assert decode(data, HINTS) == data.decode().replace("\0", "")


@pytest.mark.parametrize(
    "begin", [b"{\\rtf1\\ansi A ponte}", b"%PDF-1.7\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"]
)
def test_a_file_of_another_format_is_no_text(begin: bytes) -> None:
    assert reason_of(begin + b" text" * 50) == IngestReason.NOT_TEXT


@pytest.mark.parametrize("declared", ["utf-7", "unicode_escape", "punycode"])
def test_an_encoding_in_which_text_vanishes_is_not_believed(declared: str) -> None:
    assert decode(b"1 + 2 \\u0041 -", HINTS, declared) == "1 + 2 \\u0041 -"


def test_big_endian_utf_16_is_known_by_its_mark() -> None:
    assert decode(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), HINTS) == TEXT


def test_what_a_page_declares_is_believed() -> None:
    russian = "Привет, мир".encode("koi8-r")
    assert decode(russian, HINTS, "koi8-r") == "Привет, мир"


def test_utf8_is_known_whatever_a_page_declares() -> None:
    assert decode("ação".encode(), HINTS, "iso-8859-1") == "ação"


def test_latin_1_is_read_as_browsers_read_it() -> None:
    assert decode("“aspas”".encode("cp1252"), HINTS, "ISO-8859-1") == "“aspas”"


@pytest.mark.parametrize("declared", ["utf-8", "nonsense", "hex", "utf-16", "a\0b"])
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
