import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.walls import explained, refuse_wall

URL = "https://example.org/a"
PASSWORD = b"<form><input name=p type='password'></form>"
CONSENT = (
    "We value your privacy. We and our partners store cookies on your device. Accept all cookies, "
    "or manage your consent. Read our cookie policy to learn which cookies are stored and why."
)


def verdict(body: bytes, text: str, url: str = URL, title: str = "Bridges") -> IngestReason | None:
    try:
        refuse_wall(url, body, title, text)
    except Dropped as why:
        return why.reason
    return None


def test_a_page_that_asks_for_a_password_and_little_else_is_a_login() -> None:
    text = "Welcome back. " * 9
    assert verdict(PASSWORD, text, title="Sign-in | News") is IngestReason.BEHIND_LOGIN
    assert verdict(PASSWORD, "Welcome. " * 9, f"{URL}/login") is IngestReason.BEHIND_LOGIN


def test_a_page_that_asks_for_consent_and_little_else_is_a_wall() -> None:
    assert verdict(b"<button>Accept</button>", CONSENT) is IngestReason.BEHIND_WALL


def test_an_article_with_a_login_or_a_notice_beside_it_is_read() -> None:
    article = "The bridge was opened by the engineer in the year after the flood. " * 60
    assert verdict(PASSWORD, f"Sign-in. {article}") is None
    assert verdict(b"<button>", f"{CONSENT} {article}") is None
    assert verdict(b"<button>", "The cookies are baked for nine minutes. " + article[:1000]) is None


@pytest.mark.parametrize(
    "text",
    [
        "Entrar no museu custa 5 euros. O museu abre todos os dias, menos à segunda. ",
        "A browser keeps what you visit. Set the browser to forget it: your privacy is yours. ",
        "The robot sorts parcels. A second robot, the larger robot, lifts them. ",
        "A assinatura digital vale como a assinatura em papel; peça a assinatura no balcão. ",
    ],
)
def test_a_short_page_with_a_form_in_its_head_is_read(text: str) -> None:
    assert verdict(b"<script></script><button>Search</button>" + PASSWORD, text * 3) is None


def test_a_page_about_consent_that_asks_for_none_is_read() -> None:
    assert verdict(b"<script></script><p>", CONSENT) is None


@pytest.mark.parametrize(
    ("reason", "body", "expected"),
    [
        (IngestReason.NO_TEXT, b"<script src=app.js></script>", IngestReason.NEEDS_JAVASCRIPT),
        (
            IngestReason.TOO_SHORT,
            b"<script></script><noscript>Please enable <b>JavaScript</b></noscript>",
            IngestReason.NEEDS_JAVASCRIPT,
        ),
        (IngestReason.TOO_SHORT, b"<script></script><p>Closed.</p>", IngestReason.TOO_SHORT),
        (IngestReason.NO_TEXT, PASSWORD, IngestReason.BEHIND_LOGIN),
        (IngestReason.NO_TEXT, b"<p></p>", IngestReason.NO_TEXT),
        (IngestReason.UNREADABLE, PASSWORD, IngestReason.UNREADABLE),
    ],
)
def test_a_page_of_little_text_says_why(
    reason: IngestReason, body: bytes, expected: IngestReason
) -> None:
    assert explained(Dropped(reason, "so"), URL, body).reason is expected
