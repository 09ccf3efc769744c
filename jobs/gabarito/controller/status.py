"""A release read from its cluster: the state of its stages, what is served, and why it waits.

Lease, Jobs, pods  ->  lines for people
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    DEPLOYMENTS,
    JOB_SETS,
    JOBS,
    LEASES,
    PODS,
    Cluster,
    Object,
    annotations_of,
    controller_of,
    labels_of,
    time_of,
)
from gabarito.controller.kube.diagnose import Scope, last_termination, problem_of_pods
from gabarito.controller.kube.parse import attempt_of
from gabarito.controller.summary import StageSummary, read_summary
from gabarito.core.errors import DataError, MissingError
from gabarito.pipeline.stages import STAGES

EXPIRED = timedelta(seconds=45)
"""A Lease that was not renewed for so long has no holder: three times its duration, since the
clocks of this machine and of the holder's node may differ.
"""

CONTROLLERS = f"{meta.PART_OF}=gabarito,{meta.COMPONENT}=controller"
"""Selects the controllers of a namespace: no value of the chart changes these labels."""


def status_lines(cluster: Cluster, release: str | None) -> Iterator[str]:
    """Yield the status of a release, or of the only one of the namespace, line by line.

    Raises:
        MissingError: if there is no such release.
        DataError: if there are several and none is named.
    """
    controller = _find_controller(cluster, release)
    found = labels_of(controller).get(meta.INSTANCE, "")
    lease = cluster.read(LEASES, controller["metadata"]["name"])
    summary = read_summary(annotations_of(lease).get(meta.SUMMARY) if lease else None)
    jobs = _jobs_of(cluster, found, summary.run) if summary.run else []
    run = f"run {summary.run} of {summary.pipeline}" if summary.run else "no run yet"
    yield f"release {found} in namespace {cluster.namespace}: {run}"
    for stage in STAGES if summary.run else ():
        shown = summary.stages.get(stage, StageSummary(state="planned"))
        details = _details(shown, [job for job in jobs if labels_of(job)[meta.STAGE] == stage])
        yield f"  {stage:9} {shown.state:9} {details}".rstrip()
    for name, text in (
        ("gate", summary.gate),
        ("serves", summary.served),
        *(("warning", warning) for warning in summary.warnings),
        ("problem", summary.problem),
    ):
        if text:
            yield f"{name:10} {text}"
    if reason := _why_not_running(cluster, controller, lease):
        yield f"controller does not run: {reason}"


def _jobs_of(cluster: Cluster, release: str, run: str) -> list[Object]:
    """Return the Jobs of a run, with the JobSets in place of those that these made."""
    selector = f"{meta.INSTANCE}={release},{meta.STAGE},{meta.RUN}={run}"
    jobs = cluster.list(JOBS, selector)
    own = [job for job in jobs if controller_of(job).get("kind") != JOB_SETS.kind]
    return own if len(own) == len(jobs) else [*own, *cluster.list(JOB_SETS, selector)]


def _find_controller(cluster: Cluster, release: str | None) -> Object:
    found = cluster.list(DEPLOYMENTS, CONTROLLERS)
    named = [one for one in found if release in (None, labels_of(one).get(meta.INSTANCE))]
    if not named:
        what = f"release {release!r}" if release else "release"
        raise MissingError(f"namespace {cluster.namespace}: no {what}; name another --namespace")
    if len(named) > 1:
        releases = sorted(labels_of(one).get(meta.INSTANCE, "") for one in named)
        raise DataError(
            f"namespace {cluster.namespace}: releases {', '.join(releases)}; name one of them"
        )
    return named[0]


def _details(shown: StageSummary, jobs: list[Object]) -> str:
    """Return a stage's details; of one that runs the progress comes first.

    It is in the Job rather than in the summary: so the Lease is not written every few seconds.
    """
    last = max(jobs, key=attempt_of, default=None)
    if last is None or shown.state not in ("running", "waiting", "paused"):
        return shown.details
    progress = annotations_of(last).get(meta.PROGRESS, "")
    return " · ".join(part for part in (progress, shown.details) if part)


def _why_not_running(cluster: Cluster, controller: Object, lease: Object | None) -> str:
    """Return why no controller holds the Lease, or ``""`` if one does."""
    now, name = datetime.now(UTC), controller["metadata"]["name"]
    if lease is not None and lease["spec"].get("holderIdentity"):
        renewed = time_of(lease["spec"].get("renewTime"))
        if renewed is not None and now - renewed <= EXPIRED:
            return ""
    if not controller["spec"].get("replicas", 1):
        return f"its Deployment {name} is scaled to no pods"
    release = labels_of(controller).get(meta.INSTANCE)
    pods = cluster.list(PODS, f"{meta.INSTANCE}={release},{meta.COMPONENT}=controller")
    problem = problem_of_pods(pods, Scope("controller", cluster.namespace, now))
    if problem is not None:
        return problem.text
    logs = f"kubectl logs -n {cluster.namespace} deployment/{name}"
    return f"{last_termination(pods) or 'its pods give no reason'}; see {logs}"
