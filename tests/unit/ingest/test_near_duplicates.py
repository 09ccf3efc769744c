from datetime import UTC, datetime

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Document
from gabarito.ingest.near_duplicates import NearDuplicates
from gabarito.ingest.outcomes import Dropped

WORDS = (
    "o clube venceu a partida em casa com gols de dois atacantes e terminou a fase de liga em "
    "segundo lugar atrás apenas do líder inglês que perdeu um único jogo na última rodada quando "
    "já estava classificado e poupou os titulares para o campeonato nacional em 19 de janeiro"
)


def document(text: str, source: str = "b.txt") -> Document:
    fetched = datetime(2025, 6, 2, tzinfo=UTC)
    fields = {"url": "", "title": "", "language": "pt", "fetched_at": fetched}
    return Document.of(text=text, source=source, **fields)


def fate(first: str, second: str, threshold: float = 0.8) -> str:
    near_duplicates = NearDuplicates(threshold)
    near_duplicates.add(document(first, "a.txt"))
    try:
        near_duplicates.add(document(second))
    except Dropped as why:
        return why.reason
    return "kept"


def test_the_same_text_is_an_exact_duplicate() -> None:
    assert fate(WORDS, WORDS) == IngestReason.EXACT_DUPLICATE


@pytest.mark.parametrize("second", [WORDS, WORDS + " foi"])
def test_the_verdict_names_the_document_that_is_kept(second: str) -> None:
    near_duplicates = NearDuplicates(0.8)
    near_duplicates.add(document(WORDS, "a.txt"))
    with pytest.raises(Dropped, match=r"a\.txt") as caught:
        near_duplicates.add(document(second))
    assert caught.value.twin == document(WORDS).id


def test_case_and_white_space_make_no_other_text() -> None:
    assert fate(WORDS, WORDS.upper().replace(" ", "\n")) == IngestReason.EXACT_DUPLICATE


def test_a_text_with_a_word_changed_is_a_near_duplicate() -> None:
    assert (
        fate(WORDS, WORDS.replace("dois atacantes", "três atacantes"))
        == IngestReason.NEAR_DUPLICATE
    )


def test_marks_around_the_words_make_a_near_duplicate() -> None:
    assert fate(WORDS, "# " + WORDS.replace(" e ", ", e ")) == IngestReason.NEAR_DUPLICATE


def test_the_same_words_with_another_number_are_no_duplicate() -> None:
    assert fate(WORDS, WORDS.replace("19", "26")) == "kept"


def test_other_words_are_no_duplicate() -> None:
    assert fate(WORDS, " ".join(reversed(WORDS.split()))) == "kept"


def test_the_threshold_decides() -> None:
    changed = WORDS.replace("segundo", "quinto").replace("líder", "rival")
    assert (fate(WORDS, changed, 0.95), fate(WORDS, changed, 0.6)) == ("kept", "near duplicate")


def test_two_words_are_compared_too() -> None:
    assert fate("duas palavras", "duas, palavras") == IngestReason.NEAR_DUPLICATE
    assert fate("duas palavras", "outras coisas") == "kept"


@pytest.mark.parametrize("words", [200, 2000])
def test_a_page_and_a_part_of_it_are_both_kept(words: int) -> None:
    text = " ".join(f"palavra{n}" for n in range(words))
    assert fate(text, text[: len(text) // 2]) == "kept"


FORM = (
    "# {0}\n\nO atacante {0} nasceu em 2005 e joga pelo clube desde 2021. É titular da seleção da "
    "Espanha e usa a camisa 9. Marcou 12 gols e deu 8 passes para gol na temporada de 2024, em que "
    "foi campeão nacional e da copa. Tem contrato até 2030 e já foi o melhor em campo 7 vezes "
    "no torneio continental e 5 vezes no campeonato nacional, pelos votos dos leitores do jornal."
)


def test_forms_about_two_names_are_no_duplicates() -> None:
    assert fate(FORM.format("Raphinha"), FORM.format("Vitinha")) == "kept"


def test_a_form_that_names_more_is_no_duplicate_nor_one_that_names_less() -> None:
    longer = FORM.format("Raphinha").replace("pelo clube", "pelo clube de Barcelona")
    assert fate(FORM.format("Raphinha"), longer) == "kept"
    assert fate(longer, FORM.format("Raphinha")) == "kept"


@pytest.mark.parametrize("form", ["{}", "| {} | 9 |", "- {}"])
def test_names_in_rows_and_lines_of_one_word_count(form: str) -> None:
    first, second = (f"{form.format(name)}\n\n{WORDS}" for name in ("Pedri", "Gavi"))
    assert fate(first, second) == "kept"


def test_other_words_that_open_sentences_make_a_near_duplicate() -> None:
    first = f"# Números da Liga\n\nForam {WORDS}. Ao fim, venceu."
    second = f"# Os números da Liga\n\nHouve {WORDS}. No fim, venceu."
    assert fate(first, second, 0.7) == IngestReason.NEAR_DUPLICATE
