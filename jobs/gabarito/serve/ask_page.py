"""The page at ``/``: one file that asks the endpoint it came from. Pure."""

from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from gabarito.core.page_words import (
    SpokenBody,
    body_in_every_language,
    language_script,
    source_hash,
    words_in,
)

_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {style}; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


@cache
def ask_page() -> str:
    """Return the page."""
    words = words_in("gabarito.serve", "page")
    scripts, style = (language_script(words), _read("ask.js")), _read("ask.css")
    return Template(_read("ask.html")).substitute(
        policy=_POLICY.format(
            scripts=" ".join(map(source_hash, scripts)), style=source_hash(style)
        ),
        style=style,
        body=body_in_every_language(words, _body),
        script=scripts[-1],
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


def _body(language: str) -> SpokenBody:
    words = words_in("gabarito.serve", "page")[language]
    html = Template(_read("ask_body.html")).substitute(
        {name: escape(text) for name, text in words.items()}
    )
    return SpokenBody("Gabarito", html)


def _read(name: str) -> str:
    return files("gabarito.serve").joinpath("page", name).read_text("utf-8")
