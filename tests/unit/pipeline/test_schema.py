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
