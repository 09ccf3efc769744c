"""Images as docker buildx pushes them: an index of one architecture, with what is stated of it.

https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from gabarito import __version__
from gabarito.exports.oci_image import CONFIG_KIND, LAYER_KIND, MANIFEST_KIND, digest_of
from gabarito.exports.oci_registry import ImageName, OciRegistry
from release.images import ARCHITECTURES, IMAGES, INDEX_KIND, place_of

ROOT = Path(__file__).parents[2]
PROVENANCE = "https://slsa.dev/provenance/v1"
SBOM = "https://spdx.dev/Document"
UNKNOWN = {"architecture": "unknown", "os": "unknown"}
VERSION_PLACES = (
    "CHANGELOG.md",
    "helm/gabarito/Chart.yaml",
    "images/docker-bake.hcl",
    "jobs/gabarito/__init__.py",
    "pyproject.toml",
)
Json = dict[str, Any]


def copy_versions(to: Path) -> Path:
    """Copy the files that say the version, with the day of a release."""
    for place in VERSION_PLACES:
        (to / place).parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / place).read_text(encoding="utf-8")
        (to / place).write_text(text.replace("(unreleased)", "(2027-01-31)", 1), encoding="utf-8")
    return to


def push_all(registry: str, **changed: str) -> None:
    """Push every image of this version for both architectures; ``changed`` has other versions."""
    for image in IMAGES:
        for architecture in ARCHITECTURES:
            push(registry, image, architecture, sbom(image, **changed))


def push(registry: str, image: str, architecture: str, document: Json) -> None:
    """Push an image of one layer, with its provenance and SBOM."""
    place = place_of(registry, image, f"{__version__}-{architecture}")
    client = OciRegistry(place)
    layer = f"{image} {architecture}".encode()
    config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers"}}
    described = _manifest(client, config, [(LAYER_KIND, layer, {})])
    stated = [
        (kind, statement(kind, predicate, described["digest"]))
        for kind, predicate in ((PROVENANCE, {"buildDefinition": {}}), (SBOM, document))
    ]
    layers = [
        ("application/vnd.in-toto+json", data, {"in-toto.io/predicate-type": kind})
        for kind, data in stated
    ]
    attested = _manifest(client, UNKNOWN, layers)
    reference = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": described["digest"],
    }
    entries = [
        {**described, "platform": {"architecture": architecture, "os": "linux"}},
        {**attested, "platform": UNKNOWN, "annotations": reference},
    ]
    push_index(place, entries)


def push_index(place: ImageName, entries: list[Json]) -> None:
    """Push an index of what is there."""
    index = {"schemaVersion": 2, "mediaType": INDEX_KIND, "manifests": entries}
    OciRegistry(place).push_manifest(json.dumps(index).encode(), INDEX_KIND, place.tag)


def statement(kind: str, predicate: Json, about: str) -> bytes:
    """Return a statement of in-toto."""
    said = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": kind,
        "subject": [{"name": "_", "digest": {"sha256": about.removeprefix("sha256:")}}],
        "predicate": predicate,
    }
    return json.dumps(said).encode()


def sbom(image: str, **changed: str) -> Json:
    """Return what syft writes of an image: its locked packages for Python 3.12, and others."""
    lock = (ROOT / f"requirements/{image}.txt").read_text(encoding="utf-8")
    lines = [line.removesuffix("\\") for line in lock.splitlines() if "==" in line]
    environment = {"sys_platform": "linux", "python_full_version": "3.12.4", "extra": ""}
    locked = [
        one for one in map(Requirement, lines) if not one.marker or one.marker.evaluate(environment)
    ]
    versions = {one.name: str(one.specifier).removeprefix("==") for one in locked}
    versions |= {"gabarito": __version__} | {
        name: version for name, version in changed.items() if name in versions
    }
    own = [package(name, version, "/opt/gabarito") for name, version in versions.items()]
    carried = "/opt/gabarito/lib/python3.12/site-packages/setuptools/_vendor/zipp-1.dist-info"
    others = [
        package("pip", "25.0", "/usr/local"),
        {**package("zipp", "1", ""), "sourceInfo": f"acquired package info: {carried}/METADATA"},
        {"name": "libc6", "versionInfo": "2.36", "sourceInfo": "DPKG DB", "externalRefs": []},
    ]
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [*own, *others]}


def package(name: str, version: str, above: str) -> Json:
    """Return a package of SPDX as syft tells of one that is installed."""
    folder = f"{above}/lib/python3.12/site-packages/{name.replace('-', '_')}-{version}.dist-info"
    return {
        "name": name,
        "versionInfo": version,
        "sourceInfo": "acquired package info from installed python package manifest file: "
        f"{folder}/METADATA, {folder}/RECORD",
        "externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": f"cpe:2.3:a:{name}:{name}"},
            {"referenceType": "purl", "referenceLocator": f"pkg:pypi/{name}@{version}"},
        ],
    }


def _manifest(client: OciRegistry, config: Json, layers: list[tuple[str, bytes, Json]]) -> Json:
    parts = [{**_blob(client, kind, data), "annotations": said} for kind, data, said in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_KIND,
        "config": _blob(client, CONFIG_KIND, json.dumps(config).encode()),
        "layers": parts,
    }
    data = json.dumps(manifest).encode()
    digest = digest_of(data)
    client.push_manifest(data, MANIFEST_KIND, digest)
    return {"mediaType": MANIFEST_KIND, "digest": digest, "size": len(data)}


def _blob(client: OciRegistry, kind: str, data: bytes) -> Json:
    digest = digest_of(data)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        client.push_blob(Path(file.name), digest)
    return {"mediaType": kind, "digest": digest, "size": len(data)}
