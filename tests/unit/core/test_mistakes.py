import re

import pytest
from pydantic import BaseModel

from gabarito.controller.config import ControllerConfig
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.mistakes import _PATTERNS
from gabarito.core.records import Fact, read_jsonl
from gabarito.core.settings import parse
from gabarito.pipeline.schema import Pipeline


def patterns_in(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(patterns_in, schema))
    if not isinstance(schema, dict):
        return set()
    here = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
    return here.union(*map(patterns_in, schema.values()))


@pytest.mark.parametrize("model", [Pipeline, ControllerConfig])
def test_every_pattern_of_the_settings_has_a_sentence(model: type[BaseModel]) -> None:
    patterns = patterns_in(model.model_json_schema())
    assert patterns
    assert patterns <= set(_PATTERNS)


@pytest.mark.parametrize("data", [None, [1], "text", 7])
def test_a_file_of_another_shape_is_told_in_words(data: object) -> None:
    with pytest.raises(SettingsError, match="file: must be a group of names and values"):
        parse(Pipeline, data, "pipeline.yaml")


def test_a_long_value_is_not_printed_whole() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(Pipeline, "x" * 1_000_000, "pipeline.yaml")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("line", ["7", "{", '{"id": 7}'])
def test_a_line_that_is_no_record_is_told_in_words(line: str) -> None:
    with pytest.raises(DataError) as caught:
        list(read_jsonl([line], Fact, "facts.jsonl"))
    assert not re.search("valid|instance|Input|dictionary", str(caught.value))
