"""Causes that an object's own status does not tell, asked of the API only where something waits."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gabarito.controller.kube.api import Cluster, Object, time_of
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.parse import StageJob
from gabarito.core.errors import AccessError

log = logging.getLogger("gabarito.controller")

KUEUE = "kueue.x-k8s.io"

RECENT = timedelta(minutes=15)
"""Kubernetes tries again to create a pod that was refused within that time: an older refusal may be
over.
"""

ASKED_AGAIN = timedelta(seconds=30)
"""How long an answer is taken for the present one: rounds come each time a pod changes."""

_POD = re.compile(r'^Error creating: (?:pods? "[^"]*" is )?')
"""Stands before what the job controller says; each try names another pod."""


class Causes:
    """Reads causes for one process; that a cluster has Kueue is asked until it has."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._has_kueue = False
        self._kueue_asked: datetime | None = None
        self._told: dict[str, tuple[datetime, Sequence[Object]]] = {}
        """The Events about each Job that waits, and when they were asked for."""

    def of(self, jobs: Sequence[StageJob], now: datetime) -> tuple[StageJob, ...]:
        """Return the Jobs, those that wait for an unknown reason with what the API says of it."""
        waiting = {job.pods_owner for job in jobs if job.problem}
        self._told = {uid: told for uid, told in self._told.items() if uid in waiting}
        return tuple(self._explained(job, now) for job in jobs)

    def _explained(self, job: StageJob, now: datetime) -> StageJob:
        problem = job.problem
        if problem is None:
            return job
        if problem.reason == "Queued" and not self._is_kueue_there(now):
            message = f"{problem.message}, and this cluster has no Kueue"
            remedy = 'install Kueue, or set the value queue to ""'
            return replace(job, problem=Problem("NoKueue", message, remedy))
        if problem.reason == "NoPod" and (said := self._refusal(job, now)):
            remedy = f"change that, or the values of stages.{job.stage}"
            if "exceeded quota" in said:
                remedy = f"raise that quota, or lower resources or gpu of stages.{job.stage}"
            return replace(job, problem=Problem("NoPod", f"its pod is refused: {said}", remedy))
        return job

    def _is_kueue_there(self, now: datetime) -> bool:
        if not self._has_kueue and not _is_recent(self._kueue_asked, now):
            self._has_kueue, self._kueue_asked = self._cluster.has_api(KUEUE), now
        return self._has_kueue

    def _events_about(self, uid: str, now: datetime) -> Sequence[Object]:
        asked, told = self._told.get(uid, (None, ()))
        if not _is_recent(asked, now):
            told = self._cluster.events_about(uid)
            self._told[uid] = now, told
        return told

    def _refusal(self, job: StageJob, now: datetime) -> str:
        """Return why no pod of a Job could be created lately, or ``""``."""
        try:
            events = self._events_about(job.pods_owner, now)
        except AccessError as error:  # a Role of before, for one: nothing depends on them
            log.warning("events not read", extra={"error": str(error)})
            return ""
        refused = [
            event
            for event in events
            if event.get("reason") == "FailedCreate" and now - _last_seen(event, now) <= RECENT
        ]
        if not refused:
            return ""
        last = max(refused, key=lambda event: _last_seen(event, now))
        return _POD.sub("", str(last.get("message", "")))


def _is_recent(asked: datetime | None, now: datetime) -> bool:
    return asked is not None and now - asked < ASKED_AGAIN


def _last_seen(event: Object, now: datetime) -> datetime:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return next((time for time in map(time_of, times) if time), now)
