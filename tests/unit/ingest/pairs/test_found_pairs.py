"""Which tables among documents hold pairs, by their headers."""

import pytest

from gabarito.ingest.pairs.found_pairs import pair_columns


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (("Pergunta", "Resposta"), ("Pergunta", "Resposta")),
        (("id", "QUESTION", "Answer "), ("QUESTION", "Answer")),
        (("Frage", "Antwort", "Quelle"), ("Frage", "Antwort")),
        (("Question", "Réponse"), ("Question", "Réponse")),
        (("q", "a"), ("q", "a")),
        (("Pergunta",), None),
        (("Pergunta", "Resposta", "Resposta"), None),
        (("name", "a"), None),
        ((), None),
    ],
)
def test_a_header_with_one_question_and_one_answer_is_that_of_pairs(
    header: tuple[str, ...], found: tuple[str, str] | None
) -> None:
    assert pair_columns(header) == found
