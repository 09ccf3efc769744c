from collections.abc import Callable
from dataclasses import replace

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document
from gabarito.generate.passages import Passage, passages_of
from gabarito.generate.rewrites import RewriteFilter

GOOD = "Quem treinava o Paris na final de 2025 em Munique era Luis Enrique, e a Inter perdeu."
MORE = "Ao estádio Allianz Arena foram 64.327 pessoas no dia da final do Paris."


def told(passage: Passage, *texts: object, language: str = "pt") -> RewriteFilter:
    found = RewriteFilter(passage, "lesson", language)
    found.accept([{"text": text} for text in texts])
    return found


def reasons(found: RewriteFilter) -> list[str]:
    return [item.reason for item in found.rejections]


def test_paragraphs_that_pass_make_the_rewrite(passage: Passage) -> None:
    found = told(passage, GOOD, MORE, GOOD)
    rewrite = found.rewrite()
    assert rewrite
    assert rewrite.paragraphs == (GOOD, MORE)
    assert (rewrite.passage, rewrite.format) == (passage.id, "lesson")
    assert rewrite.document == passage.document.id
    assert found.is_enough
    assert not found.rejections


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (None, GenerateReason.NO_FIELD, "text"),
        ("## A final", GenerateReason.TOO_SHORT, "## A final"),
        (f"{GOOD} " * 20, GenerateReason.TOO_LONG, "characters"),
        ("The coach of the team in the final was Luis Enrique.", "other language", "The coach"),
        ("O texto diz que Luis Enrique treinava o Paris em 2025.", GenerateReason.DEICTIC, ""),
        ("O Paris venceu a Inter por 5 a 1 em Munique.", GenerateReason.UNKNOWN_FIGURES, "1"),
        (
            "Na final, o Paris de Luis Enrique venceu o time de Simone Inzaghi.",
            GenerateReason.UNKNOWN_NAMES,
            "Simone Inzaghi",
        ),
        ("O técnico do Paris era Luis Enrique.", GenerateReason.COPIED, "O técnico"),
    ],
)
def test_what_is_wrong_with_a_paragraph_is_told(
    passage: Passage, text: object, reason: str, detail: str
) -> None:
    found = told(passage, text, GOOD)
    [rejection] = found.rejections
    assert (rejection.reason, rejection.item) == (reason, f"{passage.id}-lesson")
    assert detail in rejection.detail
    assert found.rewrite()


@pytest.mark.parametrize(
    "text",
    [
        "1. Na final, em Munique, o Paris de Luis Enrique fez cinco gols e a Inter nenhum.",
        "P: Quem treinava o Paris na final? R: Treinava-o Luis Enrique, em Munique.",
        "A final do Paris teve 64327 pessoas.",
        "Cada um dos 5 gols do Paris na final foi festejado.",
    ],
)
def test_numbered_items_labels_and_other_ways_to_write_a_figure_are_nothing_new(
    passage: Passage, text: str
) -> None:
    assert not told(passage, text).rejections


def test_spelled_numbers_of_the_passage_may_be_figures(
    document_of: Callable[..., Document],
) -> None:
    [passage] = passages_of(document_of("O contrato tem doze meses de prazo e duas partes."), 3000)
    assert not told(passage, "São 12 os meses de prazo que tem este contrato.").rejections


def test_names_of_the_document_are_known_in_all_of_its_passages(
    document_of: Callable[..., Document],
) -> None:
    document = document_of(
        "# Final\n\nO Paris venceu a Inter.\n\n# Local\n\nFoi em Munique, na noite."
    )
    first = next(passages_of(document, 40))
    assert "Munique" not in first.text
    assert not told(first, "Quem venceu em Munique foi o Paris, na noite.").rejections


def test_in_another_language_names_are_spelled_in_another_way(passage: Passage) -> None:
    text = "The final in Munich was won by Paris under Luis Enrique, against Internazionale Milan."
    assert not told(passage, text, language="en").rejections
    wrong = told(passage, text.replace("Munich", "Munich by 6 to 0"), language="en")
    assert reasons(wrong) == [GenerateReason.UNKNOWN_FIGURES]


def test_german_nouns_are_no_names(document_of: Callable[..., Document]) -> None:
    text = "Die Frist für den Widerspruch beträgt 14 Tage nach Eingang der Ware beim Kunden."
    [passage] = passages_of(document_of(text, "Frist", "de"), 3000)
    said = "Wer der Lieferung einer Ware widersprechen will, hat ab dem Eingang 14 Tage Zeit dazu."
    assert not told(passage, said, language="de").rejections


def test_a_rewrite_that_is_too_short_is_none(passage: Passage) -> None:
    found = told(replace(passage, text=passage.text * 3), "Quem treinava era Luis Enrique.")
    assert not found.is_enough
    assert found.rewrite() is None
    assert reasons(found) == [GenerateReason.TOO_SHORT]
    assert "of" in found.rejections[0].detail


def test_a_rewrite_is_not_endless(passage: Passage) -> None:
    texts = [f"{GOOD} {MORE} {'Foi assim. ' * number}" for number in range(60)]
    found = told(passage, *texts)
    assert set(reasons(found)) == {GenerateReason.TOO_LONG}


def test_of_several_replies_the_fullest_counts(passage: Passage) -> None:
    found = told(passage, GOOD)
    assert found.accept([{"text": GOOD}, {"text": MORE}]) == 2
    assert found.accept([{"text": MORE}]) == 1
    rewrite = found.rewrite()
    assert rewrite
    assert rewrite.paragraphs == (GOOD, MORE)
