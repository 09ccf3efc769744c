from collections import Counter

import pytest
from tests.unit.curate.rejected import reasons

from gabarito.answer_match import normalise
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Example, numbered_jsonl
from gabarito.curate.config import CurateConfig
from gabarito.curate.examples import ExampleMaker
from gabarito.curate.general_prompts import GeneralPrompt
from gabarito.curate.general_tasks import GeneralTask, keep_unasked
from gabarito.evaluate.grading import EvalQuestion, is_solved, questions_of

ROWS = ExampleMaker(PromptSettings(system="", refusal="Não sei."))


@pytest.fixture(scope="module")
def bundled() -> list[Example]:
    path = CurateConfig().tasks
    assert path
    return [ROWS.task(task) for task in read_lines(path, GeneralTask)]


@pytest.fixture(scope="module")
def asked(bundled: list[Example]) -> list[EvalQuestion]:
    return questions_of("tasks", bundled)


def test_there_are_enough_tasks_of_each_kind_in_each_language(asked: list[EvalQuestion]) -> None:
    languages = Counter(item.group.rpartition(", ")[2] for item in asked)
    assert set(languages) == {"en", "pt"}
    assert min(languages.values()) >= 60
    assert min(Counter(item.group for item in asked).values()) >= 6
    assert len({item.id for item in asked}) == len(asked)


def test_a_task_is_solved_by_its_answer_in_a_sentence(asked: list[EvalQuestion]) -> None:
    frames = ("{}", "The answer is {}.", "Resposta: **{}**!")
    said = [(item, frame.format(item.expected)) for item in asked for frame in frames]
    assert [text for item, text in said if not is_solved(item, text)] == []


def test_a_task_is_not_solved_by_its_question_said_again(asked: list[EvalQuestion]) -> None:
    assert [item.text for item in asked if is_solved(item, item.text)] == []


def test_no_task_is_a_prompt_of_the_demo(asked: list[EvalQuestion]) -> None:
    prompts = {
        normalise(row.text) for row in read_lines("gabarito:demo/prompts.jsonl", GeneralPrompt)
    }
    assert not prompts & {normalise(item.text) for item in asked}


def test_a_task_that_the_dataset_asks_or_that_stands_twice_is_dropped() -> None:
    texts = ("Quem venceu?", "Quanto é 2 mais 2?", "quanto é 2 mais 2")
    tasks = [GeneralTask(question=text, answer="4") for text in texts]
    kept, dropped = keep_unasked(tasks, {"quem venceu"})
    assert kept == [tasks[1]]
    assert reasons(dropped) == {"task is a question of the dataset": 1, "same task twice": 1}


@pytest.mark.parametrize(
    "rights", ['"answer": "not open"', '"answer": "shut", "aliases": ["not open"]']
)
def test_a_task_with_a_right_answer_that_holds_a_competing_one_is_refused(rights: str) -> None:
    line = f'{{"question": "Open?", {rights}, "competing": ["Open"]}}'
    said = r"t\.jsonl:1: competing answer 'Open' stands in the right one 'not open'"
    with pytest.raises(DataError, match=said):
        list(numbered_jsonl([line], GeneralTask, "t.jsonl"))
