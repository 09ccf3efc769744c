"""The images of a release: one index of both architectures, and what the builder says of each.

https://github.com/opencontainers/image-spec, version 1.1;
https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gabarito.core.errors import DataError
from gabarito.exports.oci_image import MANIFEST_KIND, digest_of
from gabarito.exports.oci_registry import ImageName, OciRegistry
from gabarito.pipeline.stages import STAGES

IMAGES = (*dict.fromkeys(stage.image for stage in STAGES.values()), "serve")
ARCHITECTURES = ("amd64", "arm64")
INDEX_KIND = "application/vnd.oci.image.index.v1+json"
STATEMENT_KIND = "application/vnd.in-toto+json"
SBOM = "https://spdx.dev/Document"
PROVENANCE = "https://slsa.dev/provenance/"
"""Behind it stands the version of the format."""

_TYPE, _ABOUT = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_ATTESTATION = "attestation-manifest"
CURE = "build it with docker buildx bake --provenance=mode=max --sbom=true"

Json = dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """What the builder states of an image: ``kind`` is the predicate's type."""

    kind: str
    predicate: Json


@dataclass(frozen=True)
class PlatformImage:
    """The image of one architecture."""

    architecture: str
    digest: str
    statements: tuple[Statement, ...]

    def statement(self, kind: str) -> Statement:
        """Return the statement whose type begins so.

        Raises:
            DataError: if there is not one.
        """
        found = [one for one in self.statements if one.kind.startswith(kind)]
        if len(found) != 1:
            raise DataError(f"{self.digest}: {len(found)} statements of {kind}, not one; {CURE}")
        return found[0]


def place_of(registry: str, image: str, version: str) -> ImageName:
    """Return where an image of a release lies.

    Raises:
        UsageError: if ``registry`` can hold none.
    """
    return ImageName.parse(f"{registry}/gabarito-{image}:{version}", version)


def join(place: ImageName, labels: dict[str, str]) -> str:
    """Push an index of the images ``TAG-amd64`` and ``TAG-arm64``, untagged; return its digest.

    Raises:
        DataError: if one is not what the builder writes, or the tag holds something else already.
    """
    registry = OciRegistry(place)
    entries = [
        entry for architecture in ARCHITECTURES for entry in _entries(registry, place, architecture)
    ]
    index = _json(
        {
            "schemaVersion": 2,
            "mediaType": INDEX_KIND,
            "manifests": entries,
            "annotations": labels,
        }
    )
    digest = digest_of(index)
    known = known_digest(place)
    if known not in (None, digest):
        raise DataError(
            f"{place.repository}:{place.tag}: is {known} already, and not {digest}; a "
            "released tag is never moved: release another version"
        )
    registry.push_manifest(index, INDEX_KIND, digest)
    return digest


def tag(place: ImageName, digest: str) -> None:
    """Let an index that is there have its tag."""
    registry = OciRegistry(place)
    registry.push_manifest(_manifest(registry, place, digest), INDEX_KIND, place.tag)


def platforms(place: ImageName, digest: str) -> list[PlatformImage]:
    """Return the image of each architecture that an index names, with its statements.

    Raises:
        DataError: if one is missing.
    """
    registry = OciRegistry(place)
    index = json.loads(_manifest(registry, place, digest))
    found = [
        PlatformImage(
            _architecture(one),
            one["digest"],
            tuple(_statements(registry, place, index["manifests"], one["digest"])),
        )
        for one in index["manifests"]
        if _architecture(one) in ARCHITECTURES
    ]
    if sorted(one.architecture for one in found) != sorted(ARCHITECTURES):
        names = ", ".join(one.architecture for one in found) or "nothing"
        raise DataError(
            f"{place.repository}@{digest}: is for {names}, not for {' and '.join(ARCHITECTURES)}"
        )
    return found


def find_digest(place: ImageName) -> str:
    """Return the digest of what a tag holds.

    Raises:
        DataError: if there is nothing.
    """
    digest = known_digest(place)
    if digest is None:
        raise DataError(f"{place.repository}:{place.tag}: is not in the registry; push it first")
    return digest


def known_digest(place: ImageName) -> str | None:
    """Return the digest of what a tag holds, or None if the registry has no such tag."""
    known = OciRegistry(place).find_manifest(place.tag, f"{INDEX_KIND}, {MANIFEST_KIND}")
    return None if known is None else digest_of(known)


def _entries(registry: OciRegistry, place: ImageName, architecture: str) -> list[Json]:
    """Return what the index of one architecture names: its image, and the builder's statements."""
    part = f"{place.tag}-{architecture}"
    where = f"{place.repository}:{part}"
    data = registry.find_manifest(part, f"{INDEX_KIND}, {MANIFEST_KIND}")
    if data is None:
        raise DataError(f"{where}: is not in the registry; push it first")
    entries: list[Json] = json.loads(data).get("manifests", [])
    if not entries:
        raise DataError(f"{where}: comes without provenance and SBOM; {CURE}")
    images = [_architecture(one) for one in entries if not _is_attestation(one)]
    if images != [architecture]:
        raise DataError(f"{where}: is for {', '.join(images)}, not for {architecture}")
    return entries


def _statements(
    registry: OciRegistry, place: ImageName, entries: list[Json], about: str
) -> Iterator[Statement]:
    for entry in entries:
        if _is_attestation(entry) and entry["annotations"].get(_ABOUT) == about:
            manifest = json.loads(_manifest(registry, place, entry["digest"]))
            for layer in manifest["layers"]:
                if layer["mediaType"] == STATEMENT_KIND:
                    yield _statement(_blob(registry, place, layer["digest"]), about)


def _statement(data: bytes, about: str) -> Statement:
    said = json.loads(data)
    subjects = {f"sha256:{one['digest'].get('sha256')}" for one in said.get("subject") or []}
    if subjects != {about}:
        raise DataError(f"{about}: its {said['predicateType']} is of {sorted(subjects)}; {CURE}")
    return Statement(said["predicateType"], said["predicate"])


def _architecture(entry: Json) -> str:
    return str(entry.get("platform", {}).get("architecture", "unknown"))


def _is_attestation(entry: Json) -> bool:
    return bool(entry.get("annotations", {}).get(_TYPE) == _ATTESTATION)


def _manifest(registry: OciRegistry, place: ImageName, digest: str) -> bytes:
    return _checked(registry.manifest(digest, f"{INDEX_KIND}, {MANIFEST_KIND}"), place, digest)


def _blob(registry: OciRegistry, place: ImageName, digest: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blob"
        registry.pull_blob(digest, path)
        return _checked(path.read_bytes(), place, digest)


def _checked(data: bytes, place: ImageName, digest: str) -> bytes:
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise DataError(f"{place.repository}@{digest}: the registry gives another content")
    return data


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
