"""Values that make no sense are refused before anything is installed, with their path."""

from pathlib import Path

import pytest
import yaml

from .helm import CHART, Object, helm, template
from .release import merged, scenario

SPOILT = [
    ({"pipeline": {"train": {"learing_rate": 0.1}}}, "/pipeline/train", "learing_rate"),
    ({"pipeline": {"train": {"steps": "many"}}}, "/pipeline/train/steps", "integer"),
    ({"pipeline": {"ingest": {"sources": []}}}, "/pipeline/ingest/sources", "minItems"),
    ({"pipeline": {"name": "Two Words"}}, "/pipeline/name", "pattern"),
    ({"stages": {"train": {"gpus": 1}}}, "/stages/train", "gpus"),
    ({"stages": {"serve": {"replica": 1}}}, "/stages/serve", "replica"),
    ({"stages": {"serve": {"rollout": "blue"}}}, "/stages/serve/rollout", "recreate"),
    ({"stages": {"generate": {"shards": 0}}}, "/stages/generate/shards", "minimum"),
    ({"stages": {"ingest": {"shards": 2}}}, "/stages/ingest", "shards"),
    ({"stages": {"bake": {}}}, "/stages", "bake"),
    ({"stageDefaults": {"extraEnv": [{"value": "x"}]}}, "/stageDefaults/extraEnv/0", "name"),
    ({"conductor": {"resources": {"request": {}}}}, "/conductor/resources", "request"),
    ({"store": {"url": "gs://bucket"}}, "/store/url", "pattern"),
    ({"store": {"endpoint": "s3.example.com"}}, "/store/endpoint", "pattern"),
    ({"image": {"tag": 1}}, "/image/tag", "string"),
    ({"retries": {"bake": 1}}, "/retries", "bake"),
    ({"networkPolicy": {"dns": {"ports": [70000]}}}, "/networkPolicy/dns/ports/0", "maximum"),
    ({"stges": {}}, "at ''", "stges"),
]


@pytest.mark.parametrize(("values", "path", "said"), SPOILT, ids=lambda value: str(value)[:40])
def test_a_message_names_the_path(values: Object, path: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(merged(scenario("demo").values, values)))
    with pytest.raises(ValueError, match="values don't meet the specifications") as refused:
        template(file)
    lines = [line for line in str(refused.value).splitlines() if path in line]
    assert any(said in line for line in lines), str(refused.value)


def test_what_must_be_given_is_asked_for() -> None:
    done = helm("template", "demo", str(CHART))
    assert done.returncode
    for path in ("'/store/url'", "'/pipeline'"):
        assert path in done.stderr
    assert "name" in done.stderr
