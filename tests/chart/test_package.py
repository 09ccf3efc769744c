"""What ``helm package`` writes: who has the package alone can follow what its pages say."""

import re
import tarfile
from pathlib import Path

import pytest

from .helm import CHART, ci_values, helm

LINK = re.compile(r"\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PAGES = ("README.md", "UPGRADE.md")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the packaged chart unpacks to."""
    folder = tmp_path_factory.mktemp("package")
    done = helm("package", str(CHART), "--destination", str(folder))
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "gabarito"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_out_or_to_a_file_of_the_package(page: str, package: Path) -> None:
    text = (package / page).read_text(encoding="utf-8")
    links = list(LINK.finditer(text))
    assert [link[0] for link in links if not _leads(link, package, page)] == []
    assert len(links) > 10 or page != "README.md"


def test_the_readme_leads_to_what_an_upgrade_needs(package: Path) -> None:
    assert "](UPGRADE.md)" in (package / "README.md").read_text(encoding="utf-8")


def test_every_scenario_is_in_the_package_and_in_the_readme(package: Path) -> None:
    text = (package / "README.md").read_text(encoding="utf-8")
    for values in ci_values():
        assert (package / "ci" / values.name).exists()
        assert f"](ci/{values.name})" in text


def _leads(link: re.Match[str], package: Path, page: str) -> bool:
    """Tell whether a link is an absolute address, or one of a file and a heading that are there."""
    if link["path"].startswith(("https://", "http://")):
        return True
    target = (package / (link["path"] or page)).resolve()
    if not (target.is_relative_to(package.resolve()) and target.exists()):
        return False
    return link["anchor"] is None or link["anchor"] in _anchors(target)


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\s-]", "", each.lower()).strip().replace(" ", "-") for each in headings}
