"""Values that make no sense are refused before anything is installed, with their path."""

from pathlib import Path

import pytest
import yaml

from .helm import CHART, Object, helm, template
from .release import Release, changed, merged, scenario
from .values import Value, read_values

SPOILT = [
    ({"pipeline": {"train": {"learing_rate": 0.1}}}, "/pipeline/train", "learing_rate"),
    ({"pipeline": {"train": {"steps": "many"}}}, "/pipeline/train/steps", "integer"),
    ({"pipeline": {"ingest": {"sources": []}}}, "/pipeline/ingest/sources", "minItems"),
    ({"pipeline": {"name": "Two Words"}}, "/pipeline/name", "pattern"),
    ({"stages": {"train": {"gpus": 1}}}, "/stages/train", "gpus"),
    ({"stages": {"serve": {"replica": 1}}}, "/stages/serve", "replica"),
    ({"stages": {"serve": {"strategy": "blue"}}}, "/stages/serve/strategy", "Recreate"),
    ({"stages": {"generate": {"shards": 0}}}, "/stages/generate/shards", "minimum"),
    ({"stages": {"ingest": {"shards": 501}}}, "/stages/ingest/shards", "maximum"),
    ({"stages": {"curate": {"shards": 2}}}, "/stages/curate", "shards"),
    ({"stages": {"bake": {}}}, "/stages", "bake"),
    ({"stageDefaults": {"extraEnv": [{"value": "x"}]}}, "/stageDefaults/extraEnv/0", "name"),
    ({"controller": {"resources": {"request": {}}}}, "/controller/resources", "request"),
    ({"conductor": {"enabled": True}}, "/conductor", "called controller now"),
    ({"serviceAccount": {"conductor": {}}}, "/serviceAccount/conductor", "called controller now"),
    ({"stages": {"serve": {"rollout": "surge"}}}, "/serve/rollout", "called strategy now"),
    ({"store": {"url": "gs://bucket"}}, "/store/url", "pattern"),
    ({"store": {"endpoint": "s3.example.com"}}, "/store/endpoint", "pattern"),
    ({"image": {"tag": 1}}, "/image/tag", "string"),
    ({"retries": {"bake": 1}}, "/retries", "bake"),
    ({"networkPolicy": {"dns": {"ports": [70000]}}}, "/networkPolicy/dns/ports/0", "maximum"),
    ({"stges": {}}, "at ''", "stges"),
    ({"fullnameOverride": "Foo_Bar"}, "/fullnameOverride", "pattern"),
    ({"nameOverride": "two words"}, "/nameOverride", "pattern"),
    ({"queue": "Two Words"}, "/queue", "pattern"),
    ({"image": {"digests": {"train": "latest"}}}, "/image/digests/train", "pattern"),
    ({"image": {"digests": {"curate": "x"}}}, "/image/digests", "curate"),
    (
        {"stages": {"train": {"extraEnv": [{"name": "DEBUG", "value": 1}]}}},
        "/stages/train/extraEnv/0/value",
        "string",
    ),
    (
        {"stageDefaults": {"sidecars": [{"name": "s", "env": [{"name": "A", "value": True}]}]}},
        "/stageDefaults/sidecars/0/env/0/value",
        "string",
    ),
    ({"commonLabels": {"cost-centre": 42}}, "/commonLabels/cost-centre", "string"),
    ({"commonAnnotations": {"a": True}}, "/commonAnnotations/a", "string"),
    ({"global": {"imageRegistry": 5}}, "/global/imageRegistry", "string"),
    ({"stages": {"serve": {"service": {"ipFamilies": ["IPv5"]}}}}, "/ipFamilies/0", "IPv6"),
    ({"stages": {"serve": {"service": {"ipFamilyPolicy": "Dual"}}}}, "/ipFamilyPolicy", "Prefer"),
    ({"stages": {"serve": {"ingress": {"path": "v1"}}}}, "/serve/ingress/path", "pattern"),
    ({"stages": {"serve": {"ingress": {"host": "a"}}}}, "/serve/ingress", "host"),
    ({"stages": {"train": {"parallelism": 2}}}, "/stages/train", "parallelism"),
    ({"stageDefaults": {"hostAliases": [{"ip": "::1"}]}}, "/hostAliases/0", "hostnames"),
    ({"stageDefaults": {"dnsPolicy": "Mine"}}, "/stageDefaults/dnsPolicy", "ClusterFirst"),
    ({"controller": {"probes": {"ready": {}}}}, "/controller/probes", "ready"),
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


def test_a_teacher_must_be_named_somewhere(tmp_path: Path) -> None:
    nowhere = {"teacher": {"deploy": {"enabled": False}}}
    with pytest.raises(ValueError, match=r"teacher\.url: must be given"):
        changed(tmp_path, "demo", nowhere)
    inside = {"generate": {"teacher": {"url": "http://teacher/v1"}}}
    assert changed(tmp_path, "demo", {**nowhere, "pipeline": inside}).objects


def test_shards_need_the_controller(tmp_path: Path) -> None:
    values = {"controller": {"enabled": False}, "stages": {"generate": {"shards": 2}}}
    with pytest.raises(
        ValueError, match=r"stages\.generate\.shards: the controller tells each pod"
    ):
        changed(tmp_path, "demo", values)


def test_alerts_need_the_controller(tmp_path: Path) -> None:
    values = {
        "controller": {"enabled": False},
        "monitoring": {"prometheusRule": {"enabled": True}},
    }
    with pytest.raises(ValueError, match=r"monitoring\.prometheusRule\.enabled: its alerts need"):
        changed(tmp_path, "demo", values)


def test_pairs_alone_need_no_teacher(tmp_path: Path) -> None:
    pairs = {"type": "pairs", "path": "s3://b/p.csv", "question": "q", "answer": "a"}
    without = {"deploy": {"enabled": False}}
    alone = {"teacher": without, "pipeline": {"ingest": {"sources": [pairs]}}}
    assert changed(tmp_path, "demo", alone).objects


def test_null_is_refused_where_there_must_be_something(tmp_path: Path) -> None:
    needed = [value for value in _settable() if value.is_needed]
    with pytest.raises(ValueError, match="values don't meet") as refused:
        _without(tmp_path, needed)
    for value in needed:
        assert f"'{value.path[-1]}'" in str(refused.value), value.path


def test_null_is_nothing_where_nothing_is_the_default_or_a_map_is(tmp_path: Path) -> None:
    optional = [value for value in _settable() if not value.is_needed]
    assert len(optional) > 50
    release = _without(tmp_path, optional)
    config, _ = release.written(tmp_path)
    assert (config.queue, config.retries) == ("", {})
    assert release.pod("train").spec["containers"][0]["args"] == ["train"]


def _settable() -> list[Value]:
    """The leaves of values.yaml, but what must be given and what stageDefaults has too."""
    leaves = [value for value in read_values(CHART / "values.yaml") if value.is_leaf]
    common = {value.path[1:2] for value in leaves if value.path[0] == "stageDefaults"}
    given = ("store", "teacher", "pipeline")
    return [
        value
        for value in leaves
        if value.path[0] not in given
        and not (value.path[0] == "stages" and value.path[2:3] in common)
    ]


def _without(folder: Path, values: list[Value]) -> Release:
    changes: Object = {}
    for value in values:
        section = changes
        for key in value.path[:-1]:
            section = section.setdefault(key, {})
        section[value.path[-1]] = None
    return changed(folder, "demo", changes)
