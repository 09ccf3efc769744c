"""What Artifact Hub reads beside a chart: whose the repository is.

https://artifacthub.io/docs/topics/repositories/helm-charts, *OCI support*
"""

import json
import tempfile
from pathlib import Path

from gabarito.exports.oci_image import MANIFEST_KIND, digest_of
from gabarito.exports.oci_registry import ImageName, OciRegistry

TAG = "artifacthub.io"
METADATA = "helm/artifacthub-repo.yml"
CONFIG_KIND = "application/vnd.cncf.artifacthub.config.v1+yaml"
LAYER_KIND = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml"


def push_metadata(root: Path, chart: ImageName, repository_id: str | None) -> str:
    """Push the file with the id that Artifact Hub gave the repository; return its digest."""
    text = (root / METADATA).read_text(encoding="utf-8")
    if repository_id:
        text += f"repositoryID: {repository_id}\n"
    registry = OciRegistry(chart)
    config, layer = (_push(registry, data) for data in (b"{}", text.encode()))
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_KIND,
            "config": {"mediaType": CONFIG_KIND, **config},
            "layers": [
                {
                    "mediaType": LAYER_KIND,
                    **layer,
                    "annotations": {"org.opencontainers.image.title": Path(METADATA).name},
                }
            ],
        }
    ).encode()
    registry.push_manifest(manifest, MANIFEST_KIND, TAG)
    return digest_of(manifest)


def _push(registry: OciRegistry, data: bytes) -> dict[str, object]:
    digest = digest_of(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blob"
        path.write_bytes(data)
        registry.push_blob(path, digest)
    return {"digest": digest, "size": len(data)}
