import pytest

from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.pairs.pair_text import decode_table, is_broken

HINTS = Hints(languages=("pt", "en"))
ROW = "Qual é a região do açaí?;Amazônia"


def test_rows_of_two_encodings_are_each_read_in_their_own() -> None:
    lines = [ROW.encode("cp1252" if at % 3 else "utf-8") for at in range(9)]
    assert decode_table(b"\n".join(lines), HINTS) == "\n".join([ROW] * 9)


def test_a_row_with_bytes_of_no_encoding_is_broken_alone() -> None:
    damaged = ROW.encode().replace("ã".encode(), b"\xc3").replace("í".encode(), b"\xc3\xad")
    first, second, third = decode_table(b"\n".join([ROW.encode(), damaged, b"x"]), HINTS).split(
        "\n"
    )
    assert (first, is_broken(second), third) == (ROW, True, "x")


def test_a_set_encoding_is_the_encoding_of_all() -> None:
    data = ROW.encode("cp1252") + b"\n\x81;x"
    text = decode_table(data, Hints("cp1252", ("pt",)))
    assert [is_broken(line) for line in text.split("\n")] == [False, True]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Dropped, match="zip archive"):
        decode_table(b"PK\x03\x04", HINTS)


@pytest.mark.parametrize("text", ["Qual Ã© a cor?", "Qual � a cor?", "Qual \x81 a cor?"])
def test_letters_that_were_lost_before_are_seen(text: str) -> None:
    assert is_broken(text)
    assert not is_broken("QUAL É A COR DO SÃO JOÃO?")
