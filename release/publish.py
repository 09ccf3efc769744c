"""Publish a release whose images are pushed; each step may be done twice.

check versions  ->  join  ->  compare SBOM and lock  ->  pack the chart  ->  sign, attest  ->  tag
->  push and sign the chart
"""

import tempfile
from pathlib import Path

from packaging.version import Version

from gabarito.core.errors import DataError
from gabarito.exports.oci_registry import ImageName
from release.chart import Origin, package, push, write_chart
from release.images import IMAGES, PROVENANCE, SBOM, PlatformImage, join, place_of, platforms, tag
from release.sbom import differences
from release.signatures import Signer
from release.version import check_version

_LABELS = "org.opencontainers.image."
_SHOWN = 10


def publish(
    root: Path, origin: Origin, labels: dict[str, str], signer: Signer
) -> tuple[dict[str, str], str]:
    """Join, check, sign and tag the images, and publish their chart; return all digests.

    Args:
        root: the checkout.
        origin: where they lie.
        labels: ``source`` and ``revision`` of what they were built from.
        signer: who signs.

    Returns:
        The digest of each image by its name, and that of the chart.

    Raises:
        DataError: if the checkout is none that can be released, or if an image is not there for
            both architectures, or holds other packages than those that are locked; nothing is
            signed then, and nothing has a tag.
    """
    check_version(root, f"v{origin.version}")
    places = {name: place_of(origin.registry, name, origin.version) for name in IMAGES}
    digests, parts = {}, {}
    for name, place in places.items():
        digests[name] = join(place, _annotations(origin, labels))
        parts[name] = platforms(place, digests[name])
        check_packages(root, name, parts[name], origin.version)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        archive = package(write_chart(root, work, origin, labels["source"], digests), work)
        for name, place in places.items():
            _sign(place, digests[name], parts[name], signer)
        for name, place in places.items():
            tag(place, digests[name])
        digest = push(archive, origin, work)
    signer.sign(origin.chart, digest)
    return digests, digest


def _annotations(origin: Origin, labels: dict[str, str]) -> dict[str, str]:
    said = {**labels, "version": origin.version, "licenses": "Apache-2.0"}
    return {f"{_LABELS}{name}": value for name, value in said.items()}


def _sign(place: ImageName, digest: str, images: list[PlatformImage], signer: Signer) -> None:
    signer.sign(place, digest)
    for image in images:
        for kind in (SBOM, PROVENANCE):
            signer.attest(place, image.digest, image.statement(kind))


def check_packages(root: Path, name: str, images: list[PlatformImage], version: str) -> None:
    """Compare what is in an image with what is locked for it.

    Raises:
        DataError: if they differ.
    """
    lock = (root / f"requirements/{name}.txt").read_text(encoding="utf-8")
    own = ("gabarito", str(Version(version)))
    for image in images:
        sbom = image.statement(SBOM).predicate
        found = [*differences(sbom, lock, image.architecture, own)]
        if found:
            more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
            raise DataError(
                f"gabarito-{name}, {image.architecture}: its packages are not those of "
                f"requirements/{name}.txt; build it anew: " + "; ".join([*found[:_SHOWN], *more])
            )
