"""A listing that is read by runs which are killed: how often its pages are asked for.

usage: PYTHONPATH=jobs .venv/bin/python -m tests.bench.listing [--kills N] [--pages N]

Serves a listing of N pages of eleven items each on this machine, and kills the processes of a run
N times at random moments before the last run comes to its end.
"""

import argparse
import tempfile
from pathlib import Path

from tests.stage.ingest.web.news_site import PAGES, NewsSite
from tests.stage.ingest.web.web_project import WebProject, run_with_kills


def main() -> None:
    """Read the listing and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--pages", type=int, default=PAGES)
    asked = parser.parse_args()
    with NewsSite(asked.pages, delay_s=0.005) as site, tempfile.TemporaryDirectory() as folder:
        source = {"type": "listing", "url": site.listing, "items": "article.card h2 a"}
        project = WebProject(Path(folder), source)
        code = run_with_kills(project, site, asked.kills, site.needed)
        print(  # noqa: T201
            f"exit code {code}, {len(project.documents):,} documents of {site.items:,} items: "
            f"{len(site.asked):,} requests, {site.needed:,} needed, "
            f"{len(site.asked) / site.items:.3f} an item; "
            f"{max(site.counts.values())} of one address at the most"
        )


if __name__ == "__main__":
    main()
