"""What an answer of the web means: a page, one that has moved, or the reason why there is none."""

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from gabarito.core.reasons import IngestReason
from gabarito.ingest.web_sources.addresses import joined
from gabarito.ingest.web_sources.host import WebReply
from gabarito.ingest.web_sources.kept_pages import KeptAnswer, WebAnswer
from gabarito.ingest.web_sources.pages import WebPage

NOT_MODIFIED = 304
_OK = 200
_REDIRECTS = (300, 301, 302, 303, 307, 308)
_LOGIN = (401, 407)
_WALLS = (402, 403, 451)
_FIRST_REFUSAL = 400


def media_type_of(reply: WebReply) -> str:
    """Return the type that an answer gives its body, such as ``text/html``, or an empty text."""
    return _content_type(reply).get_content_type() if reply.headers.get("Content-Type") else ""


def answer_of(url: str, reply: WebReply, kept: KeptAnswer | None, asker: str) -> KeptAnswer:
    """Return what an answer says of an address, of which ``kept`` was known before."""
    if reply.status == NOT_MODIFIED and kept:
        return KeptAnswer(kept.answer.asked_by(asker), kept.body)
    if kept and kept.answer.is_page and reply.status == _OK and reply.body == kept.body:
        return KeptAnswer(_page(url, reply, asker, kept.answer), kept.body)
    if reply.status in _REDIRECTS:
        return KeptAnswer(_moved(url, reply, asker))
    if reply.status >= _FIRST_REFUSAL or reply.status == NOT_MODIFIED:
        said = f"answered {reply.status}"
        return KeptAnswer(refusal(url, _reason_of(reply.status), said, asker))
    return KeptAnswer(_page(url, reply, asker), reply.body)


def refusal(url: str, reason: IngestReason, detail: str, asker: str) -> WebAnswer:
    """Return the answer that there is no page at an address."""
    return WebAnswer(
        url=url, asked_for=(asker,), reason=reason, detail=detail, fetched_at=datetime.now(UTC)
    )


def page_of(kept: KeptAnswer) -> WebPage:
    """Return the page that was kept."""
    answer = kept.answer
    return WebPage(
        url=answer.url,
        body=kept.body,
        media_type=answer.media_type,
        charset=answer.charset,
        modified=_date(answer.last_modified),
        fetched_at=answer.fetched_at,
        is_changed=answer.is_changed,
    )


def _page(url: str, reply: WebReply, asker: str, same: WebAnswer | None = None) -> WebAnswer:
    """Return a page, fetched now, or earlier if it is the ``same`` as it was."""
    earlier = same.asked_for if same else ()
    page = WebAnswer(
        url=url,
        asked_for=earlier,
        media_type=media_type_of(reply),
        charset=_content_type(reply).get_content_charset(),
        etag=reply.headers.get("ETag", ""),
        last_modified=reply.headers.get("Last-Modified", ""),
        fetched_at=same.fetched_at if same else datetime.now(UTC),
    )
    return page.asked_by(asker, is_changed=same is None)


def _moved(url: str, reply: WebReply, asker: str) -> WebAnswer:
    place = reply.headers.get("Location", "")
    leads_to = joined(url, place) if place else ""
    if not leads_to:
        said = f"answered {reply.status}, which leads to {place!r}"
        return refusal(url, IngestReason.NO_ADDRESS, said, asker)
    now = datetime.now(UTC)
    return WebAnswer(url=url, asked_for=(asker,), leads_to=leads_to, fetched_at=now)


def _reason_of(status: int) -> IngestReason:
    if status in _LOGIN:
        return IngestReason.BEHIND_LOGIN
    return IngestReason.BEHIND_WALL if status in _WALLS else IngestReason.GONE


def _content_type(reply: WebReply) -> Message:
    message = Message()
    message["Content-Type"] = reply.headers.get("Content-Type", "")
    return message


def _date(said: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(said)
    except (OverflowError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
