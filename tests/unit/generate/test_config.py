from datetime import date
from typing import Any

import pytest

from gabarito.artifacts.fingerprint import content_settings
from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.core.teacher_config import TeacherSettings
from gabarito.generate.config import INSTRUCTIONS, GenerateConfig

TEACHER = {"model": "m"}


def read(**settings: Any) -> GenerateConfig:  # noqa: ANN401
    return parse(GenerateConfig, {"teacher": TEACHER} | settings, "pipeline.yaml")


def teacher_of(**settings: Any) -> TeacherSettings:  # noqa: ANN401
    teacher = read(teacher=TEACHER | settings).teacher
    assert teacher is not None
    return teacher


def test_by_default_each_fact_is_worded_in_twelve_families() -> None:
    families = read().families
    assert [len(split) for split in (families.train, families.validation, families.test)] == [
        8,
        1,
        3,
    ]
    assert {family.name for family in families.all} == set(INSTRUCTIONS)


def test_a_known_family_is_named_and_a_new_one_explained() -> None:
    rhymed = {"name": "rhymed", "instruction": "in verse"}
    families = read(families={"train": ["casual", {"name": "quiz"}, rhymed]}).families
    assert [(family.name, family.instruction) for family in families.train] == [
        ("casual", INSTRUCTIONS["casual"]),
        ("quiz", INSTRUCTIONS["quiz"]),
        ("rhymed", "in verse"),
    ]


@pytest.mark.parametrize(
    ("families", "complaint"),
    [
        ({"train": ["rhymed"]}, "family without an instruction"),
        ({"train": ["direct"]}, "families must differ"),
        ({"train": [{"name": "reverse", "instruction": "x"}]}, "families must differ"),
        ({"train": []}, "families.train"),
        ({"trian": ["casual"]}, "did you mean train"),
        ({"train": [{"name": "casual", "instrution": "x"}]}, "did you mean instruction"),
    ],
)
def test_families_that_make_no_sense_are_refused(families: Any, complaint: str) -> None:  # noqa: ANN401
    with pytest.raises(SettingsError, match=complaint):
        read(families=families)


def test_a_ceiling_of_cost_needs_prices() -> None:
    with pytest.raises(SettingsError, match="max_cost needs price_input or price_output"):
        read(teacher=TEACHER | {"max_cost": 5})
    assert teacher_of(max_cost=5, price_output=1).max_cost == 5


def test_what_json_cannot_hold_is_no_parameter() -> None:
    with pytest.raises(SettingsError, match=r"teacher\.parameters\.stop"):
        read(teacher=TEACHER | {"parameters": {"stop": date(2024, 1, 1)}})
    nested = {"response_format": {"type": "json", "limits": [1, 2.5, None, True]}}
    assert teacher_of(parameters=nested).parameters == nested


def test_addresses_limits_and_prices_decide_no_result() -> None:
    moved = TEACHER | {
        "url": "http://elsewhere/v1",
        "concurrency": 3,
        "timeout_s": 5,
        "retries": 1,
        "price_input": 1.0,
        "price_output": 2.0,
        "max_cost": 3.0,
    }
    assert content_settings(read(teacher=moved), {}) == content_settings(read(), {})


@pytest.mark.parametrize(
    "change",
    [{"extraction_rounds": 3}, {"teacher": {"model": "n"}}, {"teacher": TEACHER | {"seed": 1}}],
)
def test_what_is_asked_and_of_whom_decides_the_result(change: dict[str, Any]) -> None:
    assert content_settings(read(**change), {}) != content_settings(read(), {})


def test_the_schema_lets_an_editor_accept_names_of_families() -> None:
    family = GenerateConfig.model_json_schema()["$defs"]["Families"]["properties"]["train"]
    assert {"type": "string"} in family["items"]["anyOf"]


def teacher(**settings: object) -> TeacherSettings:
    return parse(TeacherSettings, {"model": "m", **settings}, "x.yaml")


@pytest.mark.parametrize("name", ["api_key", "api-key", "x-api-key", "apiKey", "Authorization"])
def test_a_secret_among_the_parameters_is_refused_and_not_shown(name: str) -> None:
    for parameters in ({name: "sk-9"}, {"extra": [{name: "Bearer sk-9"}]}):
        with pytest.raises(SettingsError, match=f"parameters: {name} .*_TEACHER_KEY") as caught:
            teacher(parameters=parameters)
        assert "sk-9" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["max_completion_tokens", "prompt_cache_key", "stop_token_ids", "top_k", "author"]
)
def test_other_parameters_are_no_secrets(name: str) -> None:
    assert teacher(parameters={name: 1}).parameters == {name: 1}


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="url: holds a user or password") as caught:
        teacher(url="https://ana:sk-9@h/v1")
    assert "sk-9" not in str(caught.value)
    assert teacher(url="http://[").url == "http://[", "what is no URL is said where it is used"


def test_the_families_of_more_wordings_differ_from_all_others() -> None:
    with pytest.raises(SettingsError, match=r"families of more must differ .*casual"):
        read(more={"facts": "missed.jsonl", "families": ["casual", "hurry"]})
    train = {"train": ["casual", "hurry"]}
    assert read(families=train).families.train[1].name == "hurry", "nothing more is asked for"
    config = read(more={"families": ["hurry"]})
    assert [family.name for family in config.of_more.families.all] == ["hurry"]
    assert (config.of_more.statements, config.of_more.reverse) == (0, False)
