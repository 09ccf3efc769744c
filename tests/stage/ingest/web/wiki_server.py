"""A wiki that speaks the API of MediaWiki in its documented shapes (``formatversion=2``)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.stage.ingest.web.loopback import LoopbackSite, Reply

LICENCE = {
    "url": "https://creativecommons.org/licenses/by-sa/4.0/",
    "text": "Creative Commons Attribution-Share Alike 4.0",
}
_TOO_MANY = {
    "query": {"warnings": 'Too many values supplied for parameter "titles". The limit is 50.'}
}


@dataclass
class Article:
    """One article, as its newest revision stands."""

    title: str
    html: str
    links: Sequence[str] = ()
    revision: int = 1
    changed: str = "2025-05-31T21:00:00Z"
    number: int = field(default=0)


class WikiServer(LoopbackSite):
    """Has articles and redirects; links come ``links_at_once`` to a part of an answer."""

    def __init__(self, *articles: Article, **redirects: str) -> None:
        super().__init__()
        self.articles = {one.title: one for one in articles}
        for number, one in enumerate(articles, start=100):
            one.number, one.revision = number, number * 10
        self.redirects = redirects
        self.links_at_once = 500
        self.lagged = 0
        """So many requests are sent away with ``maxlag``."""
        self.failing: dict[str, str] = {}
        """Code and sentence of the error that all requests get, if there is one."""

    @property
    def api(self) -> str:
        return f"{self.url}/w/api.php"

    def edit(self, title: str, html: str) -> None:
        """Write a new revision."""
        article = self.articles[title]
        article.html, article.revision = html, article.revision + 1

    def reply(self, target: str, headers: Message) -> Reply:
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            rules = b"User-agent: *\nDisallow: /w/\n"
            return Reply(rules, headers={"Content-Type": "text/plain"})
        if parts.path != "/w/api.php":
            return Reply(b"<html><body><p>A page for people.</p></body></html>")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.lagged and int(asked.get("maxlag", "99")) < 10:
            self.lagged -= 1
            return _lag()
        if self.failing:
            return _json({"error": self.failing}, **{"MediaWiki-API-Error": self.failing["code"]})
        return self._answer(asked)

    def _answer(self, asked: dict[str, str]) -> Reply:
        match asked.get("action"):
            case "query":
                return _json(self._query(asked))
            case "parse":
                return self._parsed(int(asked["oldid"]))
            case "opensearch":
                return _json(self._like(asked["search"]))
        said = f'Unrecognized value for parameter "action": {asked.get("action")}.'
        return _failed("badvalue", said)

    def _query(self, asked: dict[str, str]) -> dict[str, Any]:
        named = asked["titles"].split("|")
        query, ends = self._ends(named[:50])
        first = int(asked.get("plcontinue", "0|0").split("|")[1])
        query["pages"] = [self._entry(end, asked, first) for end in ends]
        most = max((len(self._links(end)) for end in ends), default=0)
        is_whole = "links" not in asked["prop"] or first + self.links_at_once >= most
        after = {"plcontinue": f"100|{first + self.links_at_once}", "continue": "||info|revisions"}
        state = {"batchcomplete": True} if is_whole else {"continue": after}
        warnings = {"warnings": _TOO_MANY} if len(named) > 50 else {}
        return {**state, **warnings, "query": query}

    def _ends(self, titles: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Return what titles are called and lead to, and the names of pages at the end."""
        tidy = {title: _tidied(title) for title in titles}
        led = {one: self.redirects[one] for one in tidy.values() if one in self.redirects}
        ends = list(dict.fromkeys(led.get(one, one) for one in tidy.values()))
        parts: dict[str, list[dict[str, Any]]] = {
            "normalized": [
                {"fromencoded": False, "from": old, "to": new}
                for old, new in tidy.items()
                if old != new
            ],
            "redirects": [{"from": old, "to": new} for old, new in led.items()],
            "interwiki": [{"title": one, "iw": "en"} for one in ends if _is_elsewhere(one)],
        }
        said = {name: part for name, part in parts.items() if part}
        return {"rightsinfo": LICENCE, **said}, [one for one in ends if not _is_elsewhere(one)]

    def _links(self, title: str) -> Sequence[str]:
        return self.articles[title].links if title in self.articles else ()

    def _entry(self, title: str, asked: dict[str, str], first: int) -> dict[str, Any]:
        article = self.articles.get(title)
        if title.startswith("Special:"):
            return {"ns": -1, "title": title, "special": True}
        if article is None and set(title) & set("<>[]{}"):
            reason = "The requested page title contains invalid characters."
            return {"title": title, "invalidreason": reason, "invalid": True}
        if article is None:
            return {"ns": 0, "title": title, "missing": True}
        entry: dict[str, Any] = {"pageid": article.number, "ns": 0, "title": title}
        if not first:
            revision = {"revid": article.revision, "parentid": 1, "timestamp": article.changed}
            entry |= {
                "contentmodel": "wikitext",
                "pagelanguage": "pt",
                "lastrevid": article.revision,
                "fullurl": f"{self.url}/wiki/{quote(title.replace(' ', '_'))}",
                "revisions": [revision],
            }
        links = article.links[first : first + self.links_at_once]
        if "links" in asked["prop"] and links:
            entry["links"] = [{"ns": 0, "title": link} for link in links]
        return entry

    def _parsed(self, revision: int) -> Reply:
        found = [one for one in self.articles.values() if one.revision == revision]
        if not found:
            return _failed("nosuchrevid", f"There is no revision with ID {revision}.")
        one = found[0]
        text = f'<div class="mw-content-ltr mw-parser-output" lang="pt" dir="ltr">{one.html}</div>'
        parsed = {"title": one.title, "pageid": one.number, "revid": revision, "text": text}
        return _json({"parse": parsed})

    def _like(self, search: str) -> list[Any]:
        near = [title for title in self.articles if title[:3].lower() == search[:3].lower()][:1]
        return [search, near, [""] * len(near), [f"{self.url}/wiki/{one}" for one in near]]


def _tidied(title: str) -> str:
    plain = " ".join(title.replace("_", " ").split())
    return plain[:1].upper() + plain[1:]


def _is_elsewhere(title: str) -> bool:
    return title.startswith("En:")


def _json(data: object, **headers: str) -> Reply:
    own = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(json.dumps(data).encode(), headers=own | headers, has_tag=False)


def _failed(code: str, info: str) -> Reply:
    docref = "See https://wiki.example.org/w/api.php for API usage."
    error = {"code": code, "info": info, "docref": docref}
    return _json({"error": error}, **{"MediaWiki-API-Error": code})


def _lag() -> Reply:
    info = "Waiting for db1.example: 7.5 seconds lagged."
    error = {"code": "maxlag", "info": info, "host": "db1.example", "lag": 7.5, "type": "db"}
    named = {"MediaWiki-API-Error": "maxlag", "Retry-After": "1", "X-Database-Lag": "7"}
    return _json({"error": error}, **named)
