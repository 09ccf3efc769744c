"""What sections of a pipeline file must agree on."""

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.pipeline.schema import Pipeline

PIPELINE = {
    "name": "handbook",
    "ingest": {"sources": [{"type": "files", "path": "s3://bucket/documents"}]},
    "generate": {"teacher": {"model": "m", "url": "https://teacher.example/v1"}},
    "train": {"base": "org/base"},
}
WHOLE = {"conversation": "whole"}


def test_whole_conversations_are_served_only_if_they_are_measured() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(Pipeline, PIPELINE | {"serve": WHOLE}, "pipeline.yaml")
    (said,) = str(caught.value).splitlines()[1:]
    assert said.startswith("  serve.conversation: is not measured; set evaluate.conversation to")
    both = parse(Pipeline, PIPELINE | {"serve": WHOLE, "evaluate": WHOLE}, "pipeline.yaml")
    assert both.serve.conversation == both.evaluate.conversation == "whole"
    assert parse(Pipeline, PIPELINE, "pipeline.yaml").serve.conversation == "last"


def mistakes(**settings: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(Pipeline, PIPELINE | settings, "pipeline.yaml")
    return [line.partition(":")[0].strip() for line in str(caught.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"serve": WHOLE | {"max_batch": 0}}, ["serve.max_batch", "serve.conversation"]),
        (
            {"serve": WHOLE, "evaluate": {"resamples": "x"}},
            ["evaluate.resamples", "serve.conversation"],
        ),
        ({"serve": WHOLE, "train": {"base": 5}}, ["train.base", "serve.conversation"]),
        ({"serve": WHOLE, "evaluate": {"conversation": "w"}}, ["evaluate.conversation"]),
        ({"generate": {"passages": 5}}, ["generate.passages", "generate.teacher"]),
        (
            {"generate": {}, "serve": WHOLE | {"proof_suffix": "{"}},
            ["generate.teacher", "serve.proof_suffix", "serve.conversation"],
        ),
        (
            {"generate": {"teacher": {"model": "m", "url": "https://u:p@h/v1"}}, "serve": WHOLE},
            ["generate.teacher.url", "serve.conversation"],
        ),
    ],
)
def test_what_sections_disagree_on_is_told_beside_their_other_mistakes(
    settings: dict[str, object], told: list[str]
) -> None:
    assert mistakes(**settings) == told


@pytest.mark.parametrize("text", ["{", "}", "({quote)", "{quote", "a } b"])
def test_a_brace_without_its_other_one_is_told_with_its_cure(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"\.proof_suffix: a brace without its other one; write"
    ):
        parse(Pipeline, PIPELINE | {"serve": {"proof_suffix": text}}, "pipeline.yaml")
    told = parse(Pipeline, PIPELINE | {"serve": {"proof_suffix": "{{{quote}}}"}}, "pipeline.yaml")
    assert told.serve.proof_suffix.format(quote="q") == "{q}"


@pytest.mark.parametrize("origin", ["intranet.example", "https://a.example/", "https://a b"])
def test_an_origin_has_a_scheme_and_no_path(origin: str) -> None:
    with pytest.raises(SettingsError, match=r"serve\.cors_origins\.0: must be an origin, http"):
        parse(Pipeline, PIPELINE | {"serve": {"cors_origins": [origin]}}, "pipeline.yaml")


@pytest.mark.parametrize("name", [123, True, "Ação", "a" * 200, ""])
def test_a_name_that_is_none_is_one_mistake(name: object) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(Pipeline, PIPELINE | {"name": name}, "pipeline.yaml")
    (said,) = str(caught.value).splitlines()[1:]
    assert said.startswith("  name: must")
