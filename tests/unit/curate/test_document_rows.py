from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.unit.curate.rejected import reasons

from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Fact, PassageText, Question, Rewrite
from gabarito.curate.dedup import merge_facts
from gabarito.curate.document_rows import (
    MOST_BYTES,
    RewriteLibrary,
    RewritePiece,
    document_pieces,
    evenly,
    pieces_of,
    size_of,
    with_merged,
    wrong_facts,
)
from gabarito.curate.wordings import Wording

MakeFact = Callable[..., Fact]
MakeWording = Callable[..., Wording]

TOLD = ("O Paris venceu a final contra a Inter.", "Quem ganha a final recebe a taça.")


def rewrite(*paragraphs: str, passage: str = "p", name: str = "lesson") -> Rewrite:
    return Rewrite.of(passage=passage, document="d", format=name, paragraphs=paragraphs or TOLD)


def library(*rewrites: Rewrite, fact: str = "f", **parts: Any) -> RewriteLibrary:  # noqa: ANN401
    passages = {one.passage: (fact,) if one.passage == "p" else () for one in rewrites}
    fields: dict[str, Any] = {
        "rewrites": rewrites,
        "passages": [
            PassageText(id=p, document="d", text="", facts=f) for p, f in passages.items()
        ],
        "wrong": (),
        "controls": (),
        "wordings": (),
        "exam": (),
        "limit": 0.85,
    }
    return RewriteLibrary(**(fields | parts))


def texts(pieces: list[RewritePiece]) -> list[str]:
    return [piece.text for piece in pieces]


def test_a_short_rewrite_is_one_row() -> None:
    pieces, dropped = document_pieces(library(rewrite()), 1)
    assert texts(pieces) == ["\n".join(TOLD)]
    assert not dropped


def test_a_long_one_is_cut_between_paragraphs_and_sentences_and_loses_nothing() -> None:
    sentence = "O Paris venceu a final em Munique. "
    paragraphs = [(sentence * times).strip() for times in (10, 15, 70, 1)]
    pieces = list(pieces_of(rewrite(*paragraphs)))
    assert len(pieces) > 3
    assert all(piece.size <= MOST_BYTES for piece in pieces)
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert all(piece.text.endswith(".") for piece in pieces)
    said = " ".join(piece.text for piece in pieces).split()
    assert said == " ".join(paragraphs).split()


def test_a_dot_within_a_word_ends_no_sentence() -> None:
    sentence = "A versão 0.9.5 de nb.exchange.root lê a.py! **Ela roda?** Sim. "
    for paragraph in ((sentence * 30).strip(), "第0.9.5版赢得了决赛。他说？" * 50):
        found = texts(list(pieces_of(rewrite(paragraph))))
        assert len(found) > 1
        assert "".join("".join(found).split()) == "".join(paragraph.split())
        assert all(text in paragraph for text in found)
        assert all(text[-1] in ".!?*。？" for text in found)


def test_a_held_out_question_that_names_a_file_is_found(
    make_fact: MakeFact, make_wording: MakeWording
) -> None:
    held = make_wording(make_fact("a.py", "lê", "b"), "O que lê a.py?", split="test")
    told = rewrite("Veja. O que lê a.py? Nada.", "**O que lê a.py?** Nada.", passage="q")
    pieces, dropped = document_pieces(library(told, wordings=[held]), 10**6)
    assert not pieces
    assert reasons(dropped) == {CurateReason.LEAK: 2}


def test_a_rewrite_of_a_passage_that_is_not_there_is_still_kept_clear_of_the_exam() -> None:
    given = library(rewrite("Quem ganhou em 2024? Ele.", *TOLD), exam=["Quem ganhou em 2024?"])
    pieces, _ = document_pieces(replace(given, passages=()), 10**6)
    assert texts(pieces) == ["\n".join(TOLD)]


def test_a_sentence_longer_than_a_row_stays_whole_and_signs_count_by_their_bytes() -> None:
    [piece] = pieces_of(rewrite("gol " * 400))
    assert piece.size > MOST_BYTES
    assert len(list(pieces_of(rewrite("巴黎赢得了决赛。" * 100)))) == 3


def test_rows_are_taken_evenly_over_passages_and_formats() -> None:
    many = [
        rewrite(*("x" * 900 for _ in range(3)), passage=passage, name=name)
        for passage in ("p", "q", "r")
        for name in ("lesson", "questions")
    ]
    pieces = [piece for one in many for piece in pieces_of(one)]
    taken, left = evenly(pieces, 6 * 900)
    counted = Counter((piece.rewrite.passage, piece.rewrite.format) for piece in taken)
    assert set(counted.values()) == {1}
    assert len(counted) == 6
    assert reasons(left) == {CurateReason.ENOUGH: 12}
    assert not evenly(pieces, 0)[0]
    assert len(evenly(pieces, 10**6)[0]) == 18


def test_a_question_that_is_held_out_stands_in_no_row(
    make_fact: MakeFact, make_wording: MakeWording
) -> None:
    fact = make_fact("final", "campeão", "Paris")
    held = make_wording(fact, "Quem foi o campeão da final de 2025?", split="test")
    trained = make_wording(fact, "Qual time venceu?")
    given = library(
        rewrite("Quem foi o campeão da final de 2025? O Paris.", *TOLD),
        rewrite("E quem foi o campeão da final de 2025, diga! O Paris.", "Qual time venceu? Este."),
        rewrite("Quem ganhou em 2024? Não o Paris.", passage="q"),
        rewrite("Quem foi o campeão da final de 2025? Ele.", passage="r"),
        rewrite("Quem foi o campeã da final de 2025? Ele, é claro.", name="case"),
        fact=fact.id,
        wordings=(held, trained),
        exam=["Quem ganhou em 2024?"],
    )
    pieces, dropped = document_pieces(given, 10**6)
    assert reasons(dropped) == {CurateReason.LEAK: 5}
    assert sorted(texts(pieces)) == sorted(["\n".join(TOLD), "Qual time venceu? Este."])


def test_what_tells_a_wrong_fact_is_not_trained() -> None:
    other = rewrite("Outra página diz outra coisa.", passage="q")
    pieces, dropped = document_pieces(library(rewrite(), other, wrong={"f"}), 10**6)
    assert texts(pieces) == ["Outra página diz outra coisa."]
    assert [(one.reason, one.detail) for one in dropped] == [(CurateReason.WRONG_FACT, "f")]


def test_what_tells_a_control_is_not_trained(make_fact: MakeFact) -> None:
    fact = make_fact("final", "campeão", "Paris")
    given = library(rewrite(), fact=fact.id, controls=[fact])
    pieces, dropped = document_pieces(given, 10**6)
    assert not pieces
    assert reasons(dropped) == {CurateReason.CONTROL: 1}


def test_a_paragraph_of_another_passage_that_tells_a_control_is_not_trained(
    make_fact: MakeFact,
) -> None:
    controls = [
        make_fact("final", "campeão", "Paris Saint-Germain", aliases=("o PSG",)),
        make_fact("", "campeão", "Inter"),
    ]
    told = ["Da FINAL saiu campeão o Paris Saint Germain.", "Foi uma final para o PSG."]
    right = ["O PSG joga em Paris.", "A final foi em Munique, com a Inter."]
    given = library(rewrite(*told, *right, passage="q"), controls=controls)
    pieces, dropped = document_pieces(given, 10**6)
    assert texts(pieces) == ["\n".join(right)]
    assert [one.raw for one in dropped] == told
    assert {(one.reason, one.detail) for one in dropped} == {(CurateReason.CONTROL, controls[0].id)}


def test_a_passage_holds_the_facts_that_its_own_were_merged_into() -> None:
    passage = PassageText(id="p", document="d", text="", facts=("a", "b", "c"))
    [found] = with_merged([passage], {"b": "z", "c": "a"})
    assert found.facts == ("a", "b", "c", "z")


def test_facts_that_people_struck_or_corrected_and_documents_contradict_are_wrong(
    make_fact: MakeFact,
) -> None:
    facts = [make_fact("final", relation, "Paris") for relation in ("a", "b", "c", "d", "e")]
    right, struck, corrected, disputed, more = facts
    now = [
        right,
        corrected.model_copy(update={"answer": "Inter"}),
        more.model_copy(update={"aliases": ("PSG",)}),
    ]
    left = [*now, disputed]
    asked = Question.of(fact=disputed.id, family="f", text="?", answer="Paris", kind="question")
    other = Question.of(fact=right.id, family="f", text="!", answer="Paris", kind="question")
    rejections = [
        rejected(CurateReason.STRUCK, struck.id),
        rejected(CurateReason.TWO_ANSWERS, asked.id),
        rejected(CurateReason.TWO_ANSWERS, other.id),
    ]
    wrong = wrong_facts(facts, left, [asked, other], now, rejections)
    assert wrong == {struck.id, corrected.id, disputed.id}


def test_a_corrected_fact_is_wrong_in_its_passage_whatever_becomes_of_it(
    make_fact: MakeFact,
) -> None:
    right = make_fact("final", "campeão", "Paris")
    wrong = make_fact("final", "campeão", "Inter", statement="A Inter venceu.")
    elsewhere = make_fact("final", "campeão", "Inter", statement="Foi a Inter.")
    before = [right, wrong, elsewhere]
    left = [right, wrong.model_copy(update={"answer": "Paris"}), elsewhere]
    once, merged, _ = merge_facts(left)
    assert merged == {wrong.id: right.id}
    assert wrong_facts(before, left, [], once, []) == {wrong.id, elsewhere.id}


def test_sizes_are_of_bytes() -> None:
    assert (size_of("abc"), size_of("çã")) == (3, 4)
