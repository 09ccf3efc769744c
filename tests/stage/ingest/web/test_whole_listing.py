"""The whole listing through the whole stage, by real processes, some of them killed."""

from collections import Counter
from collections.abc import Iterator

import pytest
from tests.stage.ingest.web.news_site import NewsSite
from tests.stage.ingest.web.web_project import WebProject, run_with_kills

KILLS = 5


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite(delay_s=0.002) as running:
        yield running


@pytest.fixture(scope="module")
def project(site: NewsSite, tmp_path_factory: pytest.TempPathFactory) -> WebProject:
    """A run that was killed and came to its end."""
    source = {"type": "listing", "url": site.listing, "items": "article.card h2 a"}
    project = WebProject(tmp_path_factory.mktemp("listing"), source)
    assert run_with_kills(project, site, KILLS, site.needed) == 0, project.printed
    return project


@pytest.fixture(scope="module")
def first_counts(site: NewsSite, project: WebProject) -> Counter[str]:
    return site.counts


def test_a_listing_is_read_once_however_often_its_run_is_killed(
    site: NewsSite, project: WebProject, first_counts: Counter[str]
) -> None:
    assert len(project.documents) == site.items - 1
    assert max(first_counts.values()) <= 2
    assert sum(first_counts.values()) <= site.needed + KILLS
    forbidden, end = project.ledger
    assert (forbidden.item, forbidden.reason) == (site.forbidden, "refused by robots.txt")
    assert end.detail == "38 pages, 381 items: no next page"


def test_a_second_look_fetches_nothing(site: NewsSite, project: WebProject) -> None:
    before = project.documents
    site.forget()
    assert project.run(rerun=1) == 0, project.printed
    assert site.statuses == {304: site.needed}
    assert project.documents == before


def test_a_third_look_changes_the_documents_of_pages_that_changed(
    site: NewsSite, project: WebProject
) -> None:
    before = project.documents
    site.forget()
    site.changed = {5, 17}
    assert project.run(rerun=2) == 0, project.printed
    edited = {f"{site.url}/noticia/5", f"{site.url}/noticia/17"}
    assert {site.url + target for target in site.fetched()} == edited
    after = project.documents
    assert {one for one in before if after[one].id != before[one].id} == edited
    assert len(after) == len(before)
