from collections.abc import Callable

import pytest

from gabarito.core.records import Fact, Name
from gabarito.curate.config import CurateConfig
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.sample import Refused, UnanswerableSampler
from gabarito.curate.wordings import Wording

Make = Callable[..., Fact]
Ask = Callable[..., Wording]
NAMES = [
    Name(kind="competição", name="Champions", known=True),
    Name(kind="clube", name="PSG", known=True),
    Name(kind="clube", name="Inter", known=True),
]
NEAR = [Name(kind="clube", name=name, known=False) for name in ("Ajax", "Porto", "Braga")]
EXAM = ["Quem treinava o Ajax?"]


@pytest.fixture
def asked(make_fact: Make, make_wording: Ask) -> list[Wording]:
    inter = make_fact("Inter", "técnico", "Inzaghi", qualifier="Champions 2024/25")
    psg = make_fact("PSG", "técnico", "Luis", qualifier="Champions 2024/25")
    return [
        make_wording(inter, "Quem era o técnico da Inter na Champions 2024/25?"),
        make_wording(psg, "Sem falar do Ajax, quem era o técnico do PSG na Champions 2024/25?"),
        make_wording(psg, "Quem treinava o PSG na Champions 2024/25?", "test"),
    ]


def refused(asked: list[Wording], taken: set[str], **settings: object) -> Refused:
    config = CurateConfig.model_validate({"refusals": 10, "unanswerable": 20, **settings})
    index = DocumentIndex(list({w.fact.id: w.fact for w in asked}.values()), NAMES, [])
    return UnanswerableSampler(config, index, NEAR, EXAM).draw(asked, "pt", taken)


def test_a_question_that_names_what_is_held_back_makes_no_refusal_row(
    asked: list[Wording],
) -> None:
    trained = refused(asked, set()).trained
    assert trained
    assert not any("Ajax" in perturbed.text for perturbed in trained)


def test_questions_for_the_end_are_made_of_held_out_wordings(asked: list[Wording]) -> None:
    found = refused(asked, set())
    assert {perturbed.base.split for perturbed in found.asked} == {"test"}
    assert {perturbed.base.split for perturbed in found.trained} == {"train"}
    assert "Quem treinava o Ajax na Champions 2024/25?" in {c.text for c in found.asked}


def test_without_held_out_wordings_the_trained_ones_serve(asked: list[Wording]) -> None:
    assert {perturbed.base.split for perturbed in refused(asked[:1], set()).asked} == {"train"}


def test_names_are_put_in_with_the_article_of_the_documents(asked: list[Wording]) -> None:
    found = refused(asked, set(), invented_names=0, perturbations={"period": 0, "qualifier": 0})
    texts = {perturbed.text for perturbed in found.trained}
    assert "Quem era o técnico do Porto na Champions 2024/25?" in texts


def test_a_question_that_is_taken_is_not_made(asked: list[Wording]) -> None:
    taken = {"quem era o tecnico do porto na champions 2024/25"}
    found = refused(asked, taken, invented_names=0)
    assert not any("técnico do Porto" in perturbed.text for perturbed in found.trained)
    assert len(taken) == 1 + len(found.trained) + len(found.asked)


@pytest.mark.parametrize(("share", "some"), [(0, False), (1, True)])
def test_names_are_invented_as_often_as_asked(
    asked: list[Wording], share: float, some: bool
) -> None:
    found = refused(asked, set(), invented_names=share, perturbations={"period": 0, "qualifier": 0})
    listed = [c for c in found.trained if "Porto" in c.text or "Braga" in c.text]
    assert (len(listed) < len(found.trained)) == some
