"""Look at a published release as whoever installs it does: everything is read back."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gabarito.core.errors import DataError
from release.chart import Origin, images_of, pull
from release.images import IMAGES, PROVENANCE, SBOM, find_digest, place_of, platforms
from release.publish import check_packages
from release.signatures import Trust


def verify(root: Path, origin: Origin, trust: Trust) -> Iterator[str]:
    """Yield a line for each thing that is as it should be.

    Raises:
        DataError: if something is not as it was published.
        ServiceError: if a signature is missing or another's.
    """
    named = _named_by_chart(origin)
    digest = find_digest(origin.chart)
    trust.verify(origin.chart, digest)
    yield f"{origin.chart.repository}:{origin.version}@{digest}: signed"
    for name in IMAGES:
        place = place_of(origin.registry, name, origin.version)
        whole = f"{place.repository}:{place.tag}@{find_digest(place)}"
        if named.get(f"gabarito-{name}") != whole:
            raise DataError(f"{whole}: the chart names {named.get(f'gabarito-{name}')} instead")
        yield from _verify_image(root, origin, name, trust)


def _verify_image(root: Path, origin: Origin, name: str, trust: Trust) -> Iterator[str]:
    place = place_of(origin.registry, name, origin.version)
    digest = find_digest(place)
    trust.verify(place, digest)
    yield f"{place.repository}:{place.tag}@{digest}: signed"
    images = platforms(place, digest)
    check_packages(root, name, images, origin.version)
    for image in images:
        for kind in (SBOM, PROVENANCE):
            trust.verify_statement(place, image.digest, image.statement(kind).kind)
        packages = len(image.statement(SBOM).predicate["packages"])
        yield f"{image.architecture}: provenance; SBOM of {packages} packages, as locked"


def _named_by_chart(origin: Origin) -> dict[str, str]:
    """Return the images that the published chart names."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(pull(origin, Path(folder))) as chart:
        taken = chart.extractfile("gabarito/Chart.yaml")
        return images_of(taken.read().decode()) if taken else {}
