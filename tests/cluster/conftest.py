"""A one-node Kubernetes, an S3 server in it, and releases of the chart."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gabarito.store.base import Store
from gabarito.store.open import open_store

from .kubectl import Kubectl, Object, until
from .machine import Machine, in_url, is_heard
from .quick import HALF
from .release import Release, open_releases, opened
from .sample import ONE_THREAD, node_addresses, sample_values, store_environment

LONGEST = (
    "test_interruptions",
    "test_lasting",
    "test_pipeline",
    "test_promotion",
    "test_rotation",
    "test_two_pipelines",
)
TAIL = "--tail=40"
BIN = Path(sys.executable).parent
Open = Callable[..., Release]
OpenTraining = Callable[[Object], Release]


@pytest.fixture(scope="session")
def machine() -> Machine:
    return Machine()


@pytest.fixture(scope="session")
def kubectl(machine: Machine) -> Kubectl:
    return Kubectl(machine.environment())


@pytest.fixture(scope="session", autouse=True)
def images(machine: Machine, kubectl: Kubectl) -> None:
    machine.load_images()


@pytest.fixture(scope="session", name="node_addresses")
def addresses(kubectl: Kubectl) -> list[str]:
    """This machine as pods see it: an address of each of the cluster's families, in order."""
    return node_addresses(kubectl)


@pytest.fixture(scope="session")
def bucket(machine: Machine, kubectl: Kubectl) -> Iterator[str]:
    """The URL of a bucket's fresh prefix; this process can read it too."""
    machine.call("s3")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store_environment(kubectl).items():
            patch.setenv(name, value)
        yield f"s3://gabarito/{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def store(bucket: str) -> Store:
    return open_store(bucket)


@pytest.fixture(scope="session")
def demo_values(bucket: str) -> Object:
    """The values of the sample on a cluster, in this session's bucket."""
    values = sample_values(bucket)
    values["stageDefaults"]["extraEnv"] = [ONE_THREAD]
    return values


@pytest.fixture
def careless_store(tmp_path: Path, node_addresses: list[str]) -> Iterator[str]:
    """The address of an S3 server that ignores the conditions of writes; it has one bucket."""
    (tmp_path / "bucket").mkdir()
    here, port = node_addresses[0], 9300
    address = f"{in_url(here)}:{port}"
    command: list[str | Path] = [BIN / "rclone", "--config", os.devnull, "serve", "s3", tmp_path]
    command += ["--addr", address]
    server = subprocess.Popen([*command, "--auth-key", "test,test"], stderr=subprocess.DEVNULL)
    try:
        until("the careless store answers", lambda: is_heard(here, port), 30)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def open_release(kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens releases that live as long as the tests of a module."""
    with releases(kubectl, tmp_path_factory.mktemp("values")) as open_one:
        yield open_one


@contextmanager
def releases(kubectl: Kubectl, folder: Path) -> Iterator[Open]:
    """Give what opens releases, each in a namespace of its own; at the end all of them go."""
    with ExitStack() as stack:

        def open_one(name: str, values: Object) -> Release:
            namespace = f"{name}-{uuid.uuid4().hex[:4]}"
            return stack.enter_context(opened(kubectl, namespace, values, folder))

        yield open_one


@pytest.fixture(scope="module")
def open_training(open_release: Open) -> OpenTraining:
    """Opens releases in the middle of a training; another rate is another adapter."""

    def open_one(values: Object) -> Release:
        values["stages"]["train"]["resources"]["limits"]["cpu"] = HALF
        release = open_release(values["pipeline"]["channel"], values)
        release.install()
        release.wait_running("train")
        return release

    return open_one


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first: other workers take the rest meanwhile."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the cluster looks like when a test fails."""
    report = yield
    if report.failed:
        report.sections += [
            (f"{release.kubectl.namespace}: {' '.join(command)}", said)
            for release in open_releases
            for command, said in _seen(release)
        ]
    return report


def _seen(release: Release) -> list[tuple[tuple[str, ...], str]]:
    commands = [
        ("get", "jobs,pods,deployments", "--output", "wide"),
        ("get", "events", "--sort-by", ".lastTimestamp"),
        ("logs", "--selector", "app.kubernetes.io/component=controller", TAIL),
    ]
    return [(command, release.kubectl.try_to(*command).stdout) for command in commands]
