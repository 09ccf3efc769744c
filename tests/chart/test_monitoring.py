"""Every metric that an alert or the dashboard names is one that controller or endpoint have."""

import json
import re
from datetime import UTC, datetime

from prometheus_client.core import Metric

from gabarito.controller.health import Health
from gabarito.controller.state import Observed
from gabarito.serve.metrics import Metrics
from gabarito.serve.model_names import ModelNames

from .release import scenario

NAME = re.compile(r"\bgabarito_\w+")


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    release = scenario("irsa")
    (rule,) = release.of_kind("PrometheusRule")
    dashboard = json.loads(
        release.named("ConfigMap", "demo-gabarito-dashboard")["data"]["demo-gabarito.json"]
    )
    asked = [alert["expr"] for alert in rule["spec"]["groups"][0]["rules"]]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for expression in asked for name in NAME.findall(expression)}
    assert named <= _emitted(), named - _emitted()
    assert len(named) > 10


def test_alerts_are_about_this_release() -> None:
    (rule,) = scenario("irsa").of_kind("PrometheusRule")
    for alert in rule["spec"]["groups"][0]["rules"]:
        assert 'app_kubernetes_io_instance="demo",namespace="team"' in alert["expr"]


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
