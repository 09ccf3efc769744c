"""The page: one file with all that it needs, served live or written to be read without a server."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import islice
from string import Template
from typing import Any

from gabarito.pipeline.review.fact_sheet import FactSheet
from gabarito.pipeline.review.review_session import Opening

LANGUAGE = "en"
"""Which ``page/words.<language>.json`` the page speaks; another language is another such file."""

SHEETS_IN_A_BLOCK = 100
"""The first block is drawn before the others are unpacked. Facts of one passage lie side by side,
so that a block packs their passage once.
"""

_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
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
    words: dict[str, str] = json.loads(_read(f"words.{LANGUAGE}.json"))
    script, style = "\n".join(map(_read, _SCRIPTS)), _read("review.css")
    data = {"isLive": is_live, "words": words, "opening": opening}
    page = Template(_read("review.html")).substitute(
        {name: escape(text) for name, text in words.items()},
        language=LANGUAGE,
        name=escape(str(opening["pipeline"])),
        policy=_policy(script, style, is_live=is_live),
        mode="live" if is_live else "file",
        style=style,
        script=script,
        data=_json(data).translate(_ESCAPES),
        blocks=_BLOCKS,
    )
    above, _, below = page.partition(_BLOCKS)
    return above, below


def _policy(script: str, style: str, *, is_live: bool) -> str:
    """Allow this script and this style alone, and to ask nobody but the server, if there is one."""
    asks = "'self'" if is_live else "'none'"
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        f"img-src data:; connect-src {asks}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """Return a source expression of CSP level 3: of exactly what stands between the tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return files("gabarito.pipeline.review").joinpath("page", name).read_text("utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
