from gabarito.core.records import Fact
from gabarito.generate.config import GenerateConfig
from gabarito.generate.passages import Passage
from gabarito.generate.prompts import facts_prompt, names_prompt, questions_prompt
from gabarito.generate.questions import QuestionFilter


def test_a_request_for_facts_carries_task_title_and_passage(passage: Passage) -> None:
    system, user = facts_prompt(passage, "pt", 1, missed=False)
    assert "Portuguese" in system.content
    assert user.content.startswith("task: facts\npage: A final\n")
    assert user.content.endswith(f"passage:\n{passage.text}")


def test_a_second_look_names_what_was_found(passage: Passage, fact: Fact) -> None:
    system, user = facts_prompt(passage, "pt", 2, [fact], missed=True)
    assert "missed" in system.content
    assert "task: missed\nattempt: 2\n" in user.content
    assert f"- {fact.statement}" in user.content


def test_a_request_for_questions_ends_with_fact_and_answer(
    fact: Fact, config: GenerateConfig
) -> None:
    system, user = questions_prompt(QuestionFilter(fact, "pt", config), 1)
    assert "- cloze: " in system.content
    assert user.content.startswith("task: questions\nfamilies: inverted, ")
    assert user.content.endswith(f"fact: {fact.statement}\nanswer: {fact.answer}")


def test_asking_again_names_only_what_is_missing_and_what_was_wrong(
    fact: Fact, config: GenerateConfig
) -> None:
    wordings = QuestionFilter(fact, "pt", config)
    names = wordings.wanted.families
    wordings.accept([{"family": name, "question": f"{name}: quem?"} for name in names[:-2]])
    wordings.accept([{"family": names[-1], "question": "Luis Enrique?"}])
    lines = questions_prompt(wordings, 2)[1].content.splitlines()
    assert lines[1:3] == ["attempt: 2", f"families: {names[-2]}, {names[-1]}"]
    assert "- answer given away in the question: Luis Enrique?" in lines
    assert "reverse: yes" not in lines


def test_the_constant_part_comes_first_and_is_the_same_for_all(
    fact: Fact, config: GenerateConfig
) -> None:
    other = fact.model_copy(update={"statement": "outra", "answer": "coisa"})
    prompts = [questions_prompt(QuestionFilter(item, "pt", config), 1) for item in (fact, other)]
    assert prompts[0][0] == prompts[1][0]


def test_a_request_for_names_carries_the_kind() -> None:
    _, user = names_prompt("clube", ["PSG", "Inter"], "pt", 1, 30)
    assert user.content == "task: names\nnear misses: 30\nkind: clube\nnames:\n- PSG\n- Inter"
