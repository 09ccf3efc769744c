"""The least that fetches: what discovery is tried with alone, over a real connection."""

import urllib.error
import urllib.request

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.pages import WebPage


def plain_fetch(url: str) -> WebPage:
    """Return a page as it comes, without manners."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            kind, charset = answer.headers.get_content_type(), answer.headers.get_content_charset()
            return WebPage(answer.geturl(), answer.read(), kind, charset)
    except urllib.error.HTTPError as error:
        with error:
            is_gone = error.code in (404, 410)
            reason = IngestReason.GONE if is_gone else IngestReason.OUT_OF_REACH
            raise Dropped(reason, f"status {error.code}") from error
    except OSError as error:
        raise Dropped(IngestReason.OUT_OF_REACH, str(error)) from error
