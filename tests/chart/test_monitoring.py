"""The dashboard is Grafana's, and of one release; what it and the alerts ask for is there."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.core import Metric

from gabarito.controller.health import Health
from gabarito.controller.state import Observed
from gabarito.serve.metrics import Metrics
from gabarito.serve.model_names import ModelNames

from .helm import CHART, Object, helm
from .release import changed, scenario

NAME = re.compile(r"\bgabarito_\w+")
VALUES = CHART / "ci/irsa-values.yaml"


def dashboard_of(rendered: list[Object]) -> tuple[str, Object]:
    """Return the dashboard's file name and its content."""
    (held,) = [
        each for each in rendered if "grafana_dashboard" in each["metadata"].get("labels", {})
    ]
    ((name, text),) = held["data"].items()
    return name, json.loads(text)


def release_of(name: str, namespace: str) -> list[Object]:
    """Return what helm renders for another release of the same values."""
    done = helm("template", name, str(CHART), "--namespace", namespace, "--values", str(VALUES))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def expressions(dashboard: Object) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def lost(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401  # any JSON
    """Yield what is not the same after Grafana's schema has read and written it."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs.get(key), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{place}[{number}]")
    elif ours != theirs:
        yield f"{place}: {ours!r} became {theirs!r}"


def read_back(dashboard: Object) -> Object:
    """Return a dashboard as Grafana's schema has it."""
    register_default_plugins()
    text = JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard))
    found: Object = json.loads(text)
    return found


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    release = scenario("irsa")
    (rule,) = release.of_kind("PrometheusRule")
    asked = [alert["expr"] for alert in rule["spec"]["groups"][0]["rules"]]
    asked += expressions(dashboard_of(release.objects)[1])
    named = {name for expression in asked for name in NAME.findall(expression)}
    assert named <= _emitted(), named - _emitted()
    assert len(named) > 20


def test_grafana_s_schema_knows_all_of_the_dashboard() -> None:
    _, dashboard = dashboard_of(scenario("irsa").objects)
    assert list(lost(dashboard, read_back(dashboard))) == []
    dashboard["panels"][0]["targets"][0]["expresion"] = "up"
    assert [*lost(dashboard, read_back(dashboard))] != []


def test_the_dashboard_asks_for_its_own_release() -> None:
    _, dashboard = dashboard_of(scenario("irsa").objects)
    assert dashboard["title"] == "Gabarito: handbook (team/demo)"
    assert dashboard["tags"] == ["gabarito", "handbook"]
    constants = {one["name"]: one["query"] for one in dashboard["templating"]["list"]}
    assert constants == {"datasource": "prometheus", "namespace": "team", "release": "demo"}
    for expression in expressions(dashboard):
        selected = 'namespace="$namespace",app_kubernetes_io_instance="$release"'
        assert expression.count(selected) == len(NAME.findall(expression))


def test_releases_do_not_replace_each_other_s_dashboards() -> None:
    places = [("demo", "team"), ("demo", "other"), ("second", "team")]
    found = [dashboard_of(release_of(*place)) for place in places]
    for key in ("uid", "title"):
        assert len({dashboard[key] for _, dashboard in found}) == len(places)
    assert len({name for name, _ in found}) == len(places)  # the sidecar has one folder for all
    for _, dashboard in found:
        assert 8 <= len(dashboard["uid"]) <= 40  # what Grafana takes


def test_a_dashboard_has_its_own_annotations_and_those_of_all(tmp_path: Path) -> None:
    own, common = {"grafana_folder": "Models"}, {"team": "language"}
    dashboard = {"monitoring": {"dashboard": {"annotations": own}}}
    release = changed(tmp_path, "irsa", {"commonAnnotations": common, **dashboard})
    (held,) = [
        each
        for each in release.of_kind("ConfigMap")
        if each["metadata"]["name"].endswith("-dashboard")
    ]
    assert held["metadata"]["annotations"] == {**own, **common}


def test_panels_do_not_lie_on_one_another() -> None:
    _, dashboard = dashboard_of(scenario("irsa").objects)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in dashboard["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def _emitted() -> set[str]:
    health = Health()
    health.is_leader = True
    health.observed = Observed(now=datetime.now(UTC), owner_uid="", steps={})
    families: list[Metric] = [
        *health.collect(),
        *Metrics(ModelNames("m"), lambda: 0).registry.collect(),
    ]
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    return {
        family.name + suffix for family in families for suffix in suffixes.get(family.type, [""])
    }
