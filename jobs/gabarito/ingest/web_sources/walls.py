"""Pages that stand in front of the one that was asked for: a login, a question, a script.

The text of such a page is no document: all that can be told from it is told from its form, and
only where there is little text, so that an article with a login beside it is read.
"""

import re
from urllib.parse import urlsplit

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped

MOST_CHARS = 3000
"""A page with more text than this is no wall."""

LEAST_SHARE = 0.04
"""Share of words about consent from which a page is about nothing else: a policy that explains
each cookie has a lower one."""
LEAST_WORDS = 3

_HEAD_BYTES = 400_000
_PASSWORD = re.compile(rb"<input\b[^>]{0,400}\btype\s*=\s*[\"']?password\b", re.I)
_BUTTON = re.compile(rb"<(?:button|form|input)\b", re.I)
_SCRIPT = re.compile(rb"<script\b", re.I)
_LOGIN = re.compile(r"\b(?:log-?in|sign-?in|signin|sso|auth|acessar|entrar|anmelden)\b", re.I)
_CONSENT = re.compile(
    r"\b(?:cookies?|consent\w*|consentimento\w*|subscri\w+|paywall|assinantes?"
    r"|einwillig\w+|zustimm\w+|captcha)\b",
    re.I,
)
"""Words of questions that come before a page; others of them, such as browser, robot and privacy,
are subjects of short pages, too."""
_ASKS_FOR_SCRIPTS = re.compile(rb"<noscript\b[^<]{0,400}(?:<[^<]{0,400}){0,5}java-?script", re.I)


def refuse_wall(url: str, body: bytes, title: str, text: str) -> None:
    """Do nothing with a page whose text is its own.

    A field for a password stands in the head of many; the address or the title tells a login.

    Raises:
        Dropped: if it only stands in front of another.
    """
    if len(text) > MOST_CHARS:
        return
    head = body[:_HEAD_BYTES]
    if _PASSWORD.search(head) and _LOGIN.search(f"{urlsplit(url).path} {title}"):
        raise Dropped(IngestReason.BEHIND_LOGIN, f"asks for a password at {url}")
    words, told = text.split(), _CONSENT.findall(text)
    is_about_consent = len(told) >= max(LEAST_WORDS, LEAST_SHARE * len(words))
    if is_about_consent and _BUTTON.search(head):
        raise Dropped(IngestReason.BEHIND_WALL, f"asks for leave first: “{text[:80]}”")


def explained(why: Dropped, url: str, body: bytes) -> Dropped:
    """Return why a page has no text, or little, as far as its form tells."""
    head = body[:_HEAD_BYTES]
    if why.reason not in (IngestReason.NO_TEXT, IngestReason.TOO_SHORT) or not body:
        return why
    if _PASSWORD.search(head):
        return Dropped(IngestReason.BEHIND_LOGIN, f"asks for a password at {url}")
    is_empty = why.reason is IngestReason.NO_TEXT
    asks = _ASKS_FOR_SCRIPTS.search(head)
    if _SCRIPT.search(head) and (is_empty or asks):
        return Dropped(IngestReason.NEEDS_JAVASCRIPT, "its text is written by scripts")
    return why
