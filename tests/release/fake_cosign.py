"""A cosign that signs nothing: beside it lies what it was asked, and what it was to sign.

Who signs is the name of a key without its ending (``ours.key`` signs, ``ours.pub`` verifies), or
without a key the identity that the environment says, and who vouches for it.
"""

import hashlib
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import NamedTuple


class Signed(NamedTuple):
    """Something that was signed: of a statement its kind and the digest of its content."""

    who: str
    subject: str
    kind: str
    content: str


def run(words: list[str]) -> int:
    """Sign, or verify what was signed."""
    beside = Path(sys.argv[0])
    _add(beside.with_name("cosign.asked"), words)
    signed = beside.with_name("cosign.signed")
    subject, kind = words[-1], _option(words, "--type")
    if words[0] == "sign":
        for one in [subject, *(_named_by(subject) if "--recursive" in words else ())]:
            _add(signed, Signed(_who(words), one, "", ""))
        return 0
    if words[0] == "attest":
        predicate = json.loads(Path(_option(words, "--predicate")).read_text())
        _add(signed, Signed(_who(words), subject, kind, content_of(predicate)))
        return 0
    lines = signed.read_text().splitlines() if signed.exists() else []
    known = {tuple(json.loads(line)[:3]) for line in lines}
    if words[0] in ("verify", "verify-attestation") and (_who(words), subject, kind) in known:
        return 0
    sys.stderr.write("no matching signatures\n")
    return 1


def content_of(predicate: object) -> str:
    """Return a digest that tells one statement from another."""
    return hashlib.sha256(json.dumps(predicate, sort_keys=True).encode()).hexdigest()


def _who(words: list[str]) -> str:
    if key := _option(words, "--key"):
        return Path(key).stem
    wanted = [_option(words, f"--certificate-{name}") for name in ("identity", "oidc-issuer")]
    return " ".join(filter(None, wanted)) or os.environ.get("FAKE_COSIGN_IDENTITY", "")


def _named_by(subject: str) -> list[str]:
    """Return what an index in a registry on loopback names."""
    where, digest = subject.split("@")
    host, _, name = where.partition("/")
    kinds = ("index", "manifest")
    accepted = ", ".join(f"application/vnd.oci.image.{kind}.v1+json" for kind in kinds)
    asked = urllib.request.Request(
        f"http://{host}/v2/{name}/manifests/{digest}", headers={"Accept": accepted}
    )
    with urllib.request.urlopen(asked) as reply:
        return [f"{where}@{one['digest']}" for one in json.load(reply).get("manifests", [])]


def _option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1] if name in words else ""


def _add(path: Path, value: object) -> None:
    with path.open("a") as file:
        file.write(json.dumps(value) + "\n")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
