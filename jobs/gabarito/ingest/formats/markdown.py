"""Markdown: marks of emphasis and links go, headings, lists and tables stay."""

import re

import yaml
from lxml import html  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

from gabarito.core.settings import NOT_MEANT, BoundedLoader
from gabarito.ingest.decode import decode
from gabarito.ingest.formats.blocks import to_text
from gabarito.ingest.page import Hints, Page, tidy

_KEY = r"[\w\"'][\w \"'./-]*:(?:[ ].*)?"
_FRONT_MATTER = re.compile(
    rf"\A---\n({_KEY}(?:\n(?:{_KEY}|[ #\]}}].*|-[ ].*|))*?)\n(?:---|\.\.\.)(?:\n|\Z)"
)
"""A mapping in YAML; between two rules of a page stands prose."""

_NOTE = re.compile(r"\[\^[^\[\]\s]+\](?!:)")


def read(data: bytes, hints: Hints) -> Page:
    """Return the text as a reader of the rendered page sees it."""
    source = tidy(decode(data, hints))
    front = _FRONT_MATTER.match(source)
    body = _NOTE.sub("", source[front.end() :] if front else source)
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(body)
    text = to_text(html.document_fromstring(f"<body>{rendered}</body>"))
    return Page(text=tidy(text), title=_title(front.group(1)) if front else "")


def _title(front_matter: str) -> str:
    try:
        fields = yaml.load(front_matter, Loader=BoundedLoader)
    except (yaml.YAMLError, *NOT_MEANT):
        return ""
    title = fields.get("title") if isinstance(fields, dict) else None
    return title if isinstance(title, str) else ""
