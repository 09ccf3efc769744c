from collections.abc import Iterator
from itertools import combinations

import pytest

from gabarito.answer_match import normalise
from gabarito.artifacts.jsonl import read_lines
from gabarito.curate.config import CurateConfig
from gabarito.curate.general_prompts import GeneralPrompt, halves
from gabarito.curate.general_tasks import GeneralTask
from gabarito.curate.similarity import similarity, word_overlap

MOST_ALIKE = 0.8
"""Edit similarity of the nearest two that ask different things in the same form."""

MOST_SHARED = 0.75
"""Share of words: more is the same question with its words in another order."""


@pytest.fixture(scope="module")
def prompts() -> list[GeneralPrompt]:
    place = CurateConfig().prompts
    assert place
    return list(read_lines(place, GeneralPrompt))


@pytest.fixture(scope="module")
def tasks() -> list[GeneralTask]:
    path = CurateConfig().tasks
    assert path
    return list(read_lines(path, GeneralTask))


def is_same(one: str, other: str) -> bool:
    return similarity(one, other) > MOST_ALIKE or word_overlap(one, other) > MOST_SHARED


def pairs(prompts: list[GeneralPrompt], tasks: list[GeneralTask]) -> Iterator[tuple[str, str]]:
    """Yield every two prompts, and every prompt with every task."""
    asked = [normalise(task.question) for task in tasks]
    texts = [normalise(prompt.text) for prompt in prompts]
    yield from combinations(texts, 2)
    yield from ((task, text) for task in asked for text in texts)


def test_there_are_enough_prompts_to_replay_and_to_measure(prompts: list[GeneralPrompt]) -> None:
    replay, retention, dropped = halves(prompts, set(), lambda _: False)
    assert min(len(replay), len(retention)) >= 200
    assert dropped == []


def test_no_task_and_no_prompt_are_the_same_thing(
    prompts: list[GeneralPrompt], tasks: list[GeneralTask]
) -> None:
    assert [pair for pair in pairs(prompts, tasks) if is_same(*pair)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("what is the capital of japan", "what is the capital of canada"),
        ("translate bread to spanish", "translate to spanish bread"),
    ],
)
def test_the_same_thing_is_told_by_its_letters_or_by_its_words(one: str, other: str) -> None:
    assert is_same(one, other)


@pytest.mark.parametrize("name", ["nbgrader", "jupyter", "champions", "liga dos campeões"])
def test_no_prompt_is_about_a_sample(prompts: list[GeneralPrompt], name: str) -> None:
    assert [prompt.text for prompt in prompts if name in prompt.text.casefold()] == []
