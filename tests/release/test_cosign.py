"""A release that cosign itself signs, with a key pair, in a registry on loopback."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.real_registry import BUILT, needs_registry, running_registry

from gabarito import __version__
from gabarito.core.errors import ServiceError
from release.images import SBOM, join, place_of, platforms
from release.signatures import Signer, Trust

from .built import push, sbom

COSIGN = shutil.which("cosign") or f"{BUILT}/cosign"

pytestmark = [
    needs_registry,
    pytest.mark.skipif(
        not os.access(COSIGN, os.X_OK), reason="no cosign; k8s/dev/cluster build cosign makes it"
    ),
]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the key pairs ours and theirs; cosign is on the PATH."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(COSIGN).parent), os.environ["PATH"]]))
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("ours", "theirs"):
        prefix = ("--output-key-prefix", str(tmp_path / name))
        subprocess.run([COSIGN, "generate-key-pair", *prefix], check=True, capture_output=True)
    return tmp_path


def test_a_signature_and_a_signed_sbom_are_read_back(keys: Path) -> None:
    signer, trust = Signer(str(keys / "ours.key")), Trust(str(keys / "ours.pub"), None, "")
    others = Trust(str(keys / "theirs.pub"), None, "")
    with running_registry(keys, {}) as address:
        place = place_of(f"{address}/team", "ingest", __version__)
        for architecture in ("amd64", "arm64"):
            push(f"{address}/team", "ingest", architecture, sbom("ingest"))
        digest = join(place, {})
        (image, _) = platforms(place, digest)
        signer.sign(place, digest)
        signer.attest(place, image.digest, image.statement(SBOM))
        trust.verify(place, digest)
        trust.verify(place, image.digest)
        trust.verify_statement(place, image.digest, SBOM)
        with pytest.raises(ServiceError, match="cosign verify: ended with"):
            others.verify(place, digest)
        with pytest.raises(ServiceError, match="cosign verify-attestation: ended with"):
            others.verify_statement(place, image.digest, SBOM)
