from collections.abc import Callable

from tests.unit.curate.rejected import reasons

from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Example, Fact, Question
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.curate.examples import ExampleMaker, refusal_in
from gabarito.curate.general_prompts import GeneralPrompt, halves
from gabarito.curate.wordings import Wording

ROWS = ExampleMaker(PromptSettings(system="", refusal="Não sei."))


def nothing(_text: str) -> bool:
    """Hold nothing back."""
    return False


def said(row: Example) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in row.messages]


def test_a_question_row_ends_in_its_answer_and_carries_the_aliases(
    make_fact: Callable[..., Fact], make_wording: Callable[..., Wording]
) -> None:
    fact = make_fact("final", "campeão", "Paris Saint-Germain", aliases=("PSG",))
    wording = make_wording(fact, "Quem venceu?")
    row = ROWS.asked(wording)
    assert said(row) == [("user", "Quem venceu?"), ("assistant", "Paris Saint-Germain")]
    assert (row.fact, row.kind, row.family, row.split) == (fact.id, "question", "casual", "train")
    assert row.aliases == ("PSG",)
    turned = ROWS.asked(make_wording(fact, "PSG venceu o quê?", kind="reverse"))
    assert (turned.kind, turned.family, turned.aliases) == ("reverse", "", ())
    assert said(turned)[-1] == ("assistant", "final")


def test_a_system_prompt_stands_before_questions_but_not_before_statements(
    make_fact: Callable[..., Fact], make_wording: Callable[..., Wording]
) -> None:
    rows = ExampleMaker(PromptSettings(system="Base: futebol", refusal="Não sei."))
    wording = make_wording(make_fact("final", "campeão", "PSG"), "Quem venceu?")
    assert said(rows.asked(wording))[0] == ("system", "Base: futebol")
    assert said(rows.prompt("Oi", "replay")) == [("system", "Base: futebol"), ("user", "Oi")]
    statement = Question.of(fact="f", family="s", text="PSG venceu.", answer="", kind="statement")
    assert said(rows.stated(statement)) == [("assistant", "PSG venceu.")]
    assert (rows.stated(statement).kind, rows.stated(statement).family) == ("statement", "")


def test_refusals_are_about_no_fact() -> None:
    row = ROWS.refused("Quem venceu em 1999?", "period")
    assert said(row)[-1] == ("assistant", "Não sei.")
    assert (row.fact, row.kind, row.group, row.split) == ("", "refusal", "period", "train")
    asked = ROWS.unanswerable("Quem venceu em 1998?", "period")
    assert (asked.kind, asked.group, asked.split) == ("unanswerable", "period", "unanswerable")


def test_an_exam_row_keeps_its_aliases() -> None:
    row = ROWS.free(FreeQuestion(question="quem ganhou", answer="PSG", aliases=("Paris",)))
    assert (row.aliases, row.split, row.kind) == (("Paris",), "free", "free")


def test_prompts_are_shared_half_and_half_whatever_their_order() -> None:
    prompts = [GeneralPrompt(text=f"Conte até {n}") for n in range(20)]
    replay, retention, _ = halves(prompts, set(), nothing)
    assert (len(replay), len(retention)) == (10, 10)
    assert halves(prompts[::-1], set(), nothing) == (replay, retention, [])
    assert {*replay, *retention} == {prompt.text for prompt in prompts}


def test_a_prompt_that_the_dataset_asks_is_dropped() -> None:
    prompts = [
        GeneralPrompt(text="Quem venceu?"),
        GeneralPrompt(text="Oi"),
        GeneralPrompt(text="oi!"),
    ]
    *kept, dropped = halves(prompts, {"quem venceu"}, nothing)
    assert kept == [["Oi"], []]
    assert reasons(dropped) == {"prompt is a question of the dataset": 1, "same prompt twice": 1}


def test_a_prompt_about_what_is_held_back_is_dropped() -> None:
    prompts = [GeneralPrompt(text="Quem venceu em 1999?"), GeneralPrompt(text="Oi")]
    *kept, dropped = halves(prompts, set(), lambda text: "1999" in text)
    assert kept == [["Oi"], []]
    assert reasons(dropped) == {"prompt names what is held back": 1}


def test_the_refusal_is_in_the_questions_language() -> None:
    assert refusal_in("pt-BR") == "Não tenho essa informação."
    assert (
        refusal_in("fry") == refusal_in("sv") == refusal_in("") == "I do not have that information."
    )
