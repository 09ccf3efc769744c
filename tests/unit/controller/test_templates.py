from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from gabarito.controller.config import ControllerConfig, Sharded, read_config
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.metadata import owned
from gabarito.controller.templates import TTL, Template, endpoint_body, job_body, read_templates
from gabarito.core.errors import SettingsError
from gabarito.pipeline.stages import STAGES

from .builders import CONFIG, NOW, RUN, A, config_with, desired

RUN_OF = desired().run


def stage_body(args: Any = ("train",)) -> Object:  # noqa: ANN401
    container = {"name": "stage", "args": list(args) if isinstance(args, tuple) else args}
    template = {"spec": {"containers": [{"name": "sidecar"}, container]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {}, "spec": {"template": template}}


def serve_body(name: str = "demo-serve") -> Object:
    template = {"spec": {"containers": [{"name": "serve", "args": ["serve"]}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"team": "docs"}},
        "spec": {"template": template},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for stage in STAGES:
        (tmp_path / f"{stage}.yaml").write_text(yaml.safe_dump(stage_body()))
    (tmp_path / "serve.yaml").write_text(yaml.safe_dump(serve_body()))
    return tmp_path


def made(attempt: int = 1, stage: str = "train", **changes: object) -> Object:
    template = Template(stage_body(), "digest")
    return job_body(config_with(**changes), template, RUN_OF, stage, attempt)


def container(body: Object) -> Object:
    last: Object = body["spec"]["template"]["spec"]["containers"][-1]
    return last


@pytest.mark.parametrize(
    ("asked", "given"),
    [({}, None), ({TTL: None}, None), ({TTL: 60}, 2592000), ({TTL: 10**7}, 10**7)],
)
def test_a_job_expires_late_until_its_end_was_seen(asked: Object, given: int | None) -> None:
    template = stage_body()
    template["spec"] |= asked
    body = job_body(config_with(), Template(template, "digest"), RUN_OF, "train", 1)
    assert body["spec"].get(TTL) == given


def test_a_job_is_its_template_and_what_tells_it_apart() -> None:
    body = made(retries={"train": 3})
    labels = {meta.INSTANCE: "demo", meta.STAGE: "train", meta.RUN: RUN, meta.ATTEMPT: "1"}
    annotations = {meta.FINGERPRINT: "train-now", meta.TEMPLATE: "digest", meta.RETRIES: "3"}
    assert body["metadata"] == {
        "name": f"demo-gabarito-{RUN}-train",
        "namespace": "team-a",
        "labels": labels,
        "annotations": annotations,
    }
    assert body["spec"]["template"]["metadata"]["labels"] == labels
    assert body["spec"]["suspend"] is True
    assert container(body)["args"] == ["train", "--run", RUN]


@pytest.mark.parametrize(
    ("method", "stage", "asked"),
    [("full", "train", {"ephemeral-storage": "21000M"}), ("lora", "train", None),
     ("full", "merge", None)],
)  # fmt: skip
def test_a_training_of_whole_weights_asks_for_their_disk(
    method: str, stage: str, asked: Object | None
) -> None:
    train = RUN_OF.pipeline.section("train").model_copy(update={"method": method})
    run = RUN_OF.model_copy(
        update={"pipeline": RUN_OF.pipeline.model_copy(update={"train": train})}
    )
    config = config_with(expected={"full_training_disk": "21000M"})
    body = job_body(config, Template(stage_body(), "digest"), run, stage, 1)
    assert container(body).get("resources", {}).get("requests") == asked


def test_another_attempt_is_another_job() -> None:
    body = made(attempt=2)
    assert body["metadata"]["name"].endswith("-train-a2")
    assert body["metadata"]["labels"][meta.ATTEMPT] == "2"


def test_the_template_is_not_changed_by_what_is_made_of_it() -> None:
    template = Template(stage_body(), "digest")
    first = job_body(config_with(), template, RUN_OF, "train", 1)
    assert job_body(config_with(), template, RUN_OF, "train", 1) == first
    assert template.body == stage_body()


def test_a_queue_gates_a_job_by_annotation() -> None:
    body = made(queue="gpus")
    assert body["metadata"]["labels"][meta.QUEUE] == "gpus"
    assert body["metadata"]["annotations"][meta.QUEUE_GATE] == meta.QUEUE_GATE_OWNER


@pytest.mark.parametrize("stage", ["ingest", "generate"])
def test_a_stage_is_split_into_shards_and_no_other_is(stage: str) -> None:
    body = made(stage=stage, shards={stage: 4})
    assert container(body)["args"][-2:] == ["--shard", "$(JOB_COMPLETION_INDEX)/4"]
    spec = body["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 4, 4)
    assert "completionMode" not in made(shards={stage: 4})["spec"]
    assert "completionMode" not in made(stage=stage)["spec"]


def test_the_stages_that_may_be_split_are_those_that_say_so() -> None:
    assert get_args(Sharded) == tuple(name for name, stage in STAGES.items() if stage.is_sharded)


def test_the_files_before_another_engine_are_of_the_model_that_is_served() -> None:
    template = serve_body()
    first = [{"name": "proxy"}, {"name": "model", "args": ["export", "folder"]}]
    template["spec"]["template"]["spec"]["initContainers"] = first
    body = endpoint_body(config_with(), Template(template, "digest"), A, NOW)
    assert body["spec"]["template"]["spec"]["initContainers"] == [
        {"name": "proxy"},
        {"name": "model", "args": ["export", "folder", "--digest", A]},
    ]
    assert container(body)["args"] == ["serve", "--model-digest", A]


def test_an_endpoint_is_its_template_and_its_model() -> None:
    body = endpoint_body(config_with(), Template(serve_body(), "digest"), A, NOW)
    assert container(body)["args"] == ["serve", "--model-digest", A]
    assert body["metadata"]["annotations"] == {
        "team": "docs",
        meta.MODEL: A,
        meta.TEMPLATE: "digest",
        meta.APPLIED: "2026-05-01T12:00:00+00:00",
        meta.VERIFIED: "",
    }
    assert body["spec"]["template"]["metadata"]["annotations"] == {meta.MODEL: A}


def test_the_owner_owns_without_control() -> None:
    (owner,) = owned(stage_body(), "owner", "uid")["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": "uid",
        "controller": False,
        "blockOwnerDeletion": False,
    }


def test_digests_change_with_what_decides_a_job(folder: Path) -> None:
    before = read_templates(config_with(templates=str(folder)))
    again = read_templates(config_with(templates=str(folder)))
    assert before == again
    sharded = read_templates(config_with(templates=str(folder), shards={"generate": 2})).stages
    changed = [stage for stage in STAGES if sharded[stage].digest != before.stages[stage].digest]
    assert changed == ["generate"]
    queued = read_templates(config_with(templates=str(folder), queue="gpus"))
    assert all(queued.stages[stage].digest != before.stages[stage].digest for stage in STAGES)
    assert queued.serve.digest == before.serve.digest


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("train", {"kind": "Job", "apiVersion": "batch/v2"}, "not a batch/v1 Job"),
        ("train", ["a list"], "not a batch/v1 Job"),
        ("serve", stage_body(), "not a apps/v1 Deployment"),
        ("train", {**stage_body(), "spec": None}, "no container 'stage'"),
        ("train", {**stage_body(), "spec": {"template": {"spec": {"containers": []}}}}, "no cont"),
        ("train", stage_body(args="train"), "are not a list"),
        ("serve", serve_body(name=""), "are not a list|no name"),
        ("serve", {**serve_body(), "metadata": {}}, "no name"),
    ],
)
def test_a_template_that_is_none_says_which(
    folder: Path, name: str, body: object, message: str
) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(body))
    with pytest.raises(SettingsError, match=message) as raised:
        read_templates(config_with(templates=str(folder)))
    assert f"{name}.yaml" in str(raised.value)


def test_a_template_that_is_missing_says_which(folder: Path) -> None:
    (folder / "merge.yaml").unlink()
    with pytest.raises(SettingsError, match=r"merge\.yaml: no such file"):
        read_templates(config_with(templates=str(folder)))


@pytest.mark.parametrize("length", [1, 20, 32, 33, 40, 53])
def test_names_fit_whatever_the_release_is_called(length: int) -> None:
    for stage in STAGES:
        name = meta.job_name("r" * length, RUN, stage, 99)
        assert len(f"{name}-9999") <= 63
        assert name.endswith(f"-{RUN}-{stage}-a99")
    job_set = meta.job_name("r" * length, RUN, "train", 99)
    assert len(f"{job_set}-t-0-98-abcde") <= 63  # one of its pods
    assert meta.job_name("r" * 40 + "a", RUN, "train") != meta.job_name(
        "r" * 40 + "b", RUN, "train"
    )


def test_settings_are_read_with_paths_from_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "controller.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    config = read_config(path)
    assert config.templates == str(tmp_path / "templates")
    assert config.pipeline == str(tmp_path / "pipeline.yaml")
    assert (config.queue, config.shards, config.serve.questions) == ("", {}, 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shards": {"ingest": 0}}, "shards.ingest: must be at least 1"),
        ({"quue": "gpus"}, "quue: unknown setting; did you mean queue?"),
        ({"retries": {"trian": 1}}, "retries.trian"),
        ({"retries": {"train": -1}}, "retries.train: must be at least 0"),
        ({"serve": {"service": "demo"}}, "serve.service"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace(".", r"\.").replace("?", r"\?")):
        config_of(changes)


def config_of(changes: dict[str, Any]) -> ControllerConfig:
    return config_with(**changes)
