"""What is done from time to time: old runs are deleted, sources are read again."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gabarito.cli import cli
from gabarito.controller.config import ControllerConfig

from .api_schemas import mistakes
from .helm import Object
from .release import changed, scenario

LONG = "a-name-of-forty-eight-characters-which-is-a-lot"


def job_of(cron: Object) -> Object:
    """The Job that a CronJob makes."""
    job: Object = cron["spec"]["jobTemplate"]["spec"]
    return job


def test_nothing_is_deleted_that_nobody_asked_for() -> None:
    assert not scenario("demo").of_kind("CronJob")
    assert scenario("demo").config.keep_runs is None


def test_old_runs_are_deleted_by_the_command_that_lists_them(tmp_path: Path) -> None:
    cron = scenario("retention").named("CronJob", "demo-gabarito-gc")
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    (container,) = job_of(cron)["template"]["spec"]["containers"]
    assert container["args"] == ["gc", "--keep", "3", "--older-than", "168", "--delete"]
    assert scenario("retention").config.keep_runs == 3
    (tmp_path / "store").mkdir()
    arguments = [*container["args"], "--store", str(tmp_path / "store")]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    dry = changed(tmp_path, "retention", {"retention": {"dryRun": True}})
    assert "--delete" not in str(dry.named("CronJob", "demo-gabarito-gc"))


def test_what_deletes_has_the_bucket_and_no_token_of_the_cluster() -> None:
    pod = scenario("retention").pod("gc")
    assert pod.spec["serviceAccountName"] == "demo-gabarito-stage"
    assert pod.spec["automountServiceAccountToken"] is False
    policy = scenario("retention").named("NetworkPolicy", "demo-gabarito-gc")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= pod.labels.items()
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 80}  # DNS, the bucket, and the node that gives its keys


def test_a_schedule_asks_for_the_pipeline_of_the_release() -> None:
    cron = scenario("retention").named("CronJob", "demo-gabarito-refresh")
    assert (cron["spec"]["schedule"], cron["spec"]["timeZone"]) == ("17 1 * * *", "Europe/Lisbon")
    (container,) = job_of(cron)["template"]["spec"]["containers"]
    assert container["args"] == ["refresh", "handbook"]
    assert {"name": "GABARITO_STORE", "value": "s3://example-bucket/handbook"} in container["env"]


def test_without_a_controller_nobody_would_read_them(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"refresh\.enabled: needs the controller"):
        changed(tmp_path, "retention", {"controller": {"enabled": False}})


@pytest.mark.parametrize("name", ["demo", LONG])
def test_a_name_leaves_room_for_what_kubernetes_adds(name: str, tmp_path: Path) -> None:
    release = changed(tmp_path, "retention", {"fullnameOverride": name})
    names = [each["metadata"]["name"] for each in release.of_kind("CronJob")]
    assert all(len(each) <= 52 and each.startswith(name[:32]) for each in names)


def test_names_and_annotations_are_those_of_all(tmp_path: Path) -> None:
    values = {
        "fullnameOverride": "true",
        "commonAnnotations": {"team": "1"},
        "stageDefaults": {
            "serviceAccountName": "true",
            "sidecars": [{"name": "proxy", "image": "example.com/proxy:1"}],
        },
    }
    for cron in changed(tmp_path, "retention", values).of_kind("CronJob"):
        assert cron["metadata"]["name"].startswith("true-")
        template = job_of(cron)["template"]
        for each in (cron, cron["spec"]["jobTemplate"], template):
            assert each["metadata"]["annotations"] == {"team": "1"}
        assert template["spec"]["serviceAccountName"] == "true"
        (sidecar,) = template["spec"]["initContainers"]
        assert (sidecar["name"], sidecar["restartPolicy"]) == ("proxy", "Always")
        assert mistakes(cron) == []


def test_the_controllers_setting_is_one_that_it_knows() -> None:
    assert "keep_runs" in ControllerConfig.model_fields
