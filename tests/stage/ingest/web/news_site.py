"""A news site: a listing of pages of eleven items, and what is odd about some of them."""

import random
from datetime import date, timedelta
from email.message import Message
from urllib.parse import parse_qs, urlsplit

from tests.stage.ingest.web.loopback import LoopbackSite, Reply

PAGES = 38
ON_A_PAGE = 11
LISTING = "/noticias/"
FORBIDDEN = 7
NEWEST = date(2025, 6, 30)


def words(text: str) -> list[str]:
    return text.split()


SUBJECTS = words(
    "harbour library orchard tramway museum observatory brewery aqueduct stadium theatre bakery "
    "lighthouse monastery ferry quarry archive nursery windmill cathedral reservoir"
)
VERBS = words(
    "welcomed repaired counted sold painted measured moved hired lost named opened praised "
    "rejected visited weighed funded closed reviewed traded planted"
)
OBJECTS = words(
    "lamps bridges boats violins maps turbines portraits orchids engines tickets barrels tiles "
    "ledgers telescopes sheep carpets compasses kettles saddles pianos"
)
PLACES = words(
    "Aveiro Braga Coimbra Evora Faro Guarda Leiria Lisbon Porto Setubal Tomar Viseu Sines "
    "Lagos Beja Tavira Chaves Mafra Sintra Elvas"
)


class NewsSite(LoopbackSite):
    """Lists news, the newest first; the last item of a page is the first of the next again.

    ``/noticia/n`` gives what ``odd`` says of ``n``, or else news. ``changed`` holds those
    whose text was edited.
    """

    def __init__(self, pages: int = PAGES, delay_s: float = 0.0) -> None:
        super().__init__()
        self.pages = pages
        self.delay_s = delay_s
        """How long each answer takes."""
        self.crawl_delay = 0.0
        self.odd: dict[int, Oddity] = {}
        self.odd_pages: dict[int, Oddity] = {}
        """Pages of the listing that give something else, by number."""
        self.changed: set[int] = set()
        self.loops_to = 0
        """The page that the last page's next link leads to, if not 0."""

    @property
    def listing(self) -> str:
        return self.url + LISTING

    @property
    def items(self) -> int:
        """How many different items are listed."""
        return self.pages * (ON_A_PAGE - 1) + 1

    @property
    def forbidden(self) -> str:
        """The item that robots.txt forbids."""
        return f"{self.url}/noticia/{FORBIDDEN}"

    @property
    def needed(self) -> int:
        """How many requests read all: robots.txt, the listing and what may be read of it."""
        return 1 + self.pages + self.items - 1

    def reply(self, target: str, headers: Message) -> Reply:
        parts = urlsplit(target)
        numbers = parse_qs(parts.query).get("page", ["1"])
        if parts.path == "/robots.txt":
            return self._slow(self._robots())
        if parts.path == LISTING:
            odd = self.odd_pages.get(int(numbers[0]))
            trouble = odd(self._asked_before(target)) if odd else None
            return trouble or self._slow(self._listed(int(numbers[0])))
        kind, _, number = parts.path.strip("/").partition("/")
        if kind == "noticia" and number.isdecimal() and int(number) < self.items:
            return self._item(int(number), target)
        return self._slow(Reply(b"<html><body>Sign in<form><input type=password></form>"))

    def date_of(self, number: int) -> date:
        return NEWEST - timedelta(days=number)

    def _slow(self, body: bytes | Reply) -> Reply:
        answer = body if isinstance(body, Reply) else Reply(body)
        return Reply(answer.body, answer.status, answer.headers, self.delay_s, answer.has_tag)

    def _robots(self) -> Reply:
        delay = f"Crawl-delay: {self.crawl_delay}\n" if self.crawl_delay else ""
        said = f"User-agent: *\n{delay}Disallow: /noticia/{FORBIDDEN}$\n"
        return Reply(said.encode(), headers={"Content-Type": "text/plain"})

    def _listed(self, page: int) -> bytes:
        if page > self.pages:
            return _page("News", "<p>Nothing more.</p>")
        first = (page - 1) * (ON_A_PAGE - 1)
        cards = "".join(self._card(number) for number in range(first, first + ON_A_PAGE))
        after = page + 1 if page < self.pages else self.loops_to
        link = f'<a class="more" rel="next" href="?page={after}">Older news</a>' if after else ""
        furniture = '<nav><a href="/">Home</a> <a href="/noticias/">News</a></nav>'
        return _page("News", f"{furniture}<main>{cards}<p>{link}</p></main>")

    def _card(self, number: int) -> str:
        return (
            f'<article class="card"><h2><a href="/noticia/{number}#top">{headline(number)}</a></h2>'
            f'<time datetime="{self.date_of(number)}">{self.date_of(number):%d %B}</time></article>'
        )

    def _item(self, number: int, target: str) -> Reply:
        odd = self.odd.get(number)
        trouble = odd(self._asked_before(target)) if odd else None
        return trouble or self._slow(
            news_page(number, self.date_of(number), number in self.changed)
        )

    def _asked_before(self, target: str) -> int:
        with self.lock:
            return sum(asked.target == target for asked in self.asked)


class Oddity:
    """What an item gives in place of its news, the first ``times`` it is asked for, or always."""

    def __init__(self, answer: Reply, times: int | None = None) -> None:
        self.answer = answer
        self.times = times

    def __call__(self, asked_before: int) -> Reply | None:
        """Return the odd answer, or None where the news are given."""
        is_over = self.times is not None and asked_before >= self.times
        return None if is_over else self.answer


def moved(to: str) -> Oddity:
    return Oddity(Reply(status=301, headers={"Location": to}))


def fails(status: int, times: int | None = None, **headers: str) -> Oddity:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Oddity(Reply(b"<html><body>no</body></html>", status, named), times)


def answers(body: str, delay_s: float = 0.0) -> Oddity:
    return Oddity(Reply(body.encode(), delay_s=delay_s))


COOKIE_WALL = (
    '<html><head><title>Before you continue</title></head><body><div class="consent">'
    "<h1>Before you continue</h1><p>We and our 842 partners store cookies on your device. "
    "To read on, accept all cookies or subscribe.</p><button>Accept all</button>"
    "<button>Subscribe</button></div></body></html>"
)
ONLY_SCRIPTS = (
    '<html><head><title>News</title><script src="/app.js"></script></head><body>'
    "<noscript>You need to enable JavaScript to run this app.</noscript>"
    '<div id="root"></div></body></html>'
)


def odd_site(site: NewsSite) -> NewsSite:
    """Give a site of two pages or more one item of each kind of trouble."""
    site.odd = {
        1: fails(429, times=1, Retry_After="1"),
        2: fails(500, times=2),
        3: fails(500),
        4: moved("/noticia/5"),
        6: fails(410),
        8: fails(404),
        9: answers(COOKIE_WALL),
        11: answers(ONLY_SCRIPTS),
        12: moved("/login?next=/noticia/12"),
        13: Oddity(Reply(news_page(13, NEWEST, is_changed=False), delay_s=0.5)),
        14: fails(401),
        15: Oddity(Reply(b"\x00\x01" * 50, headers={"Content-Type": "application/octet-stream"})),
    }
    return site


def headline(number: int) -> str:
    drawn = random.Random(number)  # the same in every run
    return f"{drawn.choice(PLACES)} {drawn.choice(SUBJECTS)} report {number}"


def news_page(number: int, day: date, is_changed: bool) -> bytes:
    """Return the page of a piece of news, in words that hardly two of them share."""
    drawn = random.Random(f"{number} {is_changed}")
    told = " ".join(_sentence(drawn) for _ in range(9))
    edited = "<p>This text was corrected after it was published.</p>" if is_changed else ""
    story = f"<p>{told}</p>{edited}"
    when = f'<p><time datetime="{day}">{day:%d %B %Y}</time></p>'
    return _page(headline(number), f"<main><h1>{headline(number)}</h1>{when}{story}</main>")


def _sentence(drawn: random.Random) -> str:
    return (
        f"The {drawn.choice(SUBJECTS)} of {drawn.choice(PLACES)} {drawn.choice(VERBS)} "
        f"{drawn.randint(2, 9_999)} {drawn.choice(OBJECTS)} and {drawn.choice(VERBS)} "
        f"{drawn.randint(2, 9_999)} {drawn.choice(OBJECTS)} from {drawn.choice(PLACES)}."
    )


def _page(title: str, body: str) -> bytes:
    head = f"<head><meta charset=utf-8><title>{title}</title></head>"
    return f"<!DOCTYPE html><html lang=en>{head}<body>{body}</body></html>".encode()
