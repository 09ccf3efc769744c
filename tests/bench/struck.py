"""Two releases that are interrupted: their values, their rounds, and their signs of progress."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.kubectl import Object
from tests.cluster.quick import HALF, quick
from tests.cluster.release import EXAMPLE, Release, credentials
from tests.cluster.sample import ONE_THREAD, sample_values

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.channel import find_channel, read_model
from gabarito.chat.ask import ask
from gabarito.core.errors import GabaritoError
from gabarito.pipeline.runs import Run
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store

from .interruptions import FIRST, SECOND, Blow, Sign
from .pod_logs import PodLogs, signs_of

STEPS = {FIRST: 600, SECOND: 1200}
"""The second release is interrupted less: its runs are to last as long."""

CHECKPOINT_S = 10.0
RATES = {FIRST: 1.3e-3, SECOND: 1.4e-3}
NAMES = {FIRST: "chaos", SECOND: "2026"}
ODD_SECRET, ODD_NAME = "123", "true"
"""What YAML reads as a number and as a boolean, of the second release."""

SHORT_TTL_S = 30
ASK_EVERY_S = 1.0


def chaos_values(which: int, bucket: str, teacher: str) -> Object:
    """Return the values of a release: one bucket, one teacher, the same documents for both."""
    limits = {"checkpoint_every_s": CHECKPOINT_S}
    rate = RATES[which]
    demo = sample_values(bucket)
    values = quick(demo, NAMES[which], steps=STEPS[which], learning_rate=rate, limits=limits)
    values["stageDefaults"]["extraEnv"] = [ONE_THREAD]
    values["teacher"] = {"url": teacher}
    values["pipeline"]["name"] = NAMES[which]
    del values["pipeline"]["channel"]
    values["pipeline"]["generate"]["teacher"]["concurrency"] = 2
    values["stages"]["train"]["resources"]["limits"]["cpu"] = HALF
    if which == FIRST:
        values["stages"]["train"]["gpu"] = {"count": 1}
    else:
        values["nameOverride"] = ODD_NAME
        values["store"]["existingSecret"] = ODD_SECRET
        values["stageDefaults"]["ttlSecondsAfterFinished"] = SHORT_TTL_S
    return values


class Struck:
    """A release whose pipeline runs again and again, each time over documents read anew."""

    def __init__(self, release: Release, logs: PodLogs, store: Store) -> None:
        self.release = release
        self.logs = logs
        self.runs: list[Run] = []
        self.answers: list[Sign] = []
        self._store = store
        self._ended = threading.Event()

    @property
    def name(self) -> str:
        """The release's namespace."""
        return self.release.kubectl.namespace

    @property
    def round(self) -> int:
        """How many runs there were before the present one."""
        return len(self.runs) - 1

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Install the release; within the block its endpoint is asked on end."""
        self.release.kubectl.apply(credentials(ODD_SECRET, "test"))
        self.release.install()
        self.runs.append(self.release.run)
        thread = threading.Thread(target=self._ask, args=(self.release.endpoint,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()

    def next_round(self) -> None:
        """Run the pipeline again: nothing of the run before is of use, no reply either."""
        number = len(self.runs)
        pipeline = self.release.values["pipeline"]
        pipeline["ingest"]["rerun"] = number
        pipeline["generate"]["teacher"]["seed"] = number
        self.release.upgrade()
        self.runs.append(self.release.run)

    def is_promoted(self) -> bool:
        """Tell whether the present run's model is served."""
        served = self.release.served()
        return served is not None and read_model(self._store, served).run == self.runs[-1].run

    def signs(self) -> list[Sign]:
        """The signs of its pipeline's progress so far."""
        return signs_of(self.logs.lines)

    def has_recovered(self, blow: Blow) -> bool:
        """Tell whether there was progress after a blow, and an answer if there was one before."""
        pipeline = any(sign.at > blow.over and sign.pod != blow.victim for sign in self.signs())
        answers = list(self.answers)
        answered = not answers or answers[-1].at > blow.over
        return answered and (pipeline or self.is_promoted())

    def faults(self) -> list[str]:
        """Say what is not as it should be now that all is over."""
        found = [fault for run in self.runs for fault in self._damage(run)]
        for reason in ("StageFailed", "GateFailed", "RolledBack"):
            found += [f"{reason}: {event['message']}" for event in self.release.events(reason)]
        name = self.release.values["pipeline"]["name"]
        served, channel = self.release.served(), find_channel(self._store, name)
        if channel is None or served != channel.model:
            found.append(f"model {served} is served, the channel has {channel and channel.model}")
        try:
            reply = self.release.ask(EXAMPLE)
        except GabaritoError as error:
            found.append(str(error))
        else:
            if not reply.text or reply.digest != served:
                found.append(f"the endpoint answers {reply.text!r} as model {reply.digest}")
        return [f"{self.name}: {fault}" for fault in found]

    def _damage(self, run: Run) -> Iterator[str]:
        """Read all that a run made: each file is compared with its manifest."""
        for stage in STAGES:
            try:
                artifact = open_artifact(self._store, run.address(stage))
                if artifact is None:
                    yield f"run {run.run}: {stage} has no artifact"
                    continue
                for file in artifact.manifest.files:
                    artifact.read(file)
            except GabaritoError as error:
                yield f"run {run.run}: {error}"

    def _ask(self, address: str) -> None:
        while not self._ended.wait(ASK_EVERY_S):
            try:
                ask(address, EXAMPLE)
            except GabaritoError:  # not served yet, or interrupted: what is missing tells
                continue
            self.answers.append(Sign(time.time()))
