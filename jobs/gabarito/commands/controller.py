"""The command that runs in the cluster: controller."""

from pathlib import Path

import click

from gabarito.commands.options import GivenPath, port_type


@click.command()
@click.option(
    "--config",
    "config_path",
    type=GivenPath(),
    required=True,
    help="The controller.yaml that the chart writes.",
)
@click.option(
    "--port",
    type=port_type,
    default=8080,
    show_default=True,
    help="/health, /ready and /metrics.",
)
def controller(config_path: Path, port: int) -> None:
    """Run a release on a cluster: each stage as a Job, then the endpoint.

    Runs in a pod of the chart, or anywhere with a kubeconfig. Of several, only the one that holds
    the Lease acts.
    """
    from gabarito.controller.config import read_config
    from gabarito.controller.main import run

    run(read_config(config_path), port)
