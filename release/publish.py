"""Publish a release whose images are pushed; each step may be done twice.

join  ->  compare SBOM and lock  ->  sign, attest  ->  tag  ->  chart
"""

import tempfile
from pathlib import Path

from gabarito.core.errors import DataError
from gabarito.exports.oci_registry import ImageName
from release.chart import Origin, package, push, write_chart
from release.images import IMAGES, PROVENANCE, SBOM, PlatformImage, join, place_of, platforms, tag
from release.sbom import differences
from release.signatures import Signer

_LABELS = "org.opencontainers.image."
_SHOWN = 10


def publish_images(
    root: Path, origin: Origin, labels: dict[str, str], signer: Signer
) -> dict[str, str]:
    """Join, check and sign the images; return the digest of each.

    Args:
        root: the checkout.
        origin: where they lie.
        labels: ``source`` and ``revision`` of what they were built from.
        signer: who signs.

    Raises:
        DataError: if an image is not there for both architectures, or holds other packages than
            those that are locked; nothing is signed then, and nothing has a tag.
    """
    said = {**labels, "version": origin.version, "licenses": "Apache-2.0"}
    annotations = {f"{_LABELS}{name}": value for name, value in said.items()}
    places = {name: place_of(origin.registry, name, origin.version) for name in IMAGES}
    digests, parts = {}, {}
    for name, place in places.items():
        digests[name] = join(place, annotations)
        parts[name] = platforms(place, digests[name])
        check_packages(root, name, parts[name], origin.version)
    for name, images in parts.items():
        signer.sign(places[name], digests[name])
        for image in images:
            for kind in (SBOM, PROVENANCE):
                signer.attest(places[name], image.digest, image.statement(kind))
    for name, place in places.items():
        tag(place, digests[name])
    return digests


def check_packages(root: Path, name: str, images: list[PlatformImage], version: str) -> None:
    """Compare what is in an image with what is locked for it.

    Raises:
        DataError: if they differ.
    """
    lock = (root / f"requirements/{name}.txt").read_text(encoding="utf-8")
    for image in images:
        sbom = image.statement(SBOM).predicate
        found = [*differences(sbom, lock, image.architecture, ("gabarito", version))]
        if found:
            more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
            raise DataError(
                f"gabarito-{name}, {image.architecture}: its packages are not those of "
                f"requirements/{name}.txt; build it anew: " + "; ".join([*found[:_SHOWN], *more])
            )


def publish_chart(
    root: Path, origin: Origin, source: str, digests: dict[str, str], signer: Signer
) -> tuple[ImageName, str]:
    """Pack, push and sign the chart; return where it lies and its digest."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        archive = package(write_chart(root, work, origin, source, digests), work)
        digest = push(archive, origin, work)
    signer.sign(origin.chart, digest)
    return origin.chart, digest
