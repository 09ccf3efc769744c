"""The page at ``/``: one file that asks the endpoint it came from. Pure."""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template

LANGUAGES = ("en", "pt")
"""Each has its ``page/words.<language>.json``; the browser takes the reader's, or the first."""

_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def words_of_page(language: str) -> dict[str, str]:
    """Return what the page says in a language."""
    words: dict[str, str] = json.loads(_read(f"words.{language}.json"))
    return words


@cache
def ask_page() -> str:
    """Return the page."""
    words = {language: words_of_page(language) for language in LANGUAGES}
    script = f"const WORDS = {json.dumps(words)};\n{_read('ask.js')}"
    style = _read("ask.css")
    return Template(_read("ask.html")).substitute(
        policy=_POLICY.format(script=_hash(script), style=_hash(style)), style=style, script=script
    )


@cache
def page_headers() -> dict[str, str]:
    """Return what HTTP says beside the page: its policy, and that nobody may frame it."""
    policy = ask_page().partition('Content-Security-Policy" content="')[2].partition('"')[0]
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _hash(text: str) -> str:
    """Return a source expression of CSP level 3: of exactly what stands between the tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return files("gabarito.serve").joinpath("page", name).read_text("utf-8")
