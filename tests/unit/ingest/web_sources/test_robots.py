import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.pages import WebPage
from gabarito.ingest.web_sources.robots import RobotRules

AGENT = "gabarito/1.0 (+https://example.org)"


def rules(text: str, agent: str = AGENT) -> RobotRules:
    return RobotRules.of("https://example.org/a", lambda url: WebPage(url, text.encode()), agent)


@pytest.mark.parametrize(
    ("text", "path", "is_allowed"),
    [
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*?print", "/a?print=1", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: gabarito\nDisallow: /x", "/a", True),
        ("User-agent: gabarito\nDisallow: /a\n\nUser-agent: gabarito\nDisallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/caf\u00e9", False),
        ("User-agent: *\n\nDisallow: /a", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("user-agent: *\ndisallow: /a #b", "/a", False),
    ],
)
def test_rules_are_read_as_their_standard_says(text: str, path: str, is_allowed: bool) -> None:
    try:
        rules(text).refuse(f"https://example.org{path}")
    except Dropped:
        assert not is_allowed
    else:
        assert is_allowed


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nRequest-rate: 2/1m", 30.0),
        ("User-agent: other\nCrawl-delay: 9", 0.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("<html>not here</html>", 0.0),
    ],
)
def test_a_host_names_its_pace(text: str, delay_s: float) -> None:
    assert rules(text).delay_s == delay_s


def test_rules_are_for_the_name_that_the_settings_give() -> None:
    text = "User-agent: papers\nDisallow: /\n"
    rules(text).refuse("https://example.org/a")
    with pytest.raises(Dropped):
        rules(text, "Papers/2 (team@example.org)").refuse("https://example.org/a")


@pytest.mark.parametrize("reason", [IngestReason.GONE, IngestReason.BEHIND_LOGIN])
def test_a_host_without_rules_allows_everything(reason: IngestReason) -> None:
    def fetch(_url: str) -> WebPage:
        raise Dropped(reason, "answered 404")

    RobotRules.of("https://example.org/a", fetch, AGENT).refuse("https://example.org/b")
