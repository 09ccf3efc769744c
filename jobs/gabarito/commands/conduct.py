"""Commands about a cluster: conduct."""

from pathlib import Path

import click

from gabarito.commands.options import port_type


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    required=True,
    help="The conductor.yaml that the chart writes.",
)
@click.option(
    "--port",
    type=port_type,
    default=8080,
    show_default=True,
    help="/health, /ready and /metrics.",
)
def conduct(config_path: Path, port: int) -> None:
    """Lead a release on a cluster: each stage as a Job, then the endpoint.

    Runs in a pod of the chart, or anywhere with a kubeconfig; of several one leads.
    """
    from gabarito.conduct.config import read_config
    from gabarito.conduct.job import conduct as lead

    lead(read_config(config_path), port)
