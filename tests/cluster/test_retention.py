"""Old runs go and what is served stays; sources are read again, and nothing is paid where nothing
changed."""

import copy
from functools import partial

import pytest

from gabarito.artifacts.artifact import open_artifact
from gabarito.core.settings import parse
from gabarito.pipeline.refresh import read_refreshes
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import Pipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .conftest import Open
from .kubectl import Object, until
from .quick import fresh
from .release import CONTROLLER, FULLNAME, RUN_LABEL, STAGE_LABEL, Release

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(3000)]

RATES = (3e-3, 2e-3, 1.5e-3)


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    values = fresh(demo_values, "retention")
    values["retention"] = {"enabled": True, "keep": 1}
    values["refresh"] = {"enabled": True, "suspend": True}
    return open_release("retention", values)


@pytest.fixture(scope="module")
def store(release: Release) -> Store:
    return open_store(release.values["store"]["url"])


@pytest.fixture(scope="module")
def runs(release: Release) -> list[Run]:
    """Three runs that were promoted, one after another."""
    found: list[Run] = []
    served: str | None = None
    for rate in RATES:
        release.values["pipeline"]["train"]["learning_rate"] = rate
        if found:
            release.upgrade()
        else:
            release.install()
        before = served
        served = until("its model is served", partial(_served_after, release, before), 900)
        found.append(release.run)
    return found


def test_only_the_jobs_of_the_last_run_stay(release: Release, runs: list[Run]) -> None:
    def left() -> set[str]:
        jobs = release.kubectl.find("Job", **{STAGE_LABEL: "train"})
        return {job["metadata"]["labels"][RUN_LABEL] for job in jobs}

    until("others are deleted", lambda: left() == {runs[-1].run}, 120)


def test_what_no_channel_names_goes_and_the_endpoint_answers(
    release: Release, runs: list[Run], store: Store
) -> None:
    first, second, third = runs
    where = ("exec", f"deployment/{CONTROLLER}", "--", "gabarito", "gc", "--keep", "1")
    listed = release.kubectl(*where, "--older-than", "0")
    assert f"run {first.run} of" in listed
    assert f"run {second.run} of" not in listed  # the channel's model before
    release.kubectl(*where, "--older-than", "0", "--delete")
    assert open_artifact(store, first.address("merge")) is None
    for run in (second, third):
        for stage in run.fingerprints:
            assert open_artifact(store, run.address(stage)) is not None, stage
    release.kubectl("rollout", "restart", f"deployment/{FULLNAME}-serve")
    release.wait_served()
    release.ask("Quem foi o campeão?")


def test_the_cron_job_runs_as_it_is(release: Release, runs: list[Run]) -> None:
    assert runs
    release.kubectl("create", "job", "gc-now", f"--from=cronjob/{FULLNAME}-gc")
    release.kubectl("wait", "job/gc-now", "--for=condition=complete", "--timeout=300s")
    assert "0 things of runs before the last 1" in release.kubectl("logs", "job/gc-now")


def test_where_sources_say_nothing_new_nothing_but_ingest_runs(
    release: Release, runs: list[Run], store: Store
) -> None:
    served, last = release.wait_served(), runs[-1]
    release.kubectl("create", "job", "refresh-now", f"--from=cronjob/{FULLNAME}-refresh")
    (event,) = until("it is refreshed", lambda: release.events("Refreshed"), 300)
    assert f"nothing new, run {last.run} stays" in event["message"]
    told = read_refreshes(store, last.pipeline.name)
    assert (told.asked, told.settled, told.taken) == (1, 1, 0)
    until("what was planned is deleted", lambda: _others(release, last) <= {"ingest", ""}, 60)
    values = copy.deepcopy(release.values["pipeline"])
    values["ingest"]["rerun"] = 1
    tried = new_run(parse(Pipeline, values, "values"))
    assert open_artifact(store, tried.address("ingest")) is not None
    assert open_artifact(store, tried.address("generate")) is None
    assert release.wait_served() == served


def _served_after(release: Release, before: str | None) -> str | None:
    """Return the digest of what is served once it is not what was served before."""
    served = release.served()
    return None if served == before else served


def _others(release: Release, run: Run) -> set[str]:
    """Return the stages of the Jobs of other runs than this one."""
    labels = [job["metadata"]["labels"] for job in release.kubectl.find("Job")]
    return {each.get(STAGE_LABEL, "") for each in labels if each.get(RUN_LABEL) != run.run}
