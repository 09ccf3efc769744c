"""Interrupt two releases on end and see that nothing is lost, done twice, or paid twice.

Pods are killed, the node is drained, the API server, the bucket and the teacher go away, and the
releases are upgraded and rolled back while they train. Run it as ``make cluster-chaos``, on a
machine that does nothing else: what stands still is measured in seconds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from kubernetes.client.exceptions import ApiException
from tests.cluster.kubectl import Kubectl, until
from tests.cluster.machine import ROOT, Machine, in_url, is_heard
from tests.cluster.release import opened, stage_of
from tests.cluster.sample import node_addresses, store_environment
from urllib3.exceptions import HTTPError

from gabarito.core.errors import GabaritoError
from gabarito.pipeline.stages import STAGES
from gabarito.store.open import open_store

from .blows import Striker, TooLate
from .counted_teacher import asked_in
from .interruptions import (
    BUCKET_CUT_OFF,
    BUCKET_HANGS,
    FIRST,
    LOSE_REPLIES,
    SECOND,
    Again,
    Asked,
    Blow,
    Interruption,
    Outcome,
    Paid,
    Sign,
    done_again,
    idle_s,
    outcomes_table,
    paid,
    schedule,
    totals,
    undisturbed_s,
)
from .pod_logs import PodLogs, signs_of, starts_of, unsaved_of
from .struck import CHECKPOINT_S, NAMES, Struck, chaos_values

PORT = 8300
REACH_S, RECOVER_S, FINISH_S = 900, 600, 1200
SLACK_S = 10.0
"""Beside a checkpoint's interval: what one takes, and that steps are told every two seconds."""


class TeacherProcess:
    """The teacher of both releases, in a process of this machine."""

    def __init__(self, file: Path, address: str) -> None:
        self.url = f"http://{in_url(address)}:{PORT}/v1"
        self._file = file
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.bench.counted_teacher", str(self._file)]
        self._process = subprocess.Popen([*command, self._address, str(PORT)], cwd=ROOT)
        until("the teacher listens", lambda: is_heard(self._address, PORT), 60)

    def kill(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def asked(self) -> list[Asked]:
        """Return what it was asked."""
        return asked_in(self._file)


NO_STAGE = "no stage"


@dataclass(frozen=True)
class Dealt:
    """An interruption that happened while a stage ran, and when it was overcome."""

    interruption: Interruption
    stage: str
    blow: Blow
    overcome: float


class Chaos:
    """Deals interruptions to both releases, each when the one before is overcome."""

    def __init__(self, struck: Sequence[Struck], striker: Striker) -> None:
        self._struck = struck
        self._striker = striker
        self._began = time.time()
        self.dealt: list[Dealt] = []
        self.late = 0
        self.faults: list[str] = []

    def deal(self, interruptions: Sequence[Interruption], minutes: float) -> None:
        """Interrupt until there is nothing left to do, or ``minutes`` are over."""
        for number, each in enumerate(interruptions, start=1):
            if time.time() - self._began > minutes * 60:
                self._say(f"{minutes:g} minutes are over: {len(interruptions) - number + 1} left")
                break
            self._deal(each, f"[{number}/{len(interruptions)}] {each.what}")
        for struck in self._struck:
            self._await(f"{struck.name} serves its last run", struck.is_promoted, FINISH_S)

    def _deal(self, each: Interruption, title: str) -> None:
        struck, reached = self._struck[each.release], ""

        def is_reached() -> bool:
            nonlocal reached
            self._go_on()
            reached = self._reached(struck, each)
            return bool(reached)

        if not self._await(f"{struck.name}: {each.stage} of round {each.round}", is_reached):
            return
        time.sleep(each.after_s)
        try:
            blow = self._striker.strike(each.what, struck.release)
        except TooLate:
            self.late += 1
            self._say(f"{title}: came too late for {reached} of {struck.name}")
            return
        except TimeoutError as error:
            self.faults.append(f"{each.what}: {error}")
            return
        self._say(f"{title}: {reached} of {struck.name}, round {struck.round}")
        goes_on = f"{struck.name} goes on after {each.what}"
        self._await(goes_on, lambda: struck.has_recovered(blow), RECOVER_S)
        self.dealt.append(Dealt(each, reached, blow, time.time()))

    def _go_on(self) -> None:
        """Begin another round where one is over; the second release's follow those of the first."""
        first = self._struck[FIRST]
        for struck in self._struck:
            if (struck is first or struck.round < first.round) and struck.is_promoted():
                struck.next_round()
                self._say(f"{struck.name}: round {struck.round} begins, run {struck.runs[-1].run}")

    def _reached(self, struck: Struck, each: Interruption) -> str:
        """Return the stage that runs once it is time for an interruption, else nothing.

        The second release is not waited for: it may have done with the round.
        """
        pod = struck.release.running_pod()
        if pod is None:
            return NO_STAGE if each.release == SECOND and struck.is_promoted() else ""
        if each.release == FIRST and struck.round < each.round:
            return ""
        stage, order = stage_of(pod), list(STAGES)
        is_past = struck.round > each.round
        return stage if is_past or order.index(stage) >= order.index(each.stage) else ""

    def _await(self, what: str, look: Callable[[], bool], seconds: float = REACH_S) -> bool:
        def is_so() -> bool:
            with suppress(GabaritoError, ApiException, HTTPError):  # it is asked again
                return look()
            return False

        try:
            return until(what, is_so, seconds)
        except TimeoutError as error:
            self._say(str(error))
            self.faults.append(str(error))
            return False

    def _say(self, text: str) -> None:
        click.echo(f"{(time.time() - self._began) / 60:6.1f} min  {text}")

    def outcomes(self) -> list[Outcome]:
        """Return what each interruption cost."""
        return [self._outcome(dealt) for dealt in self.dealt]

    def _outcome(self, dealt: Dealt) -> Outcome:
        struck, blow = self._struck[dealt.interruption.release], dealt.blow
        following = [d.blow.began for d in self._dealt_to(struck) if d.blow.began > blow.began]
        end = min(following, default=float("inf"))
        again = [each for each in self.again(struck) if blow.began < each.began <= end]
        return Outcome(
            what=dealt.interruption.what,
            release=struck.name,
            stage=dealt.stage,
            at_s=blow.began - self._began,
            idle_s=idle_s(_until(dealt.overcome, struck.signs()), blow),
            endpoint_s=idle_s(_until(dealt.overcome, struck.answers), blow),
            steps=sum(each.steps for each in again),
        )

    def _dealt_to(self, struck: Struck) -> list[Dealt]:
        """Return what may have ended a pod of a release: what hits all of them is in it."""
        place = self._struck.index(struck)
        return [d for d in self.dealt if d.interruption.release == place or d.interruption.hits_all]

    def again(self, struck: Struck) -> list[Again]:
        """Return which steps a release's trainings did again."""
        blows = [dealt.blow for dealt in self._dealt_to(struck)]
        return [
            again for starts in starts_of(struck.logs.lines) for again in done_again(starts, blows)
        ]

    def repeated(self) -> list[str]:
        """Return the trainings that did more again than an interval between two checkpoints."""
        away = [d.blow for d in self.dealt if d.interruption.what in (BUCKET_CUT_OFF, BUCKET_HANGS)]
        found = []
        for struck in self._struck:
            unsaved = [*away, *unsaved_of(struck.logs.lines)]
            for again in self.again(struck):
                seconds = again.seconds(unsaved)
                if seconds > CHECKPOINT_S + SLACK_S:
                    found.append(f"{struck.name}: {again.steps} steps, {seconds:.0f} s, done again")
        return found

    def paid(self, asked: Sequence[Asked]) -> Paid:
        """Return what the teacher was paid for."""
        blows = [
            dealt.blow
            for dealt in self.dealt
            if dealt.interruption.what in LOSE_REPLIES
            or (dealt.stage == "generate" and dealt.interruption.what.startswith("stage"))
        ]
        return paid(asked, blows)


def _until(end: float, signs: Iterable[Sign]) -> list[Sign]:
    return [sign for sign in signs if sign.at <= end]


@dataclass(frozen=True)
class ChaosFigures:
    """What came of it; a fault is what should not be."""

    seed: int
    seconds: float
    rounds: Sequence[int]
    late: int
    outcomes: Sequence[Outcome]
    paid: Paid
    undisturbed_s: float | None
    faults: Sequence[str]

    def json(self) -> str:
        """Return all of it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def table(self) -> str:
        """Return it for people."""
        of_first = [each for each in self.outcomes if each.release.startswith(NAMES[FIRST])]
        training = [each.idle_s for each in of_first if each.stage == "train"]
        paid, quiet = self.paid, self.undisturbed_s
        lines = [
            *outcomes_table(self.outcomes),
            "",
            f"seed {self.seed}: {len(self.outcomes)} interruptions in {self.seconds / 60:.0f} min, "
            f"{self.late} more came too late; runs: {', '.join(map(str, self.rounds))}; "
            f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
            *totals(
                {
                    "pipeline idle": [each.idle_s for each in self.outcomes],
                    "of it while train had its GPU": training,
                    "endpoint idle": [each.endpoint_s for each in self.outcomes],
                }
            ),
            *([f"train tells of steps every {quiet:.1f} s when nothing happens"] if quiet else []),
            f"{sum(each.steps for each in self.outcomes)} steps done again",
            f"teacher: {paid.requests} requests, {paid.lost} again after their reply was lost on "
            f"its way, {len(paid.twice)} twice",
        ]
        return "\n".join(lines) + "\n"


@contextmanager
def two_releases(
    kubectl: Kubectl, bucket: str, teacher: str, folder: Path
) -> Iterator[list[Struck]]:
    """Install both releases; the second one's namespace begins with a digit."""
    store, name = open_store(bucket), uuid.uuid4().hex[:4]
    with ExitStack() as stack:
        found = []
        for which in (FIRST, SECOND):
            namespace = f"{NAMES[which]}-{name}"
            values = chaos_values(which, bucket, teacher)
            release = stack.enter_context(opened(kubectl, namespace, values, folder))
            struck = Struck(release, stack.enter_context(PodLogs(namespace)), store)
            stack.enter_context(struck.installed())
            found.append(struck)
        yield found


def measured(kills: int, seed: int, minutes: float) -> ChaosFigures:
    """Interrupt two releases on the cluster of k8s/dev, measure, and remove them."""
    machine, began = Machine(), time.time()
    kubectl = Kubectl(machine.environment())
    machine.load_images()
    os.environ |= store_environment(kubectl)
    bucket = f"s3://gabarito/chaos-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        teacher = TeacherProcess(Path(folder) / "asked", node_addresses(kubectl)[0])
        stack.callback(teacher.kill)
        teacher.start()
        both = stack.enter_context(two_releases(kubectl, bucket, teacher.url, Path(folder)))
        striker = Striker(machine, kubectl, teacher, [struck.release for struck in both])
        chaos = Chaos(both, striker)
        chaos.deal(schedule(kills, seed), minutes)
        bought = chaos.paid(teacher.asked())
        faults = [*chaos.faults, *striker.faults, *chaos.repeated()]
        faults += [fault for struck in both for fault in struck.faults()]
        faults += [f"paid twice: {each}" for each in bought.twice]
        return ChaosFigures(
            seed=seed,
            seconds=time.time() - began,
            rounds=[len(struck.runs) for struck in both],
            late=chaos.late,
            outcomes=chaos.outcomes(),
            paid=bought,
            undisturbed_s=undisturbed_s(
                signs_of(both[FIRST].logs.lines, "train"), [dealt.blow for dealt in chaos.dealt]
            ),
            faults=faults,
        )


@click.command()
@click.option(
    "--kills",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="How many pods and processes are killed, beside the outages and upgrades.",
)
@click.option("--seed", default=1, show_default=True, help="Which ones, and in which order.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=1),
    default=90,
    show_default=True,
    help="After so many no more are begun; the runs that are under way are finished.",
)
@click.option(
    "--json",
    "path",
    type=click.Path(path_type=Path),
    default=Path("dist/cluster-chaos.json"),
    show_default=True,
    help="Where the figures are written.",
)
def main(kills: int, seed: int, minutes: float, path: Path) -> None:
    """Interrupt, print what each interruption cost, and fail if anything was lost."""
    figures = measured(kills, seed, minutes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(figures.json(), encoding="utf-8")
    sys.stdout.write(figures.table())
    if figures.faults:
        raise click.ClickException("\n  ".join(["not as it should be:", *figures.faults]))


if __name__ == "__main__":
    main()
