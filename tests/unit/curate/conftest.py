from collections.abc import Callable

import pytest

from gabarito.answer_match import normalise
from gabarito.core.records import Fact, Question, Split
from gabarito.curate.wordings import Wording

MakeFact = Callable[..., Fact]
MakeWording = Callable[..., Wording]


@pytest.fixture
def make_fact() -> MakeFact:
    def make(subject: str, relation: str, answer: str, **others: object) -> Fact:
        statement = others.pop("statement", f"{relation}: {subject}, {answer}.")
        fields = {
            "document": "d",
            "qualifier": "Champions League 2024/25",
            "kind": "clube",
            **others,
        }
        return Fact.of(
            quote=statement,
            statement=statement,
            subject=subject,
            relation=relation,
            answer=answer,
            **fields,
        )

    return make


@pytest.fixture
def make_wording() -> MakeWording:
    def make(fact: Fact, text: str, split: Split = "train", kind: str = "question") -> Wording:
        family = "direct" if split == "test" else "casual"
        question = Question.model_validate(
            {
                "id": normalise(text),
                "fact": fact.id,
                "family": family,
                "text": text,
                "answer": fact.answer if kind == "question" else fact.subject,
                "kind": kind,
            }
        )
        return Wording(question, fact, split, normalise(text))

    return make
