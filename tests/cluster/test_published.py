"""A chart that was published to a registry is installed from it, and runs its images by digest."""

import uuid

import pytest
import urllib3
import yaml

from gabarito import __version__
from release.chart import Origin, package, write_chart

from .conftest import Open
from .kubectl import Kubectl, Object, until
from .machine import IMAGES, REGISTRY, ROOT
from .quick import fresh
from .release import NAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

SOURCE = "https://git.example/team/gabarito"


def digest_of(image: str) -> str:
    """Return under which digest the cluster's registry has an image."""
    url = f"http://{REGISTRY}/v2/gabarito-{image}/manifests/{__version__}"
    accepted = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    return urllib3.request("GET", url, headers=accepted).headers["Docker-Content-Digest"]


@pytest.fixture(scope="module")
def release(
    open_release: Open,
    demo_values: Object,
    kubectl: Kubectl,
    tmp_path_factory: pytest.TempPathFactory,
) -> Release:
    """A release of a chart that only the registry has; its values name no registry of images."""
    work, above = tmp_path_factory.mktemp("chart"), f"oci://{REGISTRY}/{uuid.uuid4().hex[:8]}"
    origin = Origin("registry.local", __version__)
    digests = {image: digest_of(image) for image in IMAGES}
    values = fresh(demo_values, "published")
    values["image"] = {"pullPolicy": "Always"}
    release = open_release("published", values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", kubectl.environment["PATH"])
        archive = package(write_chart(ROOT, work, origin, SOURCE, digests), work)
    release.helm("push", str(archive), above, "--plain-http")
    given = work / "values.yaml"
    given.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    chart = (f"{above}/gabarito", "--plain-http", "--version", __version__)
    release.helm("install", NAME, *chart, "--values", str(given))
    return release


def images_of(pods: list[Object]) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def test_controller_and_stages_run_the_images_that_the_chart_names_by_digest(
    release: Release,
) -> None:
    until("ingest is done", lambda: _succeeded(release, "ingest"), 300)
    until("generate runs", lambda: release.pods("generate"), 120)
    generate = f"registry.local/gabarito-generate:{__version__}@{digest_of('generate')}"
    ingest = f"registry.local/gabarito-ingest:{__version__}@{digest_of('ingest')}"
    assert images_of(release.controllers()) == images_of(release.pods("generate")) == {generate}
    assert images_of(release.pods("ingest")) == {ingest}


def _succeeded(release: Release, stage: str) -> bool:
    return any(job["status"].get("succeeded") for job in release.jobs(stage))
