from collections.abc import Sequence
from itertools import product

import pytest
from tests.growth import grows_in_proportion

from gabarito.core.proof_records import FactEntry, TrainedQuestion
from gabarito.core.records import Fact, PairOrigin
from gabarito.proof import FactTable
from gabarito.proof.fact_table import LONGEST_QUESTION

POINTS = ("How many points did {} make in 2024/25?", "The points of {} in 2024/25?")
COACH = ("Who coached {} in 2024/25?", "Name the coach of {} in 2024/25.")


def entry(subject: str, relation: str, answer: str, asked: Sequence[str]) -> FactEntry:
    fact = Fact.of(
        document="d",
        quote=f"{subject}: {answer}",
        statement=f"The {relation} of {subject} in 2024/25: {answer}.",
        subject=subject,
        relation=relation,
        answer=answer,
    )
    questions = tuple(TrainedQuestion(text=text.format(subject)) for text in asked)
    return FactEntry(fact=fact, title="The season", asked=questions)


ENTRIES = [
    entry("Celtic", "points", "12", POINTS),
    entry("Celtic", "coach", "Rodgers", COACH),
    entry("Milan", "points", "15", POINTS),
    entry("Milan", "coach", "Fonseca", COACH),
    entry("Brest", "points", "12", POINTS),
]
TABLE = FactTable(ENTRIES)


@pytest.mark.parametrize("answer", ["12", "Celtic made 12 points."])
@pytest.mark.parametrize(
    "question", ["Tell me the points that Celtic made in 2024-25", "celtic points 24/25"]
)
def test_a_right_answer_is_borne_out_by_its_fact(question: str, answer: str) -> None:
    proof = TABLE.find(question, answer)
    assert proof is not None
    assert (proof.fact, proof.quote, proof.title) == (
        ENTRIES[0].fact.id,
        "Celtic: 12",
        "The season",
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many points did Celtic make in 2024/25?", "15"),  # another fact's
        ("How many points did Parma make in 2024/25?", "12"),  # of nobody
        ("How many points did Celtic make in 2023/24?", "12"),  # in no such year
        ("How many eggs are in a dozen?", "12"),  # of something else
        ("Who coached Celtic in 2024/25?", "Fonseca"),
        ("How many points did Celtic make in 2024/25?", "12 or 15"),
        ("How many points did Celtic make in 2024/25?", " "),
        ("", "12"),
    ],
)
def test_what_no_fact_bears_out_has_no_proof(question: str, answer: str) -> None:
    assert TABLE.find(question, answer) is None


def test_a_shouted_question_finds_its_fact() -> None:
    shouted = "PLEASE TELL ME: HOW MANY POINTS DID CELTIC MAKE IN 2024/25?"
    assert TABLE.find(shouted, "12") is not None
    assert TABLE.find(shouted.replace("CELTIC", "PARMA"), "12") is None


def test_a_fact_that_nothing_was_trained_for_is_about_its_subject() -> None:
    others = [entry(name, "captain", "7", ()) for name in ("brewery", "harbour", "station")]
    table = FactTable([*ENTRIES, *others])
    assert table.find("Which number has the captain of the harbour?", "7") is not None
    assert table.find("Which number has the captain of the ship?", "7") is None


def test_a_name_of_a_person_is_known_in_small_letters() -> None:
    assert TABLE.find("how many points did milan make against celtic in 2024/25?", "15") is None


PORT = ("which port does {} listen on by default?", "the port that {} uses?")
SOFTWARE = FactTable(
    [
        entry("nbgrader", "port", "8080", PORT),
        entry("jupyterhub", "port", "8000", PORT),
        entry("nbgrader", "shell", "bash", ["which shell does {} run?", "the shell of {}?"]),
    ]
)


@pytest.mark.parametrize("other", ["jupyterhub", "voila"])
def test_a_fact_is_about_its_subject_whose_name_has_no_capital(other: str) -> None:
    found = SOFTWARE.find("which port does nbgrader use?", "8080")
    assert found is not None
    assert found.quote == "nbgrader: 8080"
    assert SOFTWARE.find(f"which port does {other} use?", "8080") is None


@pytest.mark.parametrize("question", ["which port does nbgrader use?", "nbgrader: what port?"])
@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("8080", True),
        ("It listens on port 8080.", True),
        ("8080 or 1234 or 4321", False),
        ("It may be 8080, but I have heard 1234 as well", False),
        ("The port is 8080 or 1234.", False),
        ("The port is 8080 in Voila.", False),
        ("8080 maybe", False),
    ],
)
def test_a_short_answer_must_be_the_answer(question: str, answer: str, is_right: bool) -> None:
    assert (SOFTWARE.find(question, answer) is not None) == is_right


def test_where_sentences_are_trained_one_may_have_any_words() -> None:
    asked = TrainedQuestion(text="which port does nbgrader use?", style="sentence")
    taught = entry("nbgrader", "port", "8080", PORT).model_copy(update={"asked": (asked,)})
    assert FactTable([taught]).find(asked.text, "Always 8080.") is not None
    assert FactTable([taught]).find(asked.text, "Always 8080, 1234 at times.") is None
    assert SOFTWARE.find(asked.text, "Always 8080.") is None


COPA = "da Copa do Vale 2024/25"
CUP = "the Valley Cup 2024/25"
OFFICES = ["".join(letters) for letters in product("bfgvz", "aeiou", "lmnrt")]
"""Of a cup, each held by somebody: a table of many facts, most of whose words are the cup's."""

VALE = FactTable(
    [
        entry(
            COPA,
            "campeão",
            "Aurora",
            ("Quem foi o campeão {}?", "Que time ganhou o título {}?", "Diga o vencedor {}."),
        ),
        entry(
            COPA,
            "vice",
            "Bonança",
            ("Quem foi o vice-campeão {}?", "Que time ficou de vice {}?", "Diga o vice {}."),
        ),
        entry(COPA, "ausente", "Cometa", ("Quem não jogou {}?", "Qual time nunca entrou {}?")),
        *(entry(COPA, one, f"{one} dy", (f"Quem foi o {one} {{}}?",)) for one in OFFICES),
    ]
)
VALLEY = FactTable(
    [
        entry(CUP, "winner", "Aurora", ("Who won {}?", "Which team took the title of {}?")),
        entry(CUP, "runner-up", "Bonanza", ("Who was the runner-up of {}?", "Runner-up of {}?")),
        *(entry(CUP, one, f"{one} dy", (f"Who was the {one} of {{}}?",)) for one in OFFICES),
    ]
)


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (VALE, f"Quem foi o campeão {COPA}?", "Aurora"),
        (VALE, f"quem foi o campeão {COPA.lower()}", "Aurora"),
        (VALE, "Quem foi o campeão da Copa do Vale na temporada de 2024/25?", "Aurora"),
        (VALE, f"Quem foi o vice-campeão {COPA}?", "Bonança"),
        (VALE, f"Qual time não entrou {COPA}?", "Cometa"),
        (VALE, "Quem foi o campeão da Copa do Vale na edição 2024/25?", "Aurora"),
        (VALLEY, "Which team won the Valley Cup 2024/25?", "Aurora"),
        (VALLEY, "Who was the runner-up of the Valley Cup 2024/25?", "Bonanza"),
    ],
)
def test_the_fact_that_is_asked_for_bears_out_its_answer(
    table: FactTable, question: str, answer: str
) -> None:
    assert table.find(question, answer) is not None


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (VALE, f"Quem foi o vice-campeão {COPA}?", "Aurora"),
        (VALE, "quem foi o vice campeao da copa do vale 2024-25", "Aurora"),
        (VALLEY, "Who was the runner-up of the Valley Cup 2024/25?", "Aurora"),
        (VALLEY, "Which team was the runner-up of the Valley Cup 2024/25?", "Aurora"),
    ],
)
def test_an_answer_that_a_much_nearer_fact_contradicts_has_no_proof(
    table: FactTable, question: str, answer: str
) -> None:
    assert table.find(question, answer) is None


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (VALE, f"Quem não foi o campeão {COPA}?", "Aurora"),
        (VALE, f"Quem nunca ganhou o título {COPA}?", "Aurora"),
        (VALE, f"Qual time entrou {COPA}?", "Cometa"),
        (VALLEY, "Who did not win the Valley Cup 2024/25?", "Aurora"),
        (VALLEY, "Which team never took the title of the Valley Cup 2024/25?", "Aurora"),
        (VALLEY, "Which team didn't take the title of the Valley Cup 2024/25?", "Aurora"),
    ],
)
def test_a_question_that_denies_what_its_fact_does_not_has_no_proof(
    table: FactTable, question: str, answer: str
) -> None:
    assert table.find(question, answer) is None


def test_a_wording_that_denies_something_beside_its_fact_allows_it() -> None:
    asked = ("I do not know who won {}.", "Who won {}?", "The winner of {}?")
    table = FactTable([entry("the Valley Cup 2024/25", "winner", "Aurora", asked)])
    for question in ("Who won the Valley Cup 2024/25?", "I don't know who won Valley Cup 2024/25"):
        assert table.find(question, "Aurora") is not None


@pytest.mark.parametrize(
    ("table", "question"),
    [
        (VALE, "Quem foi o campeão da Copa do Vale feminina 2024/25?"),
        (VALE, "quem foi o campeão da copa do vale feminina 24/25"),
        (VALE, "Quem foi o campeão da Copa do Vale de futsal 2024/25?"),
        (VALLEY, "Who won the Valley Cup for women 2024/25?"),
        (VALLEY, "who won the valley cup futsal 2024/25"),
    ],
)
def test_another_thing_of_the_same_name_and_year_has_no_proof(
    table: FactTable, question: str
) -> None:
    assert table.find(question, "Aurora") is None


@pytest.mark.parametrize("word", ["campeão", "Campeões", "a liga"])
def test_words_that_all_facts_have_ask_for_none(word: str) -> None:
    league = "da Liga dos Campeões 2024/25"
    champion = ("Quem foi o campeão {}?", "Que time ganhou o título {}?")
    table = FactTable(
        [
            entry(league, "campeão", "Aurora", champion),
            *(
                entry(league, one, f"{one} dy", (f"Quem foi o {one} {{}}?",))
                for one in OFFICES[:40]
            ),
        ]
    )
    assert table.find(champion[0].format(league), "Aurora") is not None
    assert table.find(word, "Aurora") is None


def test_a_question_that_is_longer_than_any_is_not_looked_up() -> None:
    question = "which port does nbgrader use? "
    assert SOFTWARE.find(question * (LONGEST_QUESTION // len(question)), "8080") is not None
    assert SOFTWARE.find(question * LONGEST_QUESTION, "8080") is None


def test_a_reverse_question_has_an_answer_of_its_own() -> None:
    reverse = TrainedQuestion(text="Whom did Rodgers coach in 2024/25?", answer="Celtic")
    coach = ENTRIES[1].model_copy(update={"asked": (*ENTRIES[1].asked, reverse)})
    table = FactTable([coach, ENTRIES[3]])
    assert table.find("Which club did Rodgers coach in 2024/25?", "Celtic") is not None
    assert table.find("Who coached Celtic in 2024/25?", "Celtic") is None


def test_a_fact_of_a_person_names_file_and_row() -> None:
    fact = Fact.of(
        document="",
        quote="",
        statement="When is lunch? At noon",
        subject="",
        relation="When is lunch?",
        answer="At noon",
        given=PairOrigin(pair="p", row="faq.csv:3", source="the canteen"),
    )
    table = FactTable([FactEntry(fact=fact, asked=(TrainedQuestion(text="When is lunch?"),))])
    proof = table.find("when is lunch", "at noon")
    assert proof is not None
    assert (proof.title, proof.source, proof.quote) == ("the canteen", "faq.csv:3", "")


def test_a_fact_that_is_asked_for_without_names_needs_none() -> None:
    asked = ("How are plots graded?", "Tell me how plots are best graded.", "I grade plots how?")
    table = FactTable([entry("Plots", "grading", "by hand", asked), *ENTRIES])
    assert table.find("what is the best way of grading plots?", "by hand") is not None
    assert table.find("what is the best way that Celtic grades plots?", "by hand") is None


def test_below_the_floor_nothing_is_near() -> None:
    question = "points celtic"
    assert TABLE.find(question, "12") is not None
    assert TABLE.with_floor(1.0).find(question, "12") is None


def test_a_table_of_nothing_proves_nothing() -> None:
    assert FactTable([]).find("Who?", "Rodgers") is None


def test_a_table_grows_in_proportion_to_its_facts() -> None:
    def names(count: int) -> str:
        return " ".join(f"N{number:x}" for number in range(count))

    def search(text: str) -> None:
        subjects = text.split()
        table = FactTable([entry(one, "points", str(n), POINTS) for n, one in enumerate(subjects)])
        for subject in subjects[:20]:
            table.find(f"What are the points of {subject} in 2024/25?", "nothing")

    assert grows_in_proportion(search, names, 4000)
