"""python -m release: check, publish and verify a release; docs/releasing.md."""

import sys
from pathlib import Path

import click

from gabarito.core.errors import GabaritoError, UsageError
from release.artifact_hub import push_metadata
from release.chart import Origin
from release.publish import publish as publish_release
from release.signatures import Signer, Trust
from release.verify import verify
from release.version import check_version, version_of

ROOT = Path(__file__).parents[1]
GITHUB = "https://token.actions.githubusercontent.com"
"""Who vouches for the identity of a workflow on GitHub."""


@click.group(help=__doc__)
def main() -> None:
    """Publish Gabarito."""


REGISTRY = click.option(
    "--registry", required=True, help="Registry, and folder in it: ghcr.io/owner."
)


@main.command()
@click.option("--tag", required=True, help="The tag that is to be released.")
def check(tag: str) -> None:
    """Say what has to be changed before a tag is released."""
    check_version(ROOT, tag)
    click.echo(f"{tag} can be released")


@main.command()
@REGISTRY
@click.option("--source", required=True, help="Address of the repository: https://…")
@click.option("--revision", required=True, help="The commit that the images were built from.")
@click.option("--key", help="cosign's private key, or its address; without: a workflow's identity.")
@click.option("--artifact-hub", help="The repository's id at Artifact Hub.")
def publish(
    registry: str, source: str, revision: str, key: str | None, artifact_hub: str | None
) -> None:
    """Join and sign the images that were pushed as VERSION-amd64 and -arm64; push the chart."""
    origin = Origin(registry, version_of(ROOT))
    signer = Signer(key)
    labels = {"source": source, "revision": revision}
    digests, chart = publish_release(ROOT, origin, labels, signer)
    push_metadata(ROOT, origin.chart, artifact_hub)
    for name, digest in [*digests.items(), ("chart", chart)]:
        click.echo(f"{name} {digest}")


@main.command("verify")
@REGISTRY
@click.option("--key", help="cosign's public key.")
@click.option("--identity", help="The workflow that signed: https://…/release.yml@refs/tags/v….")
@click.option("--issuer", default=GITHUB, show_default=True, help="Who vouches for the identity.")
def verify_release(registry: str, key: str | None, identity: str | None, issuer: str) -> None:
    """Read a published release back: signatures, digests, packages."""
    if bool(key) == bool(identity):
        raise UsageError("give --key or --identity, one of them: whose signature is wanted?")
    origin = Origin(registry, version_of(ROOT))
    for line in verify(ROOT, origin, Trust(key, identity, issuer)):
        click.echo(line)


if __name__ == "__main__":
    try:
        main()
    except GabaritoError as error:
        sys.stderr.write(f"release: {error}\n")
        sys.exit(error.exit_code)
