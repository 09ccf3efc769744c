"""The alerts, played through by promtool; each has a runbook, also in a packaged chart."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .helm import CHART, ROOT, built, helm, objects
from .release import changed, scenario

RUNBOOKS = ROOT / "docs/troubleshooting.md"
HOME = "https://git.example.com/team/gabarito"
RELEASE = 'namespace="team",app_kubernetes_io_instance="demo"'
SEVERITIES = {"critical", "info", "warning"}
PROMTOOL_S = 120
Rule = dict[str, Any]


def rules_of(rendered: list[Rule]) -> list[Rule]:
    """Return the alerts of a rendered release."""
    (rule,) = [each for each in rendered if each["kind"] == "PrometheusRule"]
    (group,) = rule["spec"]["groups"]
    found: list[Rule] = group["rules"]
    return found


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool: that of the PATH, or the one that k8s/dev gets."""
    found = shutil.which("promtool") or shutil.which("promtool", path=str(built()))
    assert found, f"no promtool on the PATH or in {built()}; run k8s/dev/cluster build promtool"
    return subprocess.run(
        [found, *arguments], capture_output=True, text=True, check=False, timeout=PROMTOOL_S
    )


@pytest.fixture(scope="module")
def alerts() -> list[Rule]:
    return rules_of(scenario("irsa").objects)


@pytest.fixture(scope="module")
def rules(alerts: list[Rule], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "demo", "rules": alerts}]}))
    return path


def expected(tests: list[Rule], alerts: list[Rule]) -> list[Rule]:
    """Return the tests with what every alert of a release has: its own labels and annotations."""
    by_name = {alert["alert"]: alert for alert in alerts}
    for test in tests:
        for case in test["alert_rule_test"]:
            alert = by_name[case["alertname"]]
            for told in case.setdefault("exp_alerts", []):
                labels = told["exp_labels"]
                told["exp_labels"] = {**alert["labels"], **labels}
                stage = labels.get("stage", "")
                told["exp_annotations"] = {
                    name: text.replace("{{ $labels.stage }}", stage)
                    for name, text in alert["annotations"].items()
                }
                assert labels["severity"] == alert["labels"]["severity"]
    return tests


def test_promtool_takes_the_rules(rules: Path) -> None:
    done = promtool("check", "rules", str(rules))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_raised_when_it_should_be(rules: Path, alerts: list[Rule]) -> None:
    text = (Path(__file__).parent / "alerts_test.yaml").read_text().replace("%RELEASE%", RELEASE)
    tests = expected(yaml.safe_load(text), alerts)
    path = rules.with_name("tests.yaml")
    path.write_text(
        yaml.safe_dump({"rule_files": [rules.name], "evaluation_interval": "1m", "tests": tests})
    )
    done = promtool("test", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    raised = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert raised == {alert["alert"] for alert in alerts}


def test_alerts_are_about_this_release_and_say_so(alerts: list[Rule]) -> None:
    for alert in alerts:
        named = len(re.findall(r"gabarito_\w+\{", alert["expr"]))
        assert alert["expr"].count('app_kubernetes_io_instance="demo",namespace="team"') == named
        labels = dict(alert["labels"])
        assert labels.pop("severity") in SEVERITIES
        assert labels == {"namespace": "team", "release": "demo", "pipeline": "handbook"}
        assert "handbook" in alert["annotations"]["summary"]
        assert alert["annotations"]["description"]


def test_each_alert_has_a_runbook(alerts: list[Rule]) -> None:
    headings = re.findall(r"^### (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {alert["alert"] for alert in alerts} <= set(headings)


def test_a_packaged_chart_leads_to_the_runbooks_of_its_version(tmp_path: Path) -> None:
    folder = tmp_path / "gabarito"
    shutil.copytree(CHART, folder)
    chart = yaml.safe_load((folder / "Chart.yaml").read_text())
    (folder / "Chart.yaml").write_text(yaml.safe_dump({**chart, "home": HOME}))
    packed = helm("package", str(folder), "--destination", str(tmp_path))
    assert packed.returncode == 0, packed.stderr
    (archive,) = tmp_path.glob("*.tgz")
    where = ("--namespace", "team", "--values", str(CHART / "ci/irsa-values.yaml"))
    done = helm("template", "demo", str(archive), *where)
    page = f"{HOME}/blob/v{chart['appVersion']}/{RUNBOOKS.relative_to(ROOT)}"
    for alert in rules_of([each for each in yaml.safe_load_all(done.stdout) if each]):
        assert alert["annotations"]["runbook_url"] == f"{page}#{alert['alert'].lower()}"


def test_runbooks_may_be_a_page_of_ones_own(tmp_path: Path) -> None:
    page = "https://wiki.example.com/gabarito"
    runbooks = {"monitoring": {"prometheusRule": {"runbooks": page}}}
    for alert in rules_of(changed(tmp_path, "irsa", runbooks).objects):
        assert alert["annotations"]["runbook_url"] == f"{page}#{alert['alert'].lower()}"


def test_a_chart_that_is_not_published_names_no_page_that_is_not_there() -> None:
    for alert in rules_of(objects(CHART / "ci/irsa-values.yaml")):
        assert "runbook_url" not in alert["annotations"]
