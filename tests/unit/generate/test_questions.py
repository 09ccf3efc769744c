import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact
from gabarito.generate.config import GenerateConfig
from gabarito.generate.questions import QuestionFilter

GOOD = "Quem treinava o Paris Saint-Germain na final de 2025?"


@pytest.fixture
def wordings(fact: Fact, config: GenerateConfig) -> QuestionFilter:
    return QuestionFilter(fact, "pt", config)


def asked(family: str, question: str = GOOD, **more: str) -> dict[str, str]:
    return {"family": family, "question": question, **more}


def test_at_first_everything_is_wanted(wordings: QuestionFilter, config: GenerateConfig) -> None:
    assert wordings.wanted.families == tuple(family.name for family in config.families.all)
    assert (wordings.wanted.statements, wordings.wanted.reverse) == (3, True)


def test_what_is_good_is_no_longer_wanted(wordings: QuestionFilter, fact: Fact) -> None:
    wordings.accept([asked("direct", answer="luis enrique"), asked("quiz", f"Quiz: {GOOD}")])
    assert not {"direct", "quiz"} & set(wordings.wanted.families)
    assert [(q.family, q.kind, q.answer) for q in wordings.questions] == [
        ("direct", "question", "Luis Enrique"),
        ("quiz", "question", "Luis Enrique"),
    ]
    assert wordings.questions[0].fact == fact.id


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (asked("direct", ""), GenerateReason.NO_FIELD),
        (asked("sonnet"), GenerateReason.OTHER_FAMILY),
        (asked("direct", "Luis Enrique treinava o Paris em 2025?"), GenerateReason.GIVEN_AWAY),
        (asked("direct", "Quem é o Lucho do Paris em 2025?"), GenerateReason.GIVEN_AWAY),
        (asked("direct", GOOD, answer="não consta no texto"), GenerateReason.OTHER_ANSWER),
        (asked("direct", "Segundo o texto, quem era o técnico?"), GenerateReason.DEICTIC),
        (
            asked("direct", "Who was the coach of Paris in the final?"),
            GenerateReason.OTHER_LANGUAGE,
        ),
        (asked("direct", GOOD * 10), GenerateReason.TOO_LONG),
        ({"family": "statement", "text": "O Paris tinha um técnico."}, GenerateReason.NO_ANSWER),
        ({"family": "statement", "question": GOOD}, GenerateReason.NO_FIELD),
        (asked("reverse", "Que time Luis Enrique treinava?"), GenerateReason.NO_FIELD),
        (
            asked("reverse", "Que time Luis Enrique treinava?", answer="Inter"),
            GenerateReason.OTHER_ANSWER,
        ),
        (
            asked("reverse", "Que time venceu em 2025?", answer="Paris Saint-Germain"),
            GenerateReason.NOT_REVERSED,
        ),
        (
            asked(
                "reverse",
                "Luis Enrique, do Paris Saint-Germain, treinava quem?",
                answer="Paris Saint-Germain",
            ),
            GenerateReason.GIVEN_AWAY,
        ),
    ],
)
def test_a_bad_wording_is_refused_with_its_reason(
    wordings: QuestionFilter, fact: Fact, item: dict[str, str], reason: str
) -> None:
    wordings.accept([item])
    assert wordings.questions == []
    assert [(found.item, found.reason) for found in wordings.rejections] == [(fact.id, reason)]


def test_statements_and_reverse_questions_are_kept(wordings: QuestionFilter) -> None:
    wordings.accept(
        [
            {"family": "statement", "text": "Luis Enrique era o técnico do Paris em 2025."},
            asked("reverse", "Que time Luis Enrique treinava?", answer="Paris Saint-Germain"),
        ]
    )
    kinds = [(item.kind, item.answer) for item in wordings.questions]
    assert kinds == [("statement", "Luis Enrique"), ("reverse", "Paris Saint-Germain")]
    assert (wordings.wanted.statements, wordings.wanted.reverse) == (2, False)


def test_a_question_is_kept_once(wordings: QuestionFilter) -> None:
    wordings.accept([asked("direct"), asked("casual"), asked("direct", f"{GOOD} Sabe?")])
    assert [item.family for item in wordings.questions] == ["direct"]
    assert [item.reason for item in wordings.rejections] == [
        GenerateReason.REPEATED_QUESTION,
        GenerateReason.FAMILY_AGAIN,
    ]


def test_case_and_accents_make_a_wording_in_haste(wordings: QuestionFilter) -> None:
    wordings.accept([asked("direct"), asked("typos", GOOD.lower().strip("?"))])
    assert len(wordings.questions) == 2


def test_what_an_earlier_reply_gave_is_no_news(wordings: QuestionFilter) -> None:
    for _ in range(2):
        wordings.accept(
            [asked("direct"), {"family": "statement", "text": "Luis Enrique, é claro."}]
        )
    assert len(wordings.questions) == 2
    assert wordings.rejections == []


def test_an_answer_that_is_part_of_the_subject_is_unavoidable(config: GenerateConfig) -> None:
    fact = Fact.of(
        document="d",
        quote="q",
        statement="A final da Champions League 2025 foi em 2025.",
        subject="final da Champions League 2025",
        relation="ano",
        answer="2025",
    )
    wordings = QuestionFilter(fact, "pt", config)
    wordings.accept([asked("direct", "Em que ano foi a final da Champions League 2025?")])
    assert len(wordings.questions) == 1


def test_yes_and_no_may_stand_in_a_question(config: GenerateConfig) -> None:
    fact = Fact.of(document="d", quote="q", statement="s", subject="s", relation="r", answer="não")
    wordings = QuestionFilter(fact, "pt", config)
    wordings.accept([asked("direct", "O Paris não perdeu, sim ou não?")])
    assert len(wordings.questions) == 1


def test_pairs_without_families_get_those_that_are_left_in_order(wordings: QuestionFilter) -> None:
    names = wordings.wanted.families
    named = [asked(names[0], f"{GOOD} 0")]
    bare = [{"question": f"{GOOD} {number}"} for number in range(1, len(names))]
    wordings.accept([*named, *bare])
    assert [item.family for item in wordings.questions] == list(names)
    assert [item.text[-1] for item in wordings.questions][:10] == list("0123456789")


def test_pairs_without_families_are_refused_where_they_do_not_fit(wordings: QuestionFilter) -> None:
    wordings.accept([{"question": GOOD, "answer": "Luis Enrique"}])
    assert [item.reason for item in wordings.rejections] == [GenerateReason.NO_FAMILY]


def test_reverse_questions_can_be_switched_off(fact: Fact) -> None:
    settings = {"teacher": {"model": "m"}, "reverse": False}
    wordings = QuestionFilter(fact, "pt", GenerateConfig.model_validate(settings))
    wordings.accept([asked("reverse", "Que time Luis Enrique treinava?", answer="Paris")])
    assert [item.reason for item in wordings.rejections] == [GenerateReason.OTHER_FAMILY]
    assert not wordings.wanted.reverse
