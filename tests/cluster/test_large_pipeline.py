"""A pipeline file of a megabyte: refused in the values, run from the bucket, and pinned there."""

import copy

import pytest
import yaml

from gabarito.pipeline.pipeline_file import open_pipeline_file
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import parse_pipeline
from gabarito.store.base import Store

from .conftest import Open
from .kubectl import Object, holds, until
from .quick import quick

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]

KEY = "pipelines/large.yaml"


def large(pipeline: Object) -> bytes:
    """A pipeline file of a megabyte; what makes it so large says nothing."""
    return yaml.safe_dump(pipeline).encode() + b"# nothing\n" * 110_000


def test_a_large_pipeline_is_run_from_the_bucket_and_pinned(
    open_release: Open, demo_values: Object, store: Store
) -> None:
    values = quick(demo_values, "large", steps=81)
    pipeline = copy.deepcopy(values["pipeline"])
    store.write(KEY, large(pipeline))
    values["pipeline"] = {"name": pipeline["name"], "channel": pipeline["channel"]}
    values["pipelineFrom"] = {"url": KEY}
    release = open_release("large", values)
    release.install()
    run = new_run(parse_pipeline(open_pipeline_file(f"{store.url}/{KEY}"))).run
    until("train has ended", lambda: _is_complete(release.jobs("train", run)), 900)
    store.write(KEY, large({**pipeline, "train": {**pipeline["train"], "steps": 82}}))
    (pod,) = release.controllers()
    release.kubectl("delete", "pod", pod["metadata"]["name"])
    until("it says that the file changed", lambda: release.events("PipelineChanged"), 120)
    assert holds(lambda: len(release.kubectl.find("Job")) <= 6, 15)


def _is_complete(jobs: list[Object]) -> bool:
    return bool(jobs) and bool(jobs[-1].get("status", {}).get("succeeded"))
