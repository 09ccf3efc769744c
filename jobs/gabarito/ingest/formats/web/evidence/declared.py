"""The part of a page that it declares itself to be an article, with its heading."""

import re
from collections.abc import Collection, Iterator

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.evidence.measure import Measures

_ARTICLE = re.compile(r'"@type"\s*:\s*\[?\s*"(?:\w*Article|BlogPosting|Report)"')
_LEAST_SHARE = 0.15
_LEAST_SENTENCES = 3
_MUCH_LARGER = 1.2
_TIMES_A_TEASER = 5


def article_of(
    body: Element, measures: dict[Element, Measures], headings: list[Element]
) -> Element | None:
    """Return the element that holds the article, or nothing if a page names none.

    Comments and what else a site has to offer may be several times as long: its share of the
    page says little, but it has sentences, and holds the page's heading or stands alone.
    """
    if not is_declared(body):
        return None
    holders = {above for node in headings for above in (node, *node.iterancestors())}
    part = next(_candidates(body, measures, holders), None)
    if part is None or not _is_much(measures[part], measures[body]):
        return None
    above = next((node for node in part.iterancestors() if node in holders), None)
    if part in holders or above is None or above not in measures:
        return part
    return above if measures[above].letters < _MUCH_LARGER * measures[part].letters else part


def is_declared(body: Element) -> bool:
    """Tell whether a page declares itself to be an article."""
    tree = body.getroottree()
    kinds = tree.xpath("//meta[@property='og:type']/@content")
    if any(kind.strip().lower() in ("article", "news", "blog") for kind in kinds):
        return True
    scripts = tree.xpath("//script[@type='application/ld+json']/text()")
    return any(_ARTICLE.search(text) for text in scripts)


def _candidates(
    body: Element, measures: dict[Element, Measures], holders: Collection[Element]
) -> Iterator[Element]:
    """Yield the one body of an article, the article with the heading, the one among teasers."""
    bodies = [node for node in body.xpath(".//*[@itemprop='articleBody']") if node in measures]
    if len(bodies) == 1:
        yield bodies[0]
    articles = [node for node in body.iter("article") if node in measures]
    yield from (node for node in articles if node in holders)
    letters = sorted((measures[node].letters for node in articles), reverse=True)
    if len(letters) == 1 or (letters and letters[0] >= _TIMES_A_TEASER * letters[1]):
        yield max(articles, key=lambda node: measures[node].letters)


def _is_much(own: Measures, whole: Measures) -> bool:
    enough = own.letters >= _LEAST_SHARE * whole.letters
    return enough and own.sentences >= _LEAST_SENTENCES
