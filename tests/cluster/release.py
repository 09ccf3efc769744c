"""One installed release, seen as its user sees it: through helm, kubectl and the endpoint."""

import copy
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from gabarito.chat.ask import EndpointReply, ask
from gabarito.core.settings import parse
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

from .kubectl import Kubectl, Object, until
from .machine import ROOT, in_url

CHART = ROOT / "helm/gabarito"
NAME = "demo"
FULLNAME = f"{NAME}-gabarito"
CONTROLLER = f"{FULLNAME}-controller"
SERVED = f"{FULLNAME}-serve"
HELM_S = 300
EXAMPLE = "Quem foi o campeão da Champions 2024/25?"
STAGE_LABEL, RUN_LABEL = "gabarito.dev/stage", "gabarito.dev/run"
JOB_LABEL = "batch.kubernetes.io/job-name"
INSTANCE = {"app.kubernetes.io/instance": NAME}

open_releases: list["Release"] = []
"""Those of the running test: what a failure's report shows."""


class Release:
    """A release of the chart in its own namespace; ``values`` may be changed between upgrades."""

    def __init__(self, kubectl: Kubectl, values: Object, folder: Path) -> None:
        self.kubectl = kubectl
        self.values = copy.deepcopy(values)
        self.fullname = f"{NAME}-{values.get('nameOverride') or 'gabarito'}"
        self._file = folder / f"{kubectl.namespace}.yaml"

    def install(self, *options: str) -> None:
        """Install the chart with the values."""
        self.helm("install", NAME, str(CHART), *self._given(), *options)

    def upgrade(self, *options: str) -> None:
        """Upgrade to the values as they are now."""
        self.helm("upgrade", NAME, str(CHART), *self._given(), *options)

    def helm(self, *arguments: str) -> str:
        """Run helm in the release's namespace and return what it prints."""
        done = subprocess.run(
            ["helm", "--namespace", self.kubectl.namespace, *arguments],
            capture_output=True,
            text=True,
            env=self.kubectl.environment,
            check=False,
            timeout=HELM_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def run(self) -> Run:
        """The run that the present values ask for."""
        return new_run(parse(Pipeline, self.values["pipeline"], "values"))

    def jobs(self, stage: str, run: str | None = None) -> list[Object]:
        """The attempts at a stage of a run, oldest first; of the present values' run by default."""
        return self.kubectl.find("Job", **{STAGE_LABEL: stage, RUN_LABEL: run or self.run.run})

    def pods(self, stage: str) -> list[Object]:
        """The pods of a stage, oldest first."""
        return self.kubectl.find("Pod", **{STAGE_LABEL: stage})

    def running_pod(self) -> Object | None:
        """The pod of the stage that runs, whatever run it is of; of several the latest stage's."""
        pods = [pod for pod in self.kubectl.find("Pod", **INSTANCE) if is_running(pod)]
        there = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return max(there, key=lambda pod: list(STAGES).index(stage_of(pod)), default=None)

    def endpoint_pods(self) -> list[Object]:
        """The endpoint's pods, oldest first."""
        return self.kubectl.find("Pod", **{"app.kubernetes.io/component": "serve"})

    def controllers(self) -> list[Object]:
        """The controller's pods, oldest first."""
        return self.kubectl.find("Pod", **{"app.kubernetes.io/component": "controller"})

    def served(self) -> str | None:
        """The digest of the model that the Deployment serves to the last replica, or None."""
        found = self.kubectl.get("Deployment", f"{self.fullname}-serve")
        if found is None:
            return None
        status, wanted = found["status"], found["spec"]["replicas"]
        current = status.get("observedGeneration") == found["metadata"]["generation"]
        ready = status.get("readyReplicas", 0) == status.get("updatedReplicas", 0) == wanted
        digest: str = found["metadata"]["annotations"]["gabarito.dev/model"]
        return digest if current and ready and status.get("replicas") == wanted else None

    def events(self, reason: str) -> list[Object]:
        """The events with a reason."""
        return self.kubectl.events(reason)

    @property
    def endpoint(self) -> str:
        """The address of the endpoint's Service."""
        return self.endpoints[0]

    @property
    def endpoints(self) -> list[str]:
        """Its Service's address of each of the families that this one has."""
        service = self.kubectl.get("Service", self.fullname)
        assert service
        return [f"http://{in_url(address)}" for address in service["spec"]["clusterIPs"]]

    def ask(self, question: str) -> EndpointReply:
        """Ask the endpoint by its Service's address."""
        return ask(self.endpoint, question)

    def wait_running(self, stage: str, seconds: float = 300) -> Object:
        """Return the stage's pod of the present values' run once its container runs."""
        return until(f"{stage} runs", lambda: self._running(stage), seconds)

    def evict(self, pod: str) -> None:
        """Evict a pod, as a drained node does."""
        namespace = self.kubectl.namespace
        metadata = {"name": pod, "namespace": namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        self.kubectl.post(f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction", eviction)

    def wait_steps(self) -> str:
        """Return the name of the training pod once it has made progress of its own."""
        name: str = self.wait_running("train")["metadata"]["name"]
        until("training makes progress", lambda: len(self.steps(name)) > 1, 300)
        return name

    def wait_continued(self, before: str) -> int:
        """Return the step at which a pod after the one named ``before`` continued."""

        def continued() -> list[Object]:
            pods = [pod["metadata"]["name"] for pod in self.pods("train")]
            return [line for pod in pods if pod != before for line in self.lines(pod, "continued")]

        step: int = until("the training continues", continued, 400)[-1]["step"]
        return step

    def wait_promoted(self, seconds: float = 600) -> str:
        """Return the digest of the served model once the controller says so."""
        until("event Serving", lambda: self.events("Serving"), seconds)
        return self.wait_served()

    def wait_served(self) -> str:
        """Return the digest of the served model once no pod serves another one."""
        return until("the model is served", self.served, 60)

    def lines(self, pod: str, event: str) -> list[Object]:
        """The lines with an event in the log of a stage's pod; none if it has not begun."""
        said = self.kubectl.try_to("logs", pod, "--container", "stage").stdout.splitlines()
        found = [json.loads(line) for line in said if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def steps(self, pod: str) -> list[Object]:
        """The lines of a training pod's log that tell how many steps are done."""
        return [line for line in self.lines(pod, "progress") if line["what"] == "steps"]

    def _running(self, stage: str) -> Object | None:
        for job in self.jobs(stage):
            for pod in self.kubectl.find("Pod", **{JOB_LABEL: job["metadata"]["name"]}):
                if is_running(pod):
                    return pod
        return None

    def _given(self) -> tuple[str, str]:
        self._file.write_text(yaml.safe_dump(self.values, allow_unicode=True))
        return "--values", str(self._file)


def stage_of(pod: Object) -> str:
    """Return the stage that a pod is of."""
    stage: str = pod["metadata"]["labels"][STAGE_LABEL]
    return stage


def is_running(pod: Object) -> bool:
    """Tell whether a pod's stage runs."""
    statuses = pod["status"].get("containerStatuses", ())
    return any(each["name"] == "stage" and "running" in each["state"] for each in statuses)


@contextmanager
def opened(kubectl: Kubectl, namespace: str, values: Object, folder: Path) -> Iterator[Release]:
    """Give a release that is not yet installed, in a namespace with restricted Pod Security."""
    inside = kubectl.within(namespace)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": namespace, "labels": labels}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    inside.apply(credentials("s3-credentials", "test"))
    release = Release(inside, values, folder)
    open_releases.append(release)
    try:
        yield release
    finally:
        open_releases.remove(release)
        kubectl("delete", "namespace", namespace, "--wait=false")


def credentials(name: str, key: str) -> Object:
    """Return a Secret with the access key of an S3 store."""
    data = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}
