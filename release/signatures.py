"""Signatures and signed statements, by cosign: with a key, or with the identity of a workflow.

https://github.com/sigstore/cosign, version 3
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gabarito.exports.oci_registry import ImageName
from release.images import Statement
from release.tools import call

NO_LOG = ("--use-signing-config=false", "--tlog-upload=false")
"""What a key has signed stands in no public log: a key belongs to a registry of one's own."""


@dataclass(frozen=True)
class Signer:
    """Who signs: the holder of a key, or without one the workflow that runs."""

    key: str | None

    def sign(self, place: ImageName, digest: str) -> None:
        """Sign an index and what it names, or a chart."""
        call("cosign", "sign", "--recursive", *self._options(place), _whole(place, digest))

    def attest(self, place: ImageName, digest: str, statement: Statement) -> None:
        """Sign what the builder states of an image."""
        with tempfile.TemporaryDirectory() as folder:
            predicate = Path(folder) / "predicate.json"
            predicate.write_text(json.dumps(statement.predicate), encoding="utf-8")
            said = ("--type", statement.kind, "--predicate", str(predicate))
            call("cosign", "attest", *said, *self._options(place), _whole(place, digest))

    def _options(self, place: ImageName) -> list[str]:
        known = ["--key", self.key, *NO_LOG] if self.key else []
        return ["--yes", *known, *_plainly(place)]


@dataclass(frozen=True)
class Trust:
    """Whose signature is wanted: of a public key, or of a workflow and who vouches for it."""

    key: str | None
    identity: str | None
    issuer: str

    def verify(self, place: ImageName, digest: str) -> None:
        """Verify a signature.

        Raises:
            ServiceError: if there is none of theirs.
        """
        call("cosign", "verify", *self._options(place), _whole(place, digest))

    def verify_statement(self, place: ImageName, digest: str, kind: str) -> None:
        """Verify that a statement of a kind is signed.

        Raises:
            ServiceError: if there is none of theirs.
        """
        options = self._options(place)
        call("cosign", "verify-attestation", "--type", kind, *options, _whole(place, digest))

    def _options(self, place: ImageName) -> list[str]:
        if self.key:
            known = ["--key", self.key, "--insecure-ignore-tlog=true"]
        else:
            named = str(self.identity)
            known = ["--certificate-identity", named, "--certificate-oidc-issuer", self.issuer]
        return [*known, *_plainly(place)]


def _plainly(place: ImageName) -> list[str]:
    return ["--allow-http-registry"] if place.is_plain else []


def _whole(place: ImageName, digest: str) -> str:
    return f"{place.repository}@{digest}"
