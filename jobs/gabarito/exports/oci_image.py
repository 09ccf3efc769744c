"""A model folder as an OCI image of one layer, which Kubernetes mounts as an image volume.

model folder  ->  layer, config and manifest; pushed, pulled back, and only then tagged

https://github.com/opencontainers/image-spec, version 1.1
"""

import hashlib
import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from gabarito.core.errors import DataError
from gabarito.exports.oci_registry import ImageName, OciRegistry
from gabarito.store.disk import disk_errors, info_of

MANIFEST_KIND = "application/vnd.oci.image.manifest.v1+json"
CONFIG_KIND = "application/vnd.oci.image.config.v1+json"
LAYER_KIND = "application/vnd.oci.image.layer.v1.tar"
"""Not compressed: weights hardly shrink, and the same folder has the same digest anywhere."""


@dataclass(frozen=True)
class Image:
    """An image on this machine: files, and the manifest that names them by their digests."""

    layer: Path
    config: Path
    manifest: bytes

    @property
    def digest(self) -> str:
        """The image's own name."""
        return digest_of(self.manifest)


def digest_of(data: bytes) -> str:
    """Return a digest as images spell it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def build_image(folder: Path, to: Path, labels: dict[str, str]) -> Image:
    """Write an image of a folder's files, and remove them; the same files make the same image."""
    layer, config = to / "layer.tar", to / "config.json"
    with disk_errors(str(to)):
        _write_layer(folder, layer)
        shutil.rmtree(folder)
        written = info_of(layer)
        layer_digest = f"sha256:{written.sha256}"
        described = {
            "architecture": "amd64",  # of a single manifest nobody asks it
            "os": "linux",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        }
        config.write_bytes(_json(described))
    parts = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_KIND,
        "config": _part(CONFIG_KIND, digest_of(config.read_bytes()), config.stat().st_size),
        "layers": [_part(LAYER_KIND, layer_digest, written.size)],
        "annotations": labels,
    }
    return Image(layer, config, _json(parts))


def push_image(image: Image, registry: OciRegistry) -> None:
    """Upload an image under its digest alone, to which no tag leads yet; remove its layer here."""
    parts = json.loads(image.manifest)
    registry.push_blob(image.config, parts["config"]["digest"])
    registry.push_blob(image.layer, parts["layers"][0]["digest"])
    image.layer.unlink()
    registry.push_manifest(image.manifest, MANIFEST_KIND, image.digest)


def pull_folder(registry: OciRegistry, name: ImageName, digest: str, to: Path) -> None:
    """Download an image by its digest, and unpack its layer into a folder that is there.

    Raises:
        DataError: if the registry gives anything else.
    """
    manifest = registry.manifest(digest, MANIFEST_KIND)
    if digest_of(manifest) != digest:
        raise _damaged(name, digest)
    layer = json.loads(manifest)["layers"][0]["digest"]
    packed = to.with_name(f"{to.name}.tar")
    with disk_errors(str(packed)):
        registry.pull_blob(layer, packed)
        if f"sha256:{info_of(packed).sha256}" != layer:
            raise _damaged(name, layer)
        with tarfile.open(packed) as archive:
            archive.extractall(to, filter="data")
        packed.unlink()


def _damaged(name: ImageName, digest: str) -> DataError:
    return DataError(
        f"{name.repository}: the registry gives another content under {digest}; try again, or use "
        "another registry"
    )


def _write_layer(folder: Path, layer: Path) -> None:
    with tarfile.open(layer, "w") as archive:
        for path in sorted(folder.iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                archive.addfile(entry, file)


def _part(kind: str, digest: str, size: int) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest, "size": size}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
