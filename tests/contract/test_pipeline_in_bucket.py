"""A pipeline file that is too large for a release, in a bucket: read, pinned, and gone on with."""

import uuid

import pytest
import yaml
from click.testing import CliRunner
from tests.sources import only_source
from tests.unit.controller.builders import PIPELINE, config_with

from gabarito.commands.pipeline import plan
from gabarito.controller.config import ControllerConfig
from gabarito.controller.pinned_run import ChosenRun, choose_run
from gabarito.controller.state import Memory
from gabarito.core.errors import SettingsError
from gabarito.ingest.web_sources.manners import UrlsSource
from gabarito.pipeline.pipeline_file import open_pipeline_file
from gabarito.pipeline.refresh import plan_current
from gabarito.pipeline.runs import freeze, read_run
from gabarito.store.base import Store
from gabarito.store.open import open_store

MEGABYTE = 2**20


def text_of(steps: int = 10) -> bytes:
    """A pipeline file of a megabyte."""
    count = 10_500
    pages = [f"https://handbook.example.com/{number}/{'x' * 60}" for number in range(count)]
    source = {"type": "urls", "urls": pages}
    settings = {
        **PIPELINE,
        "ingest": {"sources": [source]},
        "train": {**PIPELINE["train"], "steps": steps},
    }
    return yaml.safe_dump(settings).encode()


@pytest.fixture
def bucket(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    store = open_store(f"s3://bucket/{uuid.uuid4()}")
    assert len(text_of()) > MEGABYTE
    store.write("pipelines/handbook.yaml", text_of())
    return store


def config_of(store: Store, **expected: str) -> ControllerConfig:
    address = f"{store.url}/pipelines/handbook.yaml"
    return config_with(store=store.url, pipeline=address, expected=expected)


def chosen_of(config: ControllerConfig, store: Store, memory: Memory) -> ChosenRun:
    return choose_run(config, store, memory, lambda settings: plan_current(store, settings))


def test_a_file_of_a_megabyte_becomes_a_run_that_jobs_read(bucket: Store) -> None:
    config = config_of(bucket, name="handbook", channel="handbook")
    chosen = chosen_of(config, bucket, Memory())
    freeze(bucket, chosen.planned.run)
    found = read_run(bucket, chosen.planned.run.run)  # as a stage's pod does
    assert found.digests[config.pipeline] == open_pipeline_file(config.pipeline).sha256
    assert len(only_source(found.pipeline.ingest, UrlsSource).urls) == 10_500


def test_the_run_goes_on_with_the_file_as_it_was_frozen(bucket: Store) -> None:
    config = config_of(bucket)
    first = chosen_of(config, bucket, Memory())
    freeze(bucket, first.planned.run)
    memory = Memory(pinned=first.pinned)
    bucket.write("pipelines/handbook.yaml", text_of(steps=20))
    again = chosen_of(config, bucket, memory)
    assert (again.planned.run.run, again.pinned) == (first.planned.run.run, first.pinned)
    assert "goes on with the file as it was when it began" in again.warning
    bucket.delete("pipelines/handbook.yaml")
    assert chosen_of(config, bucket, memory).planned.run.run == first.planned.run.run


def test_a_changed_file_is_run_once_its_digest_is_given(bucket: Store) -> None:
    first = chosen_of(config_of(bucket), bucket, Memory())
    freeze(bucket, first.planned.run)
    bucket.write("pipelines/handbook.yaml", text_of(steps=20))
    new = open_pipeline_file(config_of(bucket).pipeline).sha256
    chosen = chosen_of(config_of(bucket, sha256=new), bucket, Memory(pinned=first.pinned))
    assert chosen.planned.run.run != first.planned.run.run
    assert chosen.planned.run.pipeline.train is not None
    assert (chosen.planned.run.pipeline.train.steps, chosen.warning) == (20, "")


def test_another_file_than_the_values_name_is_refused(bucket: Store) -> None:
    with pytest.raises(SettingsError, match=r"its SHA-256 is .*, not 0000"):
        chosen_of(config_of(bucket, sha256="0" * 64), bucket, Memory())
    with pytest.raises(SettingsError, match=r"name is .handbook., and pipeline\.name of the chart"):
        chosen_of(config_of(bucket, name="manual"), bucket, Memory())
    with pytest.raises(SettingsError, match=r"channel is .handbook., and pipeline\.channel"):
        chosen_of(config_of(bucket, channel="manual"), bucket, Memory())


def test_what_was_pinned_and_never_frozen_binds_nothing(bucket: Store) -> None:
    first = chosen_of(config_of(bucket), bucket, Memory())
    bucket.write("pipelines/handbook.yaml", text_of(steps=20))
    again = chosen_of(config_of(bucket), bucket, Memory(pinned=first.pinned))
    assert again.planned.run.run != first.planned.run.run


def test_a_file_that_is_not_there_is_named(bucket: Store) -> None:
    bucket.delete("pipelines/handbook.yaml")
    with pytest.raises(SettingsError, match=r"handbook\.yaml: no such file in the bucket; put"):
        chosen_of(config_of(bucket), bucket, Memory())
    with pytest.raises(SettingsError, match=r"write s3://bucket/key"):
        open_pipeline_file("s3://bucket/")


def test_commands_take_it_too(bucket: Store) -> None:
    address = config_of(bucket).pipeline
    done = CliRunner().invoke(plan, [address, "--store", bucket.url])
    assert done.exit_code == 0, done.output
    assert "of handbook" in done.output
