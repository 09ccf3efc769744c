"""Fetch what the pipeline of the handbook reads: its pages and its base."""

from pathlib import Path

import click

from sample.handbook.pages import cached_pages
from sample.real_base import cached_base

FETCHED = Path(__file__).with_name("fetched")
"""Where ``pipeline.yaml`` looks: links into the cache."""


@click.command()
def main() -> None:
    """Fetch pages and base where they are not there yet, and link them to fetched/."""
    FETCHED.mkdir(exist_ok=True)
    for name, folder in (("pages", cached_pages()), ("base", cached_base())):
        link = FETCHED / name
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
        click.echo(f"{name:6} {folder}")


if __name__ == "__main__":
    main()
