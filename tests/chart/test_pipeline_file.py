"""A pipeline file that a release cannot hold, and the one in a bucket that stands for it."""

import json
from pathlib import Path

import pytest

from .helm import Object, template
from .release import Release, merged, scenario

KEY = "pipelines/handbook.yaml"


def written(folder: Path, values: Object) -> Path:
    path = folder / "values.yaml"
    path.write_text(json.dumps(values))
    return path


def in_bucket(folder: Path, *, url: str = KEY, **changes: Object) -> Release:
    """The demo's release, with its pipeline file in the bucket."""
    values = {**scenario("demo").values, "pipeline": {"name": "handbook"}}
    values["pipelineFrom"] = {"url": url}
    return Release(written(folder, merged(values, changes)))


def large(count: int) -> Object:
    pages = [f"https://handbook.example.com/{number}/{'x' * 60}" for number in range(count)]
    return {"pipeline": {"ingest": {"sources": [{"type": "urls", "urls": pages}]}}}


def test_a_file_of_a_megabyte_is_refused_with_the_cure(tmp_path: Path) -> None:
    values = merged(scenario("demo").values, large(11_000))
    with pytest.raises(ValueError, match=r"pipeline: 1\d{6} bytes, more than") as refused:
        template(written(tmp_path, values))
    assert "set pipelineFrom.url to s3://bucket/key" in str(refused.value)


def test_one_of_half_a_megabyte_is_taken(tmp_path: Path) -> None:
    assert template(written(tmp_path, merged(scenario("demo").values, large(5_000))))


@pytest.mark.parametrize(
    ("url", "address"),
    [(KEY, f"s3://gabarito/demo/{KEY}"), ("s3://other/a/b.yaml", "s3://other/a/b.yaml")],
)
def test_the_controller_and_the_test_read_it_from_the_bucket(
    tmp_path: Path, url: str, address: str
) -> None:
    release = in_bucket(tmp_path, url=url, pipelineFrom={"sha256": "a" * 64})
    config = release.config
    assert config.pipeline == address
    expected = config.expected
    assert (expected.name, expected.channel, expected.sha256) == ("handbook", "handbook", "a" * 64)
    assert "pipeline.yaml" not in release.files
    (pod,) = release.of_kind("Pod")
    assert address in pod["spec"]["containers"][0]["command"]
    assert "config" not in [volume["name"] for volume in pod["spec"]["volumes"]]


def test_the_key_in_a_store_on_a_volume_is_a_path(tmp_path: Path) -> None:
    release = in_bucket(tmp_path, store={"url": "file:///store"})
    assert release.config.pipeline == f"/store/{KEY}"


@pytest.mark.parametrize(
    ("base", "requests", "disk"),
    [(2.5, {}, "23500M"), (0, {}, ""), (2.5, {"ephemeral-storage": "9Gi"}, "")],
)
def test_what_train_asks_of_a_disk_if_it_trains_whole_weights_is_for_the_controller(
    tmp_path: Path, base: float, requests: Object, disk: str
) -> None:
    train = {"resources": {"requests": requests}}
    release = in_bucket(tmp_path, modelCache={"baseSizeGB": base}, stages={"train": train})
    assert release.config.expected.full_training_disk == disk
    own = release.pod("train").spec["containers"][0]["resources"]["requests"]
    assert own.get("ephemeral-storage") == ("3500M" if disk else requests.get("ephemeral-storage"))


def test_what_the_chart_cannot_see_in_it_is_allowed(tmp_path: Path) -> None:
    """Pages, the model hub, and a judge that has the teacher's key or one of its own."""
    teacher = {
        "url": "https://t.example.com/v1",
        "existingSecret": "t",
        "judgeSecretKey": "J",
        "deploy": {"enabled": False},
    }
    release = in_bucket(tmp_path, teacher=teacher)
    names = {one["name"] for one in release.pod("evaluate").spec["containers"][0]["env"]}
    assert {"GABARITO_TEACHER_URL", "GABARITO_TEACHER_KEY", "GABARITO_JUDGE_KEY"} <= names
    for stage in ("ingest", "train", "merge", "evaluate"):
        policy = release.named("NetworkPolicy", f"demo-gabarito-{stage}")
        cidrs = json.dumps(policy["spec"]["egress"])
        assert '"0.0.0.0/0"' in cidrs, stage


def test_a_teacher_of_the_releases_own_stands_beside_who_may_ask_it(tmp_path: Path) -> None:
    """Its model's name is in the file, too, and so is whether there is a judge."""
    deploy = {"image": "server:1", "model": "org/teacher"}
    release = in_bucket(tmp_path, teacher={"deploy": deploy})
    for stage in ("generate", "evaluate"):
        (ready,) = [
            one
            for one in release.pod(stage).spec["initContainers"]
            if one["name"] == "teacher-ready"
        ]
        assert ready["args"] == ["wait", "http://127.0.0.1:8100/v1", "--seconds", "1800"]
        policy = release.named("NetworkPolicy", f"demo-gabarito-{stage}")
        assert '"0.0.0.0/0"' in json.dumps(policy["spec"]["egress"]), stage
    (pod,) = release.of_kind("Pod")
    address = f"s3://gabarito/demo/{KEY}"
    assert pod["spec"]["containers"][0]["command"][-2:] == [address, "--no-teacher"]


def test_no_teacher_need_be_named_for_it(tmp_path: Path) -> None:
    none = {"url": "", "deploy": {"enabled": False}}
    assert in_bucket(tmp_path, teacher=none).objects


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"pipeline": {"train": {"steps": 1}}}, "/pipeline", "train"),
        ({"pipeline": {"name": "Two Words"}}, "/pipeline/name", "pattern"),
        ({"pipelineFrom": {"url": "s3://bucket/"}}, "/pipelineFrom/url", "pattern"),
        ({"pipelineFrom": {"url": "https://a/b"}}, "/pipelineFrom/url", "pattern"),
        ({"pipelineFrom": {"sha256": "abc"}}, "/pipelineFrom/sha256", "pattern"),
    ],
    ids=str,
)
def test_a_mistake_names_its_path(tmp_path: Path, changes: Object, path: str, said: str) -> None:
    with pytest.raises(ValueError, match="values don't meet the specifications") as refused:
        in_bucket(tmp_path, **changes)
    lines = [line for line in str(refused.value).splitlines() if path in line]
    assert any(said in line for line in lines), str(refused.value)
