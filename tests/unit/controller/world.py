"""A release in a cluster in memory: stages that finish at once, and an endpoint that answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from tests.loopback import QuietHandler, served
from tests.model_records import CONTRACT

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import find_channel
from gabarito.controller.config import ControllerConfig, read_config
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import CONFIG_MAPS, DEPLOYMENTS, JOBS, Object
from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.reconciler import Reconciler
from gabarito.core.model_records import GateVerdict
from gabarito.core.records import Example, Message, Verdict
from gabarito.pipeline.runs import read_run
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store

from .builders import CONFIG, PIPELINE
from .fake import FakeCluster, HookedStore

ROUNDS = 60
QUESTION, ANSWER = "Who won?", "Paris"


class World:
    """What stays when a controller dies: the cluster, the store, the files that the chart wrote."""

    def __init__(self, folder: Path, service: str = "http://127.0.0.1:9") -> None:
        self.folder = folder
        self.cluster = FakeCluster()
        self.store = HookedStore(f"file://{folder}/store")
        self.passes = True
        """Whether evaluations pass their gate."""
        self.answering: str | None = None
        """The digest that answers say they are of; None: they do not say it."""
        self.trusted: str | None = None
        """The only model that answers as it did in its evaluation; None: all do."""
        self.token: str | None = None
        """What requests to the endpoint must carry."""
        self.does_roll = True
        """Whether the endpoint's pods become ready."""
        self.said = "text"
        """What the documents say."""
        self._write(service)
        body = {"metadata": {"name": CONFIG["owner"], "namespace": "team-a"}}
        self.cluster.create(CONFIG_MAPS, body)

    def write_pipeline(self, **changes: Any) -> None:  # noqa: ANN401
        """Write the pipeline, with other settings of training."""
        settings = {**PIPELINE, "train": {**PIPELINE["train"], **changes}}
        (self.folder / "pipeline.yaml").write_text(yaml.safe_dump(settings))

    def write_template(self, stage: str, **environment: str) -> None:
        """Write the template of a stage or of the endpoint."""
        name = meta.SERVE_CONTAINER if stage == "serve" else meta.STAGE_CONTAINER
        container = {"name": name, "args": [stage], "env": environment}
        pod = {"metadata": {"labels": {"app": stage}}, "spec": {"containers": [container]}}
        labels = {meta.INSTANCE: "demo", meta.STAGE: stage}
        kind = DEPLOYMENTS if stage == "serve" else JOBS
        body: Object = {
            "apiVersion": kind.api,
            "kind": kind.kind,
            "metadata": {"name": "demo-gabarito-serve", "labels": labels},
            "spec": {"template": pod},
        }
        if stage == "serve":
            body["spec"] |= {"replicas": 1, "selector": {"matchLabels": {"app": stage}}}
        (self.folder / "templates" / f"{stage}.yaml").write_text(yaml.safe_dump(body))

    @property
    def config(self) -> ControllerConfig:
        """The controller's settings, as a fresh process reads them."""
        return read_config(self.folder / "controller.yaml")

    def advance(self) -> bool:
        """Let what was started finish; tell whether that changed anything."""
        with self.cluster.unobserved():
            jobs = [job for job in self.cluster.list(JOBS, meta.STAGE) if _is_unsuspended(job)]
            for job in jobs:
                self._finish(job)
            served = self.cluster.list(DEPLOYMENTS, meta.INSTANCE)
            return any([self._roll(deployment) for deployment in served]) or bool(jobs)

    def outcome(self) -> Object:
        """Return what people can tell apart: Jobs, Events, channel, endpoint."""
        jobs = self.cluster.list(JOBS, meta.STAGE)
        served = self.cluster.read(DEPLOYMENTS, "demo-gabarito-serve")
        channel = find_channel(self.store, "handbook")
        annotated = (meta.STATE, meta.GATE, meta.RESULT)
        return {
            "jobs": {
                job["metadata"]["name"]: {
                    key: job["metadata"]["annotations"].get(key) for key in annotated
                }
                for job in jobs
            },
            "events": sorted(
                body["reason"]
                for (kind, _), body in self.cluster.objects.items()
                if kind == "Event"
            ),
            "channel": channel and (channel.model, channel.previous, len(channel.rejected)),
            "served": served and served["metadata"]["annotations"][meta.MODEL],
            "verified": served and served["metadata"]["annotations"].get(meta.VERIFIED),
        }

    def _write(self, service: str) -> None:
        (self.folder / "templates").mkdir()
        (self.folder / "pages").mkdir()
        (self.folder / "pages/a.md").write_text("text")
        self.write_pipeline()
        for stage in (*STAGES, "serve"):
            self.write_template(stage)
        serve = {**CONFIG["serve"], "service": service}
        settings = {**CONFIG, "store": self.store.url, "serve": serve}
        (self.folder / "controller.yaml").write_text(yaml.safe_dump(settings))

    def _roll(self, deployment: Object) -> bool:
        """Let the pods of the endpoint become ready, or not."""
        count = 1 if self.does_roll else 0
        keys = ("replicas", "updatedReplicas", "availableReplicas")
        reason = "NewReplicaSetAvailable" if self.does_roll else "ProgressDeadlineExceeded"
        progress = {"type": "Progressing", "status": str(self.does_roll), "reason": reason}
        status: Object = {
            "observedGeneration": deployment["metadata"]["generation"],
            "conditions": [progress],
            **dict.fromkeys(keys, count),
        }
        if deployment.get("status") == status:
            return False
        self.cluster.patch(DEPLOYMENTS, deployment["metadata"]["name"], {"status": status})
        return True

    def _finish(self, job: Object) -> None:
        metadata = job["metadata"]
        stage, run = metadata["labels"][meta.STAGE], metadata["labels"][meta.RUN]
        make_artifact(self.store, run, stage, passes=self.passes, said=self.said)
        status = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}
        self.cluster.patch(JOBS, metadata["name"], {"status": status})


def _is_unsuspended(job: Object) -> bool:
    return not job["spec"]["suspend"] and "status" not in job


def make_artifact(
    store: Store, run_id: str, stage: str, *, passes: bool = True, said: str = "text"
) -> None:
    """Do a stage's work: as much of it as the controller reads."""
    run = read_run(store, run_id)
    if open_artifact(store, run.address(stage)) is not None:
        return
    inputs = {above: open_artifact(store, run.address(above)) for above in STAGES[stage].reads}
    present = {above: artifact for above, artifact in inputs.items() if artifact is not None}
    assert len(present) == len(inputs), f"{stage} was started before its inputs were there"
    with new_attempt(store, run.address(stage), inputs=present, settings={}) as work:
        for name, text in _files(stage, passes=passes, said=said).items():
            work.write_text(name, text)
        work.counts["things"] = 1
        work.publish()


def _files(stage: str, *, passes: bool, said: str) -> dict[str, str]:
    asked = (Message(role="user", content=QUESTION), Message(role="assistant", content=ANSWER))
    example = Example(
        messages=asked, kind="question", family="direct", question="q1", fact="f1", split="test"
    )
    verdict = Verdict(question="q1", system="model", answer=ANSWER, correct=True, probability=0.9)
    gate = GateVerdict(passed=passes, reasons=[] if passes else ["under the floor"], checks=[])
    contract = CONTRACT.model_copy(update={"threshold": 0.5})
    read = {"text": said, "fetched_at": datetime.now(UTC).isoformat()}
    files = {
        "ingest": {"documents.jsonl": json.dumps(read) + "\n", "pairs.jsonl": ""},
        "curate": {"test.jsonl": example.model_dump_json() + "\n", "facts.jsonl": ""},
        "evaluate": {
            "report.json": json.dumps({"contract": contract.model_dump()}),
            "gate.json": gate.model_dump_json(),
            "verdicts.jsonl": verdict.model_dump_json() + "\n",
        },
    }
    return files.get(stage, {})


class Process:
    """One controller's life: what it knows is gone when it dies."""

    def __init__(self, world: World, holder: str = "controller-0") -> None:
        self.wake = threading.Event()
        config = world.config
        name = meta.lease_name(config.fullname)
        self.lease = Lease(
            world.cluster,
            name,
            holder=holder,
            owner=config.owner,
            clock=lambda: 0.0,  # held for as long as the loop takes, on a busy machine too
        )
        self.reconciler = Reconciler(config, world.cluster, world.store, self.lease, self.wake)

    def run_loop(self, world: World) -> None:
        """Look and act until there is nothing to do, and the world does nothing more."""
        self.lease.renew()
        for _ in range(ROUNDS):
            if not self.take_turn(world):
                return
        raise AssertionError(f"no rest after {ROUNDS} rounds")

    def take_turn(self, world: World) -> bool:
        """Look and act once, then let the world go on; tell whether anything happened."""
        self.wake.clear()
        self.reconciler.reconcile_once()
        self._settle()
        return world.advance() or self.wake.is_set()

    def _settle(self) -> None:
        """Wait for the thread that asks the endpoint."""
        for thread in threading.enumerate():
            if thread.name == "smoke-test":
                thread.join(10)


@contextmanager
def endpoint(world_of: dict[str, World], answers: dict[str, str]) -> Iterator[str]:
    """Serve what the Deployment of a world names; ``answers`` may be changed meanwhile."""

    class Handler(QuietHandler):
        def answer(self) -> None:
            if self.command == "POST":
                self._reply()
            else:
                digest = world_of["now"].outcome()["served"] or "nothing"
                self._send({"model": f"handbook-{digest[:12]}"})

        def _reply(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            world = world_of["now"]
            if world.token and self.headers["Authorization"] != f"Bearer {world.token}":
                self._send({}, 401)
                return
            is_right = world.trusted in (None, world.outcome()["served"])
            text = answers[asked["messages"][0]["content"]] if is_right else "London"
            message = {"role": "assistant", "content": text}
            about = {"probability": 0.9, "known": True, "digest": world.answering}
            self._send({"choices": [{"message": message, "gabarito": about}]})

        def _send(self, body: Object, status: int = 200) -> None:
            self.send(status, {}, json.dumps(body).encode())

    with served(Handler) as address:
        yield f"http://{address}"
