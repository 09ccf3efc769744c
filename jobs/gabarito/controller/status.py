"""A release read from its cluster: how far it is, what is served, and why something waits.

Lease, Jobs, pods  ->  lines for people
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, JOBS, LEASES, PODS, Cluster, Object
from gabarito.controller.kube.diagnose import Scope, last_termination, problem_of_pods, time_of
from gabarito.controller.kube.parse import annotations_of, attempt_of, labels_of
from gabarito.controller.summary import StageSummary, Summary, read_summary
from gabarito.core.errors import DataError, MissingError
from gabarito.plan import STAGES

SILENT = timedelta(seconds=45)
"""A Lease that was not renewed for so long has no holder; clocks may differ by half of it."""

_CONTROLLERS = f"app.kubernetes.io/name=gabarito,{meta.COMPONENT}=controller"


def status_lines(cluster: Cluster, release: str | None) -> Iterator[str]:
    """Yield what there is to say about a release, or about the only one of the namespace.

    Raises:
        MissingError: if there is no such release.
        DataError: if there are several and none is named.
    """
    controller = _controller(cluster, release)
    name = controller["metadata"]["name"]
    found = labels_of(controller).get(meta.INSTANCE, "")
    lease, now = cluster.read(LEASES, name), datetime.now(UTC)
    summary = read_summary(annotations_of(lease).get(meta.SUMMARY) if lease else None)
    jobs = cluster.list(JOBS, f"{meta.INSTANCE}={found},{meta.STAGE}")
    run = f"run {summary.run} of {summary.pipeline}" if summary.run else "no run yet"
    yield f"release {found} in namespace {cluster.namespace}: {run}"
    for stage in STAGES if summary.run else ():
        said = summary.stages.get(stage, StageSummary(state="planned"))
        yield f"  {stage:9} {said.state:9} {_told(said, stage, jobs, summary.run)}".rstrip()
    yield from _ending(summary)
    if lease is None or _is_silent(lease, now):
        yield f"controller  does not run: {_why_silent(cluster, controller, now)}"


def _controller(cluster: Cluster, release: str | None) -> Object:
    found = cluster.list(DEPLOYMENTS, _CONTROLLERS)
    named = [one for one in found if release in (None, labels_of(one).get(meta.INSTANCE))]
    if not named:
        what = f"release {release!r}" if release else "release"
        message = f"namespace {cluster.namespace}: no {what}; name another --namespace"
        raise MissingError(message)
    if len(named) > 1:
        releases = sorted(labels_of(one).get(meta.INSTANCE, "") for one in named)
        message = f"namespace {cluster.namespace}: releases {', '.join(releases)}; name one of them"
        raise DataError(message)
    return named[0]


def _told(said: StageSummary, stage: str, jobs: list[Object], run: str) -> str:
    """What is said of a stage; of one that runs, how far it is by now."""
    if said.state not in ("running", "waiting", "paused"):
        return said.said
    ours = [job for job in jobs if (labels_of(job)[meta.STAGE], _run_of(job)) == (stage, run)]
    last = max(ours, key=attempt_of, default=None)
    progress = annotations_of(last).get(meta.PROGRESS, "") if last else ""
    return " · ".join(part for part in (progress, said.said) if part)


def _ending(summary: Summary) -> Iterator[str]:
    if summary.gate:
        yield f"gate       {summary.gate}"
    if summary.served:
        yield f"serves     {summary.served}"
    for warning in summary.warnings:
        yield f"warning    {warning}"
    if summary.problem:
        yield f"problem    {summary.problem}"


def _run_of(job: Object) -> str:
    return labels_of(job).get(meta.RUN, "")


def _is_silent(lease: Object, now: datetime) -> bool:
    renewed = time_of(lease["spec"].get("renewTime"))
    is_held = bool(lease["spec"].get("holderIdentity"))
    return not is_held or renewed is None or now - renewed > SILENT


def _why_silent(cluster: Cluster, controller: Object, now: datetime) -> str:
    release, name = labels_of(controller).get(meta.INSTANCE), controller["metadata"]["name"]
    look = f"kubectl logs -n {cluster.namespace} deployment/{name}"
    if not controller["spec"].get("replicas", 1):
        return f"its Deployment {name} is scaled to no pods"
    pods = cluster.list(PODS, f"{meta.INSTANCE}={release},{meta.COMPONENT}=controller")
    problem = problem_of_pods(pods, Scope("controller", cluster.namespace, now))
    if problem is not None:
        return problem.text
    return f"{last_termination(pods) or 'nothing was heard of it'}; {look} says more"
