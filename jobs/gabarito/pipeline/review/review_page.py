"""The page: one file with all that it needs, served live or written to be read without a server."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import islice
from string import Template
from typing import Any

from gabarito.core.page_words import (
    ENGLISH,
    SCRIPT_ESCAPES,
    SpokenBody,
    body_in_every_language,
    language_script,
    source_hash,
    words_in,
)
from gabarito.pipeline.review.fact_sheet import FactSheet
from gabarito.pipeline.review.review_session import Opening

SHEETS_IN_A_BLOCK = 100
"""The first block is drawn before the others are unpacked. Facts of one passage lie side by side,
so that a block packs their passage once.
"""

_SCRIPTS = ("source.js", "drawing.js", "review.js")
_BLOCKS = "<!-- blocks -->"


def live_page(opening: Opening) -> str:
    """Return the page of a server, with what it shows first in it."""
    above, below = _page(opening.model_dump(mode="json"), is_live=True)
    return above + below


def page_to_read(opening: Opening, sheets: Iterable[FactSheet]) -> Iterator[str]:
    """Yield the pieces of a page that holds all facts, packed, and takes no decisions."""
    above, below = _page(opening.model_dump(mode="json"), is_live=False)
    yield above
    left = iter(sheets)
    while block := [sheet.model_dump(mode="json") for sheet in islice(left, SHEETS_IN_A_BLOCK)]:
        packed = base64.b64encode(gzip.compress(_json(block).encode(), mtime=0)).decode()
        yield f'<script type="application/gzip" class="block">{packed}</script>\n'
    yield below


def content_policy(page: str) -> str:
    """Return the content security policy that a page states itself, for a server's header."""
    return page.partition('Content-Security-Policy" content="')[2].partition('"')[0]


def _page(opening: Mapping[str, Any], *, is_live: bool) -> tuple[str, str]:
    """Return what stands above the blocks of facts, and what stands below."""
    words = words_in("gabarito.pipeline.review", "page")

    def body(language: str) -> SpokenBody:
        said = {name: escape(text) for name, text in words[language].items()}
        name = str(opening["pipeline"])
        html = Template(_read("review_body.html")).substitute(said, name=escape(name))
        return SpokenBody(f"{words[language]['title']}: {name}", html)

    script, style = "\n".join(map(_read, _SCRIPTS)), _read("review.css")
    scripts = (language_script(words), script)
    page = Template(_read("review.html")).substitute(
        title=escape(body(ENGLISH).title),
        policy=_policy(scripts, style, is_live=is_live),
        mode="live" if is_live else "file",
        style=style,
        body=body_in_every_language(words, body),
        script=script,
        data=_json({"isLive": is_live, "opening": opening}).translate(SCRIPT_ESCAPES),
        blocks=_BLOCKS,
    )
    above, _, below = page.partition(_BLOCKS)
    return above, below


def _policy(scripts: Iterable[str], style: str, *, is_live: bool) -> str:
    """Allow these scripts and this style alone, and to ask nobody but the server, if any."""
    asks = "'self'" if is_live else "'none'"
    return (
        f"default-src 'none'; script-src {' '.join(map(source_hash, scripts))}; "
        f"style-src {source_hash(style)}; img-src data:; connect-src {asks}; base-uri 'none'; "
        "form-action 'none'"
    )


def _read(name: str) -> str:
    return files("gabarito.pipeline.review").joinpath("page", name).read_text("utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
